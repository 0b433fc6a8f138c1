using System.Collections.Concurrent;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Faults.Silos;
using OrleansJobs.Faults.Sinks;
using OrleansJobs.Faults.Stores;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>One run of a scenario: its processes, its load, what was done to them and what was seen.</summary>
/// <param name="without">A safeguard to be turned off in all silos; null: none.</param>
/// <param name="count">How often the scenario does what it does; 0: as often as it finds sensible.</param>
internal sealed class FaultRun(string directory, int seed, string? without, int count) : IAsyncDisposable
{
    /// <summary>Reading a job wakes its grain: of more than these, a drawn sample is read over HTTP, while store and sink are read whole.</summary>
    private const int MostFinalReads = 3000;
    private const int FinalReaders = 16;
    private const int NewestFollowed = 20;
    /// <summary>Where a safeguard is off, what will not come is not waited for any longer.</summary>
    private static readonly TimeSpan QuietWithoutSafeguard = TimeSpan.FromSeconds(20);
    /// <summary>Longer than a gateway waits for the grid, so that it is the gateway that gives up, with an answer.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan EvictionDeadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan ZombieDeadline = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan ReadDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FollowPause = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentQueue<Reading> _readings = [];
    private readonly List<FaultWindow> _faults = [];
    private readonly List<Violation> _violations = [];
    private readonly CancellationTokenSource _followers = new();
    private readonly List<Task> _following = [];
    private readonly List<Action<History>> _checks = [];
    private readonly List<Func<History, Task>> _completions = [];
    private readonly HashSet<string> _forgotten = [];
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private Cluster? _cluster;
    private GatewayClient? _client;
    private Load? _load;

    public Random Random { get; } = new(seed);

    public int CountOr(int usual) => count > 0 ? count : usual;

    /// <summary>No safeguard is turned off.</summary>
    public bool IsWhole => without is null;
    public string Directory => directory;
    public Cluster Cluster => _cluster!;
    public GatewayClient Client => _client!;
    public Load Load => _load!;

    /// <summary>Figures of the scenario's own, for the result.</summary>
    public SortedDictionary<string, double> Figures { get; } = [];

    /// <summary>Null until the history has been collected.</summary>
    public History? History { get; private set; }

    /// <summary>Which faults' victims are timed until they run again.</summary>
    public Func<FaultWindow, bool> TimesRecoveryOf { get; set; } = fault => fault.ExplainsRepeats;

    public void Log(string text) => Console.Error.WriteLine($"{_clock.GetElapsedTime(_started).TotalSeconds,7:0.0} s  {text}");

    public async Task StartAsync(ClusterPlan plan)
    {
        if (without is not null) plan = plan with { Options = new Dictionary<string, string>(plan.Options) { ["Faults:Sabotage"] = without } };
        _cluster = await Cluster.StartAsync(directory, plan);
        _client = new GatewayClient(() => Cluster.Addresses, AnswerTimeout);
        _load = new Load(_client, new Random(Random.Next()));
        Log($"{plan.Silos} silos and {plan.Gateways} gateways are ready");
    }

    /// <summary>A condition of the scenario's own.</summary>
    public void Expect(bool holds, string what)
    {
        if (!holds) Violate(Rules.Scenario, "", what);
    }

    /// <summary>To be looked at once the history has been collected.</summary>
    public void Then(Action<History> check) => _checks.Add(check);

    /// <summary>Adds to the history what the load does not know of, such as the children of flows, before it is held against the promises.</summary>
    public void Complete(Func<History, Task> completion) => _completions.Add(completion);

    /// <summary>What a scenario has found by itself.</summary>
    public void Report(IEnumerable<Violation> violations)
    {
        lock (_violations) _violations.AddRange(violations);
    }

    /// <summary>From now on they are not looked at.</summary>
    public void Forget(IEnumerable<string> ids)
    {
        lock (_forgotten) _forgotten.UnionWith(ids);
    }

    /// <summary>No silo has ended that nothing was done to: whoever restarts each that it kills can say so at any time.</summary>
    public void ExpectAllRunning()
    {
        foreach (var silo in Cluster.Silos.Where(silo => !silo.IsRunning)) Expect(false, $"{silo.Life} has ended by itself with {silo.ExitCode}");
    }

