using System.Diagnostics;
using System.Globalization;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>The tutorial that many begin with: Flask takes the job, Celery runs it. Served by gunicorn.</summary>
internal sealed class FlaskTutorial(Stage stage) : Celery(stage)
{
    private readonly int _port = FreePort.Next();
    private Leash? _server;

    public override string Name => "flask";

    public override int HttpPort => _port;

    public override (string Path, string Body) HttpSubmit => ("/longtask", """{"n":1}""");

    public override string HttpStatusPath(string id) => $"/status/{id}";

    protected override async Task StartProcessesAsync()
    {
        await base.StartProcessesAsync();
        var start = new ProcessStartInfo("gunicorn") { WorkingDirectory = PeerFiles.Folder("flask") };
        // Threads keep connections alive, which gunicorn's sync workers cannot; one process a core.
        foreach (var argument in (string[])["-k", "gthread", "-w", "2", "--threads", "8", "--keep-alive", "75", "--backlog", "2048", "-b", $"127.0.0.1:{_port}", "app:app"])
            start.ArgumentList.Add(argument);
        start.Environment["BENCH_REDIS_PORT"] = Redis.Port.ToString(CultureInfo.InvariantCulture);
        _server = await Leash.StartAsync(Leash.NewFolder("flask"), start);
        await _server.WaitUntilAsync(() => TcpPort.AnswersAsync(_port));
    }

    protected override async Task StopProcessesAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _server = null;
        await base.StopProcessesAsync();
    }
}
