using System.Diagnostics;
using System.Globalization;

namespace OrleansJobs.Bench.Processes;

/// <summary>
/// A server that ends, and whose directory goes, with this process: also if that is killed or interrupted, when no code of ours runs any more. A shell in a session of its
/// own holds the server, and lets it live for as long as this process holds the other end of its standard input.
/// </summary>
internal sealed class Leash : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(20);

    // The server has a process group of its own, whose number is its id: what it starts is ended with it, and nobody else. `kill -0` says whether any of it is left.
    private const string Script = """
        folder=$1 signal=$2
        shift 2
        setsid "$@" >"$folder/log" 2>&1 </dev/null &
        server=$!
        echo $server
        cat >/dev/null
        kill -s "$signal" -- "-$server" 2>/dev/null || kill -s "$signal" "$server" 2>/dev/null
        tries=200
        while [ $tries -gt 0 ] && kill -s 0 -- "-$server" 2>/dev/null; do
            sleep 0.05
            tries=$((tries - 1))
        done
        kill -s KILL -- "-$server" 2>/dev/null
        wait
        rm -rf "$folder"
        """;

    private readonly Process _holder;
    private readonly string _name;

    private Leash(Process holder, string name, string folder, int server)
    {
        _holder = holder;
        _name = name;
        Folder = folder;
        ServerId = server;
    }

    /// <summary>Belongs to the server, and goes with it. Its file <c>log</c> is what the server says.</summary>
    public string Folder { get; }

    /// <summary>The first process of the server.</summary>
    public int ServerId { get; }

    public bool HasEnded => !ProcessFacts.IsAlive(ServerId);

    /// <summary>A directory for a server to come: whoever makes one starts a server in it, which takes it along.</summary>
    public static string NewFolder(string name) => Directory.CreateTempSubdirectory($"orleansjobs-bench-{name}-").FullName;

    /// <param name="folder">From <see cref="NewFolder"/>.</param>
    /// <param name="server">What to start; its output goes to the log.</param>
    /// <param name="signal">What ends it: nothing that it holds is wanted, but some leave things behind if they are killed.</param>
    public static async Task<Leash> StartAsync(string folder, ProcessStartInfo server, string signal = "KILL")
    {
        string[] arguments = ["sh", "-c", Script, "leash", folder, signal, server.FileName, .. server.ArgumentList];
        var name = Path.GetFileName(server.FileName);
        server.FileName = "setsid";
        server.ArgumentList.Clear();
        foreach (var argument in arguments) server.ArgumentList.Add(argument);
        server.RedirectStandardInput = true;
        server.RedirectStandardOutput = true;
        if (server.WorkingDirectory.Length == 0) server.WorkingDirectory = folder;
        var holder = Process.Start(server) ?? throw new InvalidOperationException($"{name} did not start.");
        var line = await holder.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"{name} did not start.");
        return new(holder, name, folder, int.Parse(line, CultureInfo.InvariantCulture));
    }

    /// <summary>Asks again and again until the server answers.</summary>
    /// <exception cref="InvalidOperationException">It has ended, or does not answer within a minute; with what it said last.</exception>
    public async Task WaitUntilAsync(Func<Task<bool>> answers)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await answers())
        {
            if (HasEnded) throw new InvalidOperationException($"{_name} has ended: {LastWords()}");
            if (Stopwatch.GetElapsedTime(began) > StartTime) throw new InvalidOperationException($"{_name} does not answer: {LastWords()}");
            await Task.Delay(Poll, TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _holder.StandardInput.Close();
        await _holder.WaitForExitAsync().WaitAsync(EndTime);
        _holder.Dispose();
    }

    private string LastWords()
    {
        try
        {
            return string.Join('\n', File.ReadLines(Path.Combine(Folder, "log")).TakeLast(20));
        }
        catch (IOException)
        {
            return "";
        }
    }
}