    public bool IsForgotten(string id)
    {
        lock (_forgotten) return _forgotten.Contains(id);
    }

    /// <summary>What the store holds now of jobs that are looked at.</summary>
    public async Task<List<StoreRow>> ReadStoreAsync() => [.. (await Cluster.Store.ReadAsync()).Where(row => !IsForgotten(row.Id))];

    /// <summary>The jobs sent so far are gone by the will of the scenario: from now on only what is sent anew is held against the promises.</summary>
    public void Forget()
    {
        foreach (var submit in Load.Submits) _forgotten.Add(submit.Id);
        _load = new Load(Client, new Random(Random.Next()));
    }

    /// <summary>Sends a job that is not looked at again, such as one that is forgotten before the end of the run.</summary>
    /// <exception cref="HttpRequestException">No answer; it may be accepted or not.</exception>
    public Task<Answer> SubmitUncheckedAsync(JobOrder order)
    {
        var id = $"u-{Guid.CreateVersion7():n}";
        lock (_forgotten) _forgotten.Add(id);
        return Client.PostAsync("/jobs", order.ToJson(id));
    }

    /// <summary>The same, and deletes it once it has ended.</summary>
    /// <returns>Its id; null where nobody has said that it is deleted.</returns>
    public async Task<string?> DeleteUncheckedAsync(JobOrder order, TimeSpan atMost)
    {
        var id = $"d-{Guid.CreateVersion7():n}";
        lock (_forgotten) _forgotten.Add(id);
        await Client.PostAsync("/jobs", order.ToJson(id));
        // Not before its end, which takes a moment; a silo that dies meanwhile may make it a long one.
        for (var from = _clock.GetTimestamp(); _clock.GetElapsedTime(from) < atMost; await Task.Delay(FollowPause, _clock))
        {
            var answer = await Client.DeleteAsync($"/jobs/{id}");
            if (answer.Status is not System.Net.HttpStatusCode.Conflict) return answer.IsBusy ? null : id;
        }

        return null;
    }

    /// <summary>kill -9.</summary>
    public void Kill(SiloProcess silo)
    {
        Record("kill", silo.Life, explains: true);
        silo.Kill();
    }

    /// <summary>The silo ended by itself, as one that is told to at a crash point does.</summary>
    public void Died(SiloProcess silo, string kind, long since) => _faults.Add(new(kind, silo.Life, since, long.MaxValue, ExplainsRepeats: true));

    public async Task RestartAsync(SiloProcess silo, SiloSettings? settings = null)
    {
        silo.Start(settings ?? Cluster.Settings);
        await Cluster.UntilReadyAsync(silo);
        Log($"{silo.Life} is ready");
    }

    /// <summary>SIGTERM, and waits for the process to end by itself.</summary>
    public async Task TerminateAsync(SiloProcess silo, TimeSpan atMost)
    {
        Record("terminate", silo.Life, explains: true);
        silo.Send(Signal.Terminate);
        var ended = await silo.WaitForExitAsync(atMost);
        Expect(ended, $"{silo.Life} had not ended {atMost.TotalSeconds:0} s after SIGTERM");
        if (!ended) silo.Kill();
    }

    /// <summary>SIGSTOP for a while, then SIGCONT. So short that nothing of it may be noticed.</summary>
    public async Task PauseAsync(SiloProcess silo, TimeSpan pause)
    {
        var from = Monotonic.Now;
        var life = silo.Life;
        silo.Send(Signal.Stop);
        Log($"{life} is stopped");
        await Task.Delay(pause, _clock);
        silo.Send(Signal.Continue);
        Log($"{life} goes on");
        _faults.Add(new("pause", life, from, Monotonic.Now, ExplainsRepeats: false));
    }

