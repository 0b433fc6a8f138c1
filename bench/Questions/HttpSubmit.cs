using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Http;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How fast jobs are accepted over HTTP while workers run them.</summary>
internal sealed class HttpSubmit : Question
{
    public override string Name => "http-submit";

    public override string Description => "POSTs of jobs answered with 202 a second, while workers run them.";

    public override string[] Peers => ["flask"];

    public override Stage StageFor(Settings settings) => settings.Stage with { Http = true, Layout = Layout.Embedded };

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var connections = settings.Connections > 0 ? settings.Connections : 50;
        var (path, body) = contender.HttpSubmit;
        byte[][] requests = [HttpConnection.Format("POST", path, body)];
        await HttpLoad.RunAsync(contender.HttpPort, connections, settings.WarmUp, requests, 202);
        var result = (await HttpLoad.RunAsync(contender.HttpPort, connections, settings.DurationOr(8), requests, 202)).Checked();
        return new Measured().High($"submits, {connections} connections", "/s", result.PerSecond).Latency("answer", result.Latencies);
    }
}
