using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows.Simulation;

/// <summary>
/// A history of a few partitions, drawn from a seed: flows, jobs that follow others, signals, cancels, deletes; lost answers, processes that die, activations
/// that do not know that they are over. At the end all heals, and everything must have come out as if nothing had happened.
/// </summary>
internal sealed class World : IDisposable
{
    /// <summary>Turns between two looks at the clock, when all is well.</summary>
    private const int MostTurns = 1_000_000;

    private readonly Random _random;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MemoryPartitionStore _store;
    private readonly List<SimulatedPartition> _partitions = [];
    private readonly HashSet<(string Id, long Token)> _running = [];
    private readonly Dictionary<string, Expectation> _expected = [];
    private readonly HashSet<string> _meddled = [];
    private readonly HashSet<string> _tried = [];
    private readonly HashSet<string> _retried = [];
    private readonly List<string> _deleted = [];
    private readonly ProcessTurns _outside;
    private ProcessTurns _worker;
    private bool _isHealing;
    private string? _broken;
    private int _flows;
    private int _jobs;
    private int _silos;

    public World(int seed, SimulationMutation mutation)
    {
        (_random, Mutation) = (new Random(seed), mutation);
        Turns = new Turns(_random);
        Time = new TurnsTime(Turns);
        // Where memory is short, it lets go of what waiting jobs say.
        Options = new JobGridOptions { Partitions = 3, PoisonCrashes = 100, PoisonCrashesInCompany = 100, WindowBytes = seed % 2 == 0 ? 400 : 4 << 20 };
        _store = new MemoryPartitionStore(GridLayout.Layout, Time);
        Store = new TurnsStore(_store, Turns, IsLost, mutation);
        Meters = new JobMeters(_services.GetRequiredService<IMeterFactory>(), Time, Microsoft.Extensions.Options.Options.Create(Options), new GridHealth(Time));
        _outside = new ProcessTurns(Turns);
        _worker = new ProcessTurns(Turns);
        for (var i = 0; i < Options.Partitions; i++) Open(i);
    }

    public Turns Turns { get; }
    public TurnsTime Time { get; }
    public JobGridOptions Options { get; }
    public TurnsStore Store { get; }
    public JobMeters Meters { get; }
    public SimulationMutation Mutation { get; }

    public WorkerProfile Worker => new() { Silo = SiloAddress.FromParsableString($"127.0.0.1:11111@{_silos + 1}"), SiloName = "test", Types = ["work", "fails", "flaky", "flow"] };

