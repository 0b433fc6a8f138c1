using System.Diagnostics;
using System.Globalization;

namespace OrleansJobs.Bench.Processes;

/// <summary>A PostgreSQL of our own: a new cluster with a socket in its directory and a port on loopback.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Debian = "/usr/lib/postgresql";

    private readonly Leash _leash;

    private PostgresServer(Leash leash, int port)
    {
        _leash = leash;
        Port = port;
    }

    public int Port { get; }

    /// <summary>The socket is in it.</summary>
    public string Folder => _leash.Folder;

    public double CpuSeconds => ProcessFacts.CpuSeconds(_leash.ServerId);

    public static async Task<PostgresServer> StartAsync(IEnumerable<string> settings)
    {
        if (!Directory.Exists(Debian)) throw new InvalidOperationException("PostgreSQL is not installed: run bench/peers/install.");
        var programs = Path.Combine(Directory.EnumerateDirectories(Debian).MaxBy(version => int.Parse(Path.GetFileName(version), CultureInfo.InvariantCulture))!, "bin");
        var folder = Leash.NewFolder("postgres");
        var port = FreePort.Next();
        // It does not run as root. Its own user, then, which comes with its package.
        string[] user = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
        if (user.Length > 0) await RunAsync("chown", "postgres:postgres", folder);
        var options = string.Join(' ', settings.Select(setting => $"-c {setting}"));
        string[] command =
        [
            .. user, "sh", "-c",
            $"{programs}/initdb -D data -U bench -A trust -E UTF8 --locale=C --no-sync && exec {programs}/postgres -D data -p {Text(port)} -k {folder} -c listen_addresses=127.0.0.1 {options}",
        ];
        var start = new ProcessStartInfo(command[0]);
        foreach (var argument in command[1..]) start.ArgumentList.Add(argument);
        // Killed, it would leave its children to find out.
        var leash = await Leash.StartAsync(folder, start, "QUIT");
        await leash.WaitUntilAsync(async () => await ExitCodeAsync($"{programs}/pg_isready", "-q", "-h", folder, "-p", Text(port)) == 0);
        return new(leash, port);
    }

    public ValueTask DisposeAsync() => _leash.DisposeAsync();

    private static async Task RunAsync(string command, params string[] arguments)
    {
        if (await ExitCodeAsync(command, arguments) is not 0 and var code) throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} ended with {code}.");
    }

    private static async Task<int> ExitCodeAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
