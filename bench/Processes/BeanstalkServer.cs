using System.Diagnostics;
using System.Globalization;

namespace OrleansJobs.Bench.Processes;

/// <summary>A beanstalkd of our own, with a log in a directory that goes with it.</summary>
internal sealed class BeanstalkServer : IAsyncDisposable
{
    private readonly Leash _leash;

    private BeanstalkServer(Leash leash, int port)
    {
        _leash = leash;
        Port = port;
    }

    public int Port { get; }

    public double CpuSeconds => ProcessFacts.CpuSeconds(_leash.ServerId);

    /// <param name="syncEveryMs">Its log is synced at most so often, by the write that finds it due; 0: by each write.</param>
    /// <param name="logFileBytes">Its log is a row of files of so many bytes.</param>
    public static async Task<BeanstalkServer> StartAsync(int syncEveryMs, int logFileBytes)
    {
        if (!File.Exists("/usr/bin/beanstalkd")) throw new InvalidOperationException("beanstalkd is not installed: run bench/peers/install.");
        var folder = Leash.NewFolder("beanstalkd");
        var port = FreePort.Next();
        var start = new ProcessStartInfo("beanstalkd")
        {
            ArgumentList = { "-l", "127.0.0.1", "-p", Text(port), "-b", folder, "-f", Text(syncEveryMs), "-s", Text(logFileBytes) },
        };
        var leash = await Leash.StartAsync(folder, start);
        await leash.WaitUntilAsync(() => TcpPort.AnswersAsync(port));
        return new(leash, port);
    }

    public ValueTask DisposeAsync() => _leash.DisposeAsync();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
