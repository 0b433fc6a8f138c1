using System.Text.Json;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Http;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How fast pollers are answered over HTTP.</summary>
internal sealed class HttpStatus : Question
{
    public override string Name => "http-status";

    public override string Description => "GETs of the status of finished jobs a second, 1,000 jobs in turn.";

    public override string[] Peers => ["flask"];

    public override Stage StageFor(Settings settings) => settings.Stage with { Http = true, Layout = Layout.Embedded };

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var connections = settings.Connections > 0 ? settings.Connections : 50;
        var ids = await SubmitAsync(contender, settings.CountOr(1000, 20));
        var requests = ids.Select(id => HttpConnection.Format("GET", contender.HttpStatusPath(id), null)).ToArray();
        await HttpLoad.RunAsync(contender.HttpPort, connections, settings.WarmUp, requests, 200);
        var result = (await HttpLoad.RunAsync(contender.HttpPort, connections, settings.DurationOr(8), requests, 200)).Checked();
        return new Measured().High($"reads, {connections} connections", "/s", result.PerSecond).Latency("answer", result.Latencies);
    }

    private static async Task<string[]> SubmitAsync(Contender contender, int count)
    {
        using var connection = new HttpConnection(contender.HttpPort);
        var (path, body) = contender.HttpSubmit;
        var request = HttpConnection.Format("POST", path, body);
        var ids = new string[count];
        for (var i = 0; i < count; i++)
        {
            var answer = await connection.SendAsync(request, keepBody: true);
            ids[i] = JsonDocument.Parse(answer.Body!).RootElement.GetProperty("id").GetString()!;
        }

        return ids;
    }
}
