using System.Text.Json.Nodes;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>What a question wants to be started.</summary>
internal sealed record Stage
{
    /// <summary>Worker processes.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>With an HTTP server before it.</summary>
    public bool Http { get; init; }

    /// <summary>Jobs that one worker may run at a time; 0: the contender's best.</summary>
    public int Slots { get; init; }

    /// <summary>Ours: partitions of the grid.</summary>
    public int Partitions { get; init; } = 32;

    public Durability Durability { get; init; }

    /// <summary>Ours: where jobs are kept.</summary>
    public Store Store { get; init; }

    public Layout Layout { get; init; }

    /// <summary>Ours: what jobs are run by.</summary>
    public Handlers Handlers { get; init; }
}

/// <summary>What the handlers of our jobs are.</summary>
internal enum Handlers
{
    /// <summary>The silo's own.</summary>
    CSharp,

    /// <summary>Of workers outside of the silo, as the next.</summary>
    Python,

    Node,
}

/// <summary>Where our load generator runs. The peers' always is a process of its own, which suits them best: an interpreter has one thread.</summary>
internal enum Layout
{
    /// <summary>In the silo's process: a web application that hosts its silo.</summary>
    Embedded,

    /// <summary>In a process of its own that reaches the silos over TCP.</summary>
    Client,
}

/// <summary>Where our grid keeps its jobs.</summary>
internal enum Store
{
    Redis,

    /// <summary>A file of the silo's own process.</summary>
    Sqlite,
}

/// <summary>Jobs to submit.</summary>
/// <param name="InFlight">Submits that wait for their acknowledgement at a time.</param>
/// <param name="Payload">Bytes of text in the arguments.</param>
/// <param name="SpreadMs">The due times of delayed jobs are spread evenly over so long.</param>
/// <param name="AtMs">Unix milliseconds at which all are due; 0: see <paramref name="DelayMs"/>.</param>
/// <param name="Queue">The one queue they go to, in batches of ours only; null: the default one.</param>
/// <param name="KeepUntilMs">Unix milliseconds until which they are kept once they have ended, in batches of ours only; 0: as long as the grid keeps jobs.</param>
/// <param name="Queues">Over how many queues they are spread in turn, in batches of ours only; 0: all in the default one.</param>
/// <param name="Keys">Over how many keys the <c>keyed</c> jobs are spread in turn, in batches of ours only.</param>
/// <param name="Key">The one key that they have, in batches of ours only; null: see <paramref name="Keys"/>.</param>
/// <param name="Ms">What each of the <c>work</c> jobs takes.</param>
internal sealed record Load(int Count, int InFlight = 1, int Batch = 1, string Type = "noop", int Payload = 0, int DelayMs = 0, int SpreadMs = 0, long AtMs = 0, int Queues = 0, string? Queue = null, long KeepUntilMs = 0, int Keys = 0, string? Key = null, int Ms = 0);

/// <summary>What a contender knows of its jobs when all is done.</summary>
/// <param name="Done">Different jobs that have been done.</param>
/// <param name="Twice">Jobs that have been done once more than they should, where it can tell.</param>
/// <param name="Left">Jobs that it still has to do.</param>
internal sealed record Tally(long Done, long Twice, long Left);

/// <summary>One side of a comparison: a store of its own, which is a Redis unless it says otherwise, workers, and an agent that submits.</summary>
internal abstract class Contender(Stage stage) : IAsyncDisposable
{
    private RedisServer? _redis;

    public abstract string Name { get; }

    public Stage Stage { get; } = stage;

    public RedisServer Redis => _redis ?? throw new NotSupportedException($"{Name} does not run on Redis.");

    public virtual bool HasRedis => true;

    /// <summary>What its store syncs to the disk, and when.</summary>
    public virtual string Synced => RedisServer.Synced(Stage.Durability);

    /// <summary>The agent that submits and sees what is stored.</summary>
    public abstract Agent Producer { get; }

    /// <summary>The agents that run jobs.</summary>
    public abstract IReadOnlyList<Agent> Workers { get; }

    /// <summary>The processes that run jobs: the first of each, their children count too.</summary>
    public abstract IReadOnlyList<int> WorkerProcesses { get; }

    /// <summary>Share of a question's jobs that it is given, so that a slow contender does not take all day. Rates are per second either way.</summary>
    public virtual double Scale => 1;

    /// <summary>Whether batches are a thing there.</summary>
    public virtual bool HasBatches => true;

    /// <summary>Whether workers begin right after a resume. Otherwise the clock starts with the first stored result.</summary>
    public virtual bool ResumesAtOnce => true;

