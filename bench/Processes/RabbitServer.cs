using System.Diagnostics;
using System.Globalization;

namespace OrleansJobs.Bench.Processes;

/// <summary>A RabbitMQ of our own: one node with its own name, home, cookie, ports and name server, all on loopback.</summary>
internal sealed class RabbitServer : IAsyncDisposable
{
    // Debian's own command changes to the user of its service, and takes that one's directories.
    private const string Command = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private readonly Leash _leash;

    private RabbitServer(Leash leash, int port)
    {
        _leash = leash;
        Port = port;
    }

    public int Port { get; }

    public double CpuSeconds => ProcessFacts.CpuSeconds(_leash.ServerId);

    public static async Task<RabbitServer> StartAsync(IEnumerable<string> settings)
    {
        if (!File.Exists(Command)) throw new InvalidOperationException("RabbitMQ is not installed: run bench/peers/install.");
        var folder = Leash.NewFolder("rabbitmq");
        var (port, names, nodes) = (FreePort.Next(), FreePort.Next(), FreePort.Next());
        await File.WriteAllLinesAsync(Path.Combine(folder, "rabbitmq.conf"),
            [$"listeners.tcp.default = 127.0.0.1:{Text(port)}", "log.console = true", "log.console.level = warning", "log.file = false", .. settings]);
        await File.WriteAllTextAsync(Path.Combine(folder, "enabled_plugins"), "[].");
        // Erlang would start its name server as a daemon, which outlives everything.
        var start = new ProcessStartInfo("sh") { ArgumentList = { "-c", $"epmd & exec {Command}" } };
        var environment = new Dictionary<string, string>
        {
            ["HOME"] = folder,
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["ERL_EPMD_PORT"] = Text(names),
            ["RABBITMQ_DIST_PORT"] = Text(nodes),
            ["RABBITMQ_NODENAME"] = $"bench{Text(port)}@localhost",
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "mnesia"),
            ["RABBITMQ_LOG_BASE"] = folder,
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var leash = await Leash.StartAsync(folder, start);
        await leash.WaitUntilAsync(() => TcpPort.AnswersAsync(port));
        return new(leash, port);
    }

    public ValueTask DisposeAsync() => _leash.DisposeAsync();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