    /// <summary>SIGSTOP until the others have given the silo up and have had time to run its jobs, then SIGCONT, and waits for it to end by itself.</summary>
    public async Task StopUntilEvictedAsync(SiloProcess silo)
    {
        // It goes on for a moment before it learns that it is dead: whatever it does until then has the same cause.
        Record("stop", silo.Life, explains: true);
        var from = _clock.GetTimestamp();
        silo.Send(Signal.Stop);
        await Deadlines.UntilAsync($"{silo.Life} is given up", EvictionDeadline, () => Cluster.IsGivenUpAsync(silo));
        Figures["givenUpSeconds"] = Math.Round(_clock.GetElapsedTime(from).TotalSeconds, 1);
        await DelayAsync(3);
        silo.Send(Signal.Continue);
        Log($"{silo.Life} goes on, given up");
        from = _clock.GetTimestamp();
        var ended = await silo.WaitForExitAsync(ZombieDeadline);
        Expect(ended, $"{silo.Life} still runs {ZombieDeadline.TotalSeconds:0} s after it went on, though the cluster has given it up");
        Figures["zombieSeconds"] = Math.Round(_clock.GetElapsedTime(from).TotalSeconds, 1);
        if (!ended) silo.Kill();
    }

    /// <summary>Sets the wall clock of a silo, which may be running or not.</summary>
    public void SetClock(SiloProcess silo, TimeSpan ahead)
    {
        Record(ahead == TimeSpan.Zero ? "clock-right" : "clock", silo.Life, explains: false);
        ClockFile.Write(silo.ClockFile, ahead);
    }

    public FaultWindow Record(string kind, string target, bool explains)
    {
        Log($"{kind} {target}");
        var fault = new FaultWindow(kind, target, Monotonic.Now, long.MaxValue, explains);
        _faults.Add(fault);
        return fault;
    }

    /// <summary>Attempts that have started so far, as the sinks have them.</summary>
    public int CountStarts() => SinkFormat.ReadDirectory(directory).Count(mark => mark.Kind == RunMarkKind.Started);