    public void Dispose() => _services.Dispose();

    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            _outside.Run(Step);
            for (var turns = _random.Next(40); turns > 0 && !Turns.IsIdle; turns--) Turns.RunOne();
            Check();
        }

        Heal();
    }

    public bool IsLost() => !_isHealing && _random.Next(25) == 0;

    public bool IsRunning(LiveJob job) => _running.Contains((job.Id, job.Track.Token));

    public int PartitionOf(string id) => JobIds.PartitionOf(id, Options.Partitions);

    public SimulatedPartition Newest(int partition) => _partitions[partition];

    public StoredJob? ReadNow(int partition, string id) => new JobRows(_store, partition).ReadAsync(id).AsTask().Result;

    public LaneEntry[] ReadLaneNow(int partition, string lane, LanePosition after) => new JobRows(_store, partition).ReadLaneAsync(lane, after, 10_000, 1 << 20).AsTask().Result;

    public void Broken(Exception exception) => _broken ??= exception.ToString();

    /// <summary>Calls whoever is the partition now, until there is an answer.</summary>
    public async Task<T> CallAsync<T>(int partition, Func<SimulatedPartition, Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await CallOnceAsync(partition, call);
            }
            catch (Exception exception) when (exception is TimeoutException || exception.Message.Contains("ask again", StringComparison.Ordinal))
            {
                await Turns.Sometime();
            }
        }
    }

    public Task<T> CallOnceAsync<T>(int partition, Func<SimulatedPartition, Task<T>> call)
    {
        var activation = Newest(partition);
        return activation.Turns.CallAsync(() => call(activation), IsLost);
    }

    /// <summary>A lease has come to the worker.</summary>
    public void StartAttempt(Lease lease)
    {
        if (!_running.Add((lease.Id, lease.Token))) return;
        Turns.Add(() => _worker.Run(() => _ = AttemptAsync(lease)));
    }

    private async Task AttemptAsync(Lease lease)
    {
        try
        {
            if (_random.Next(3) == 0) await Turns.Sometime();
            var report = lease.Type == "flow" ? await new FlowProgram(this, lease, (int)FlowProgram.Number(lease.Args)).RunAsync() : ReportOf(lease);
            // One that is told that it is stale hands back what it may hold.
            report ??= new JobReport { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Returned };
            await CallAsync(lease.Partition, partition => partition.ReportAsync(report));
        }
        catch (Exception exception)
        {
            Broken(exception);
        }

        _running.Remove((lease.Id, lease.Token));
    }

    private JobReport ReportOf(Lease lease) => lease.Type == "fails" || (lease.Type == "flaky" && _random.Next(2) == 0)
        ? new JobReport { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Failed, Error = new("error", null, "It fails.") }
        : new JobReport { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Succeeded, Result = lease.Args };

    private void Step()
    {
        Time.Now += _random.Next(100);
        switch (_random.Next(36))
        {
            case < 4: SubmitFlow(); break;
            case < 8: SubmitFollower(); break;
            case < 22: Newest(_random.Next(Options.Partitions)).Let(partition => partition.Turns.Run(partition.Lease)); break;
            case < 24: Signal(); break;
            case 24: Cancel(); break;
            case 25: Delete(); break;
            case 26: Die(_random.Next(Options.Partitions)); break;
            case 27: Open(_random.Next(Options.Partitions)); break;
            case 28 when _random.Next(3) == 0: KillWorker(); break;
            case 29 or 30: CancelAFlow(); break;
            case > 30 and < 34: Retry(); break;
            case 34: RetryAChild(); break;
        }
    }

    private void SubmitFlow()
    {
        var number = _random.Next(100_000);
        var id = $"flow{_flows++}";
        _expected.Add(id, new Expectation { Flow = number, Signals = FlowProgram.SignalsOf(number) });
        Submit(new JobSubmission { Id = id, Type = "flow", Args = FlowProgram.Bytes(number) });
    }

    private void SubmitFollower()
    {
        var after = _expected.Keys.Where(id => _expected[id].IsAccepted && !_deleted.Contains(id)).OrderBy(_ => _random.Next()).Take(_random.Next(4))
            .Select(id => new JobDependency(id, (DependencyOn)_random.Next(3))).ToArray();
        var id = $"job{_jobs++}";
        var fails = _random.Next(4) == 0;
        _expected.Add(id, new Expectation { Fails = fails, After = after });
        Submit(new JobSubmission { Id = id, Type = fails ? "fails" : "work", Args = "1"u8.ToArray(), After = after });
    }

    private void Submit(JobSubmission submission) => _ = SubmitAsync(submission);

    private async Task SubmitAsync(JobSubmission submission)
    {
        try
        {
            var receipt = await CallAsync(PartitionOf(submission.Id), partition => partition.SubmitAsync(submission));
            if (receipt.Outcome == SubmitOutcome.Accepted) _expected[submission.Id].IsAccepted = true;
            else _expected.Remove(submission.Id);
        }
        catch (Exception exception)
        {
            Broken(exception);
        }
    }

    private void Signal()
    {
        var waiting = _expected.Where(job => job.Value is { IsAccepted: true, Signals: > 0 }).Select(job => job.Key).ToList();
        if (waiting.Count > 0) SendSignal(waiting[_random.Next(waiting.Count)]);
    }

    private void SendSignal(string id)
    {
        var key = $"{--_expected[id].Signals}";
        _ = SendAsync(id, new JobSignal("go", "true"u8.ToArray(), key));
    }

    private async Task SendAsync(string id, JobSignal signal)
    {
        while (true)
        {
            _expected[id].Sent.Add(signal);
            var receipt = await CallAsync(PartitionOf(id), partition => partition.Flows.SignalAsync(id, signal));
            if (receipt.Outcome is SignalOutcome.Accepted or SignalOutcome.Replayed or SignalOutcome.Ended || _deleted.Contains(id)) return;
            await Turns.Sometime();
        }
    }

    /// <summary>Somebody ends a job that they did not have to.</summary>
    private void Cancel()
    {
        var accepted = _expected.Where(job => job.Value.IsAccepted).Select(job => job.Key).ToList();
        if (accepted.Count == 0) return;
        _ = CancelAsync(accepted[_random.Next(accepted.Count)]);
    }

    private void CancelAFlow()
    {
        var running = _expected.Where(job => job.Value is { Flow: not null, IsAccepted: true }).Select(job => job.Key).Where(id => ReadNow(PartitionOf(id), id) is { Outcome: null }).ToList();
        if (running.Count > 0) _ = CancelAsync(running[_random.Next(running.Count)]);
    }

    private async Task CancelAsync(string id)
    {
        _meddled.Add(id);
        var job = _expected[id];
        job.Cancels++;
        await CallAsync(PartitionOf(id), partition => partition.ChangeAsync(id, live => partition.Core.Orders.Cancel(live, new("test"), Time.Now)));
        job.CancelsDone++;
        _retried.Remove(id);
    }

    /// <summary>Somebody has a flow that was cancelled run again: it is to come to what it would have.</summary>
    private void Retry()
    {
        var ended = _expected.Where(job => job.Value.Flow is not null && !_deleted.Contains(job.Key)).Select(job => job.Key)
            .Where(id => ReadNow(PartitionOf(id), id)?.Outcome is { } outcome && JobOutcome.Decode(outcome).State != JobState.Success).ToList();
        if (ended.Count > 0) _ = RetryAsync(ended[_random.Next(ended.Count)]);
    }

    private async Task RetryAsync(string id)
    {
        _tried.Add(id);
        var (cancels, isAlone) = (_expected[id].Cancels, _expected[id].Cancels == _expected[id].CancelsDone);
        var isDone = await CallAsync(PartitionOf(id), partition => partition.ChangeAsync(id, job => partition.Core.Orders.Retry(job, new("test"), Time.Now)));
        // Which of a cancel and a retry that are under way together comes last, nobody knows.
        if (isDone && isAlone && _expected[id].Cancels == cancels) _retried.Add(id);
        // Those that came when it had ended were turned away.
        foreach (var signal in _expected[id].Sent.ToList()) _ = SendAsync(id, signal);
    }

    /// <summary>Somebody has a child that failed run again, of whose end its flow knows.</summary>
    private void RetryAChild()
    {
        var flows = _expected.Where(job => job.Value.Flow is not null).Select(job => job.Key).ToList();
        if (flows.Count == 0) return;
        var (flow, partition) = (flows[_random.Next(flows.Count)], _random.Next(Options.Partitions));
        var children = _store.ReadSetAsync(partition, GridLayout.Jobs.Indexes[IndexNames.Parent(flow)], new(long.MinValue, long.MaxValue, 100)).AsTask().Result
            .Select(line => line.Member).Where(id => ReadNow(partition, id)?.Outcome is { } outcome && JobOutcome.Decode(outcome).State == JobState.Failure).ToList();
        if (children.Count == 0) return;
        var child = children[_random.Next(children.Count)];
        _ = CallAsync(partition, room => room.ChangeAsync(child, job => room.Core.Orders.Retry(job, new("test"), Time.Now)));
    }

    private void Delete()
    {
        var over = _expected.Keys.Where(id => ReadNow(PartitionOf(id), id)?.Outcome is not null && !_deleted.Contains(id) && !_tried.Contains(id)).ToList();
        if (over.Count == 0) return;
        var id = over[_random.Next(over.Count)];
        _deleted.Add(id);
        _ = CallAsync(PartitionOf(id), partition => partition.ChangeAsync(id, job => partition.Core.Orders.Delete(job, Time.Now)));
    }

    private void Die(int partition)
    {
        Newest(partition).Turns.Die();
        Open(partition);
    }

    private void Open(int partition)
    {
        if (Mutation == SimulationMutation.NoLetterMarks) ForgetMarks(partition);
        var opening = _store.OpenAsync(partition).AsTask().Result;
        var activation = new SimulatedPartition(this, partition, opening);
        if (_partitions.Count == partition) _partitions.Add(activation);
        else _partitions[partition] = activation;
        activation.Start(new ProcessTurns(Turns), opening);
    }

    private void ForgetMarks(int partition)
    {
        var opening = _store.OpenAsync(partition).AsTask().Result;
        var commit = new PartitionCommit(partition, opening.Generation, 1);
        foreach (var (sender, _) in opening.Rows(GridLayout.Letters.Applied)) commit.Remove(GridLayout.Letters.Applied, sender);
        if (!commit.IsEmpty) _ = _store.CommitAsync(commit).AsTask().Result;
    }

    /// <summary>The silo that runs all jobs is lost; its leases are given out again.</summary>
    private void KillWorker()
    {
        var silo = Worker.Silo.ToParsableString();
        _worker.Die();
        _worker = new ProcessTurns(Turns);
        _running.Clear();
        _silos++;
        foreach (var partition in _partitions) partition.Turns.Run(() => partition.CrashOf(silo));
    }

    private void Heal()
    {
        _isHealing = true;
        _outside.Run(() =>
        {
            foreach (var id in _expected.Keys.ToList())
            {
                while (_expected[id].Signals > 0) SendSignal(id);
            }

            for (var i = 0; i < Options.Partitions; i++) Die(i);
        });
        for (var rounds = 0; rounds < 3000; rounds++)
        {
            Time.Now += 10;
            foreach (var partition in _partitions) partition.Turns.Run(partition.Lease);
            if (Turns.IsIdle) break;
            for (var turns = 0; !Turns.IsIdle; turns++)
            {
                Turns.RunOne();
                Check();
                if (turns == MostTurns) throw new SimulationBroken("it does not come to rest");
            }
        }

        new Verdict(_store, Options.Partitions, PartitionOf).Check(_expected, _meddled, _retried, _deleted);
    }

    private void Check()
    {
        if (_broken is not null) throw new SimulationBroken(_broken);
    }
}

internal static class Letting
{
    public static void Let<T>(this T thing, Action<T> act) => act(thing);
}

/// <summary>What a job is to come to.</summary>
internal sealed class Expectation
{
    public int? Flow { get; init; }
    public bool Fails { get; init; }
    public JobDependency[] After { get; init; } = [];

    /// <summary>Signals it has yet to be sent.</summary>
    public int Signals { get; set; }

    public HashSet<JobSignal> Sent { get; } = [];

    /// <summary>How often somebody has asked for its end, and been answered.</summary>
    public int Cancels { get; set; }

    /// <inheritdoc cref="Cancels"/>
    public int CancelsDone { get; set; }
    public bool IsAccepted { get; set; }
}

internal sealed class SimulationBroken(string message) : Exception(message);