    /// <summary>Batches in flight that do best where workers run beside.</summary>
    public virtual int BatchesInFlight => 4;

    public virtual int HttpPort => throw new NotSupportedException($"{Name} has no HTTP server.");

    /// <summary>The request that submits a job that does nothing.</summary>
    public virtual (string Path, string Body) HttpSubmit => throw new NotSupportedException();

    public virtual string HttpStatusPath(string id) => throw new NotSupportedException();

    public async Task StartAsync()
    {
        if (HasRedis) _redis = await RedisServer.StartAsync(Stage.Durability);
        await StartProcessesAsync();
    }

    /// <summary>All of it again, and empty: nothing is compiled, cached or stored.</summary>
    public async Task StartAnewAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>Processor seconds that the store has used so far.</summary>
    public virtual async Task<double> StoreCpuSecondsAsync() => (await Redis.FactsAsync()).CpuSeconds;

    /// <summary>Jobs submitted so far that will end.</summary>
    public long Submitted { get; private set; }

    /// <summary>Submits so many jobs as fast as they are acknowledged.</summary>
    public async Task SubmitAsync(Load load)
    {
        await Producer.AskAsync("submit", new JsonObject
        {
            ["type"] = load.Type,
            ["first"] = Submitted,
            ["count"] = load.Count,
            ["inflight"] = load.InFlight,
            ["batch"] = HasBatches ? load.Batch : 1,
            ["payload"] = load.Payload,
            ["queues"] = load.Queues,
            ["delayMs"] = load.DelayMs,
            ["spreadMs"] = load.SpreadMs,
            ["atMs"] = load.AtMs,
            ["queue"] = load.Queue,
            ["keepUntilMs"] = load.KeepUntilMs,
            ["keys"] = load.Keys,
            ["key"] = load.Key,
            ["ms"] = load.Ms,
        });
        Submitted += load.Count;
    }

    public virtual Task PauseAsync() => Producer.AskAsync("pause");

    public virtual Task ResumeAsync() => Producer.AskAsync("resume");

    /// <summary>Waits until the results of all jobs but so many are stored.</summary>
    public virtual Task FinishedAsync(long but = 0) => Producer.AskAsync("finished", new JsonObject { ["count"] = Submitted - but, ["but"] = but });

    /// <summary>Looks whether each job that was submitted has been done, once, and is done for its store too. Figures of jobs that were lost are none.</summary>
    /// <exception cref="InvalidOperationException">It is not so.</exception>
    public async Task VerifyAsync()
    {
        var tally = await TallyAsync();
        if (tally.Done != Submitted || tally.Twice != 0 || tally.Left != 0)
            throw new InvalidOperationException($"{Name}: of {Submitted} jobs {tally.Done} have been done, {tally.Twice} more than once, and {tally.Left} are left.");
    }

    /// <summary>Runs one job at a time. The submitter has a pause between them, so that nothing is busy when the next one comes.</summary>
    public async Task<double[]> IdleAsync(int count, int pauseMs, string type = "noop")
    {
        var answer = await Producer.AskAsync("idle", new JsonObject { ["count"] = count, ["pauseMs"] = pauseMs, ["type"] = type });
        Submitted += count;
        return [.. answer.GetProperty("ms").EnumerateArray().Select(ms => ms.GetDouble())];
    }

    /// <summary>Start minus due of the <c>late</c> jobs that ran since this was asked last, in milliseconds.</summary>
    public async Task<double[]> LatenessAsync()
    {
        List<double> late = [];
        foreach (var worker in Workers) late.AddRange((await worker.AskAsync("lateness")).GetProperty("ms").EnumerateArray().Select(ms => ms.GetDouble()));
        return [.. late];
    }

    /// <summary>Bytes allocated by the workers so far; null where nobody can tell.</summary>
    public virtual Task<double?> AllocatedAsync() => Task.FromResult<double?>(null);

    /// <summary>One more worker process beside those that run.</summary>
    public virtual Task AddWorkerAsync() => throw new NotSupportedException($"{Name} has all its workers from the start.");

    /// <summary>kill -9 of the last worker.</summary>
    public abstract Task KillWorkerAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual async Task<Tally> TallyAsync()
    {
        var answer = await Producer.AskAsync("count");
        return new(answer.GetProperty("finished").GetInt64(), 0, answer.GetProperty("open").GetInt64());
    }

    protected abstract Task StartProcessesAsync();

    protected abstract Task StopProcessesAsync();

    private async Task StopAsync()
    {
        await StopProcessesAsync();
        if (_redis is not null) await _redis.DisposeAsync();
        _redis = null;
        Submitted = 0;
    }
}