    public Task DelayAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(Math.Max(0, seconds)), _clock);

    /// <summary>Readers that follow drawn jobs for as long as the scenario lasts, each through any gateway.</summary>
    public void Follow(int readers)
    {
        for (var i = 0; i < readers; i++) _following.Add(FollowAsync($"r{i}", new Random(Random.Next()), _followers.Token));
    }

    /// <summary>Asks for something that harms nobody if it is asked twice, from whichever gateway answers.</summary>
    /// <exception cref="HttpRequestException">Nobody answered.</exception>
    public Task<Answer> AskAsync(Func<Task<Answer>> ask) => GatewayClient.UntilAnsweredAsync(ask, ReadDeadline);

    /// <summary>Waits until the store holds nothing that has not ended.</summary>
    /// <param name="withoutSafeguard">How long where a safeguard is off; null: not long.</param>
    /// <param name="standstill">Where a safeguard is off: for how long no handler has said anything when it is clear that nothing more will come; null: that is not looked at.</param>
    public async Task SettleAsync(TimeSpan atMost, TimeSpan? withoutSafeguard = null, TimeSpan? standstill = null)
    {
        Log("all is healed; waiting for quiet");
        if (without is not null && standstill is null) atMost = withoutSafeguard ?? QuietWithoutSafeguard;
        var from = _clock.GetTimestamp();
        var (said, saidAt) = (-1, from);
        try
        {
            await Deadlines.UntilAsync("all jobs have ended", atMost, async () => await Cluster.Store.CountUnfinishedAsync() == 0 || HasComeToAStand());
        }
        catch (TimeoutException)
        {
            Log("the deadline for quiet is over");
        }

        Figures["settleSeconds"] = Math.Round(_clock.GetElapsedTime(from).TotalSeconds, 1);

        bool HasComeToAStand()
        {
            if (without is null || standstill is null) return false;
            var lines = SinkFormat.ReadLines(directory).Count;
            if (lines != said) (said, saidAt) = (lines, _clock.GetTimestamp());
            return _clock.GetElapsedTime(saidAt) > standstill;
        }
    }

    /// <summary>Reads everything three ways, twice over HTTP, and holds it against the promises.</summary>
    public async Task<List<Violation>> CheckAsync()
    {
        await _followers.CancelAsync();
        await Task.WhenAll(_following);
        var history = new History();
        history.Submits.AddRange(Load.Submits);
        history.Unanswered = Load.Unanswered;
        history.Faults.AddRange(_faults);
        history.Store = await ReadStoreAsync();
        foreach (var complete in _completions) await complete(history);
        history.Store.RemoveAll(row => IsForgotten(row.Id));
        var accepted = history.Submits.Where(submit => submit.AcceptedAt is not null).Select(submit => submit.Id).ToArray();
        if (accepted.Length > MostFinalReads)
        {
            Random.Shuffle(accepted);
            accepted = accepted[..MostFinalReads];
        }

        await ReadAllAsync("final1", accepted);
        await ReadAllAsync("final2", accepted);
        history.FinallyRead.UnionWith(accepted);
        history.Readings.AddRange(_readings.Where(reading => !_forgotten.Contains(reading.Id)));
        history.Marks.AddRange(SinkFormat.ReadDirectory(directory).Where(mark => !IsForgotten(mark.Id)));
        History = history;
        foreach (var check in _checks) check(history);
        foreach (var wrong in Load.Wrong.Distinct().Take(5)) Expect(false, $"a submit was answered {wrong}");
        foreach (var wrong in Client.Wrong.Distinct().Take(5)) Expect(false, $"a read was answered {wrong}");
        return [.. _violations, .. HistoryChecker.Check(history)];
    }

    public async ValueTask DisposeAsync()
    {
        await _followers.CancelAsync();
        if (_cluster is not null) await _cluster.DisposeAsync();
        _client?.Dispose();
        _followers.Dispose();
    }

    public void Violate(string rule, string id, string detail)
    {
        lock (_violations) _violations.Add(new(rule, id, detail));
    }

    private async Task FollowAsync(string reader, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var known = Load.Submits.Where(submit => submit.AcceptedAt is not null).ToList();
            // Every second time one of the newest, which other readers follow just now too.
            if (random.Next(2) == 0) known = [.. known.OrderByDescending(submit => submit.FirstSentAt).Take(NewestFollowed)];
            if (known.Count > 0) await FollowOneAsync(reader, known[random.Next(known.Count)].Id, stop);
            await PauseAsync(stop);
        }
    }

    private async Task FollowOneAsync(string reader, string id, CancellationToken stop)
    {
        for (var reads = 0; reads < 100 && !stop.IsCancellationRequested; reads++)
        {
            try
            {
                if (await Client.ReadAsync(reader, id) is not { } reading)
                {
                    Violate(Rules.Lost, id, $"was accepted, and {reader} is told that there is no such job");
                    return;
                }

                _readings.Enqueue(reading);
                if (reading.IsTerminal) return;
            }
            catch (HttpRequestException)
            {
                // A gateway that is away just now; another will answer.
            }

            await PauseAsync(stop);
        }
    }

    private async Task PauseAsync(CancellationToken stop)
    {
        try
        {
            await Task.Delay(FollowPause, _clock, stop);
        }
        catch (OperationCanceledException)
        {
            // The scenario is over.
        }
    }

    private async Task ReadAllAsync(string reader, string[] ids)
    {
        var left = new ConcurrentQueue<string>(ids);
        await Task.WhenAll(Enumerable.Range(0, FinalReaders).Select(async _ =>
        {
            while (left.TryDequeue(out var id)) await ReadFinallyAsync(reader, id);
        }));
    }

    private async Task ReadFinallyAsync(string reader, string id)
    {
        var from = _clock.GetTimestamp();
        while (true)
        {
            try
            {
                if (await Client.ReadAsync(reader, id) is { } reading) _readings.Enqueue(reading);
                else Violate(Rules.Lost, id, "was accepted, and HTTP says that there is no such job");
                return;
            }
            catch (HttpRequestException exception)
            {
                if (_clock.GetElapsedTime(from) > ReadDeadline)
                {
                    Violate(Rules.Unfinished, id, $"could not be read: {exception.Message}");
                    return;
                }

                await Task.Delay(FollowPause, _clock);
            }
        }
    }
}
