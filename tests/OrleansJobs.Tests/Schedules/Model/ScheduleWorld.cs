using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;

namespace OrleansJobs.Tests.Schedules.Model;

/// <summary>A drawn history of one partition's schedules: instants fall due, people change things, jobs run, the store answers late or not, and activations end.</summary>
internal sealed class ScheduleWorld : IDisposable
{
    private static readonly string[] Ids = ["a", "b", "c", "d"];

    private readonly Random _random;
    private readonly ScheduleMutation _mutation;
    private readonly ManualTime _time = new();
    private readonly Turns _turns = new();
    private readonly DrawnStore _store;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly JobGridOptions _options = new() { Partitions = 1, MissedAfter = TimeSpan.FromSeconds(60) };
    private readonly List<Task> _calls = [];
    private readonly GridHealth _health;
    private readonly JobMeters _meters;
    private readonly ScheduleRulesOfPlay _play;
    private ModelShell _shell;

    public ScheduleWorld(int seed, ScheduleMutation mutation = ScheduleMutation.None)
    {
        _mutation = mutation;
        _random = new Random(seed);
        Truth = new ScheduleTruth(() => _time.GetUtcNow().ToUnixTimeMilliseconds());
        _play = new ScheduleRulesOfPlay(_random, Truth, mutation);
        _store = new DrawnStore(Truth.Apply, mutation, Truth.Refuse);
        _health = new GridHealth(_time);
        _meters = new JobMeters(_services.GetRequiredService<IMeterFactory>(), _time, Options.Create(_options), _health);
        SynchronizationContext.SetSynchronizationContext(_turns);
        _shell = Open();
    }

    public ScheduleTruth Truth { get; }

    public void Run(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            Step(_random.Next(100));
            Look();
        }

        _store.IsFull = false;
        Settle();
        ScheduleTruth.Check(!_shell.Commits.IsOver, "the commits are over");
        ScheduleTruth.Check(!_shell.Core.Changes.HasAny, "something waits to be committed");
        Truth.Finish();
        var book = _shell.Core.Schedules;
        ScheduleTruth.Check(_calls.TrueForAll(call => call.IsCompleted), "a call was never answered");
        ScheduleTruth.Check(!book.IsServing, $"schedules are still being served; the commits are {(_shell.Commits.IsOver ? "over" : "going on")}");
        ScheduleTruth.Check(book.Held <= Ids.Length, "memory holds schedules that are gone");
        foreach (var call in _calls.Where(call => call.IsFaulted)) throw new InvalidOperationException("A call failed", call.Exception);
    }

    public void Dispose() => _services.Dispose();

    private void Step(int draw)
    {
        switch (draw)
        {
            case < 34 when _turns.Waiting > 0: _turns.Take(); break;
            case < 64 when _store.Waiting > 0: _store.Answer(_random.Next(_store.Waiting), isLost: _random.Next(8) == 0); break;
            case < 72: _time.Advance(_play.Pause()); break;
            case < 79: _shell.OnDue(); break;
            case < 84 when _shell.Opened.IsCompletedSuccessfully: _shell.Lease(_random.Next(1, 5)); break;
            case < 89 when _shell.Opened.IsCompletedSuccessfully: _shell.Report(); break;
            case < 97 when _shell.Opened.IsCompletedSuccessfully: _calls.Add(WhateverComesAsync(() => _play.CallAsync(_shell, Ids[_random.Next(Ids.Length)]))); break;
            case 97: _store.IsFull = !_store.IsFull; break;
            case 98 when _random.Next(3) == 0: Crash(); break;
            case 98: _shell.OnMinute(); break;
            case 99 when _shell.Opened.IsCompletedSuccessfully: _calls.Add(WhateverComesAsync(_shell.SweepAsync)); break;
        }
    }

    private ModelShell Open() => new(_store, _options, _time, _health, _meters, _random, _mutation == ScheduleMutation.Early ? TimeSpan.FromSeconds(5) : default, carriesLetters: true);

    private void Crash()
    {
        _shell.Die();
        _turns.Clear();
        _store.DropCalls(_random);
        _turns.Clear();
        _calls.Clear();
        Truth.Forget();
        if (_random.Next(2) == 0) _time.Advance(TimeSpan.FromSeconds(_random.Next(600)));
        _shell = Open();
    }

    /// <summary>Until nothing is under way, with a store that answers.</summary>
    private void Settle()
    {
        for (var (quiet, steps) = (0, 0);; steps++)
        {
            ScheduleTruth.Check(steps < 5_000, "it never comes to rest");
            if (_turns.Waiting > 0) _turns.Take();
            else if (_store.Waiting > 0) _store.Answer(0, isLost: false);
            else if (quiet == 3) return;
            else
            {
                quiet++;
                // What is to be tried again is, and what nobody waits for is stored.
                _time.Advance(TimeSpan.FromSeconds(1));
                _shell.OnDue();
                _shell.Pump();
                continue;
            }

            quiet = 0;
            Look();
        }
    }

    private void Look()
    {
        foreach (var id in Ids) Truth.Look(id, _shell.Core.Schedules.Find(id));
        if (_shell.Failure is { } failure) throw new InvalidOperationException("Something broke", failure);
    }

    private static async Task WhateverComesAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception exception) when (exception is IOException or OrleansException or OperationCanceledException or TimeoutException)
        {
            // Nobody knows what became of it: the store says.
        }
    }
}

/// <summary>What is drawn.</summary>
internal sealed class ScheduleRulesOfPlay(Random random, ScheduleTruth truth, ScheduleMutation mutation)
{
    // For the most part its own, so that an edit need not change it.
    private readonly Dictionary<string, long> _jitters = [];
    private readonly Dictionary<string, string?> _keys = [];
    private readonly Dictionary<string, ScheduleSpec> _last = [];

    /// <summary>Deletes of one activation that have begun, and that are under way: one that is decided in the same commit leaves nothing of what it deletes.</summary>
    private (ModelShell? Of, int Begun, int UnderWay) _deletes;

    public TimeSpan Pause() => TimeSpan.FromMilliseconds(random.Next(6) switch { 0 => 0, 1 => 1, 2 or 3 => random.Next(1000), 4 => random.Next(10_000), _ => random.Next(200_000) });

    public async Task CallAsync(ModelShell shell, string id)
    {
        switch (random.Next(10))
        {
            case < 4:
                if (random.Next(12) == 0) await RefusedAsync(shell, id);
                else if (mutation != ScheduleMutation.EditByWayOfOthers || !TryEditByWayOfOthers(shell, id))
                    await StoredAsync(shell, id, shell.Calls.PutAsync(id, await ToldAsync(shell, id, Draw(id)), new(IsNew: random.Next(4) == 0)));
                break;
            case 4:
                await StoredAsync(shell, id, shell.Calls.PauseAsync(id, new("somebody", "why not"), new()));
                break;
            case 5:
                await StoredAsync(shell, id, shell.Calls.PauseAsync(id, null, new()));
                break;
            case 6:
                if (random.Next(3) != 0) break;
                await DeleteAsync(shell, id);
                break;
            case 7:
                await StoredAsync(shell, id, shell.Calls.TriggerAsync(id, random.Next(5).ToString(System.Globalization.CultureInfo.InvariantCulture)));
                break;
            case 8:
                await StoredAsync(shell, id, shell.Calls.BackfillAsync(id, shell.Now - random.Next(100_000), shell.Now));
                break;
            default:
                if (await shell.Calls.RunsAsync(id) is { } runs) ScheduleTruth.Check(runs.Length <= ScheduleLimits.KeptRuns, "too many runs");
                if (await shell.Calls.GetAsync(id) is { } info) ScheduleTruth.Check(info.Id == id, "another schedule");
                break;
        }
    }

    private (ModelShell? Of, int Begun, int UnderWay) DeletesOf(ModelShell shell) => _deletes.Of == shell ? _deletes : (shell, 0, 0);

    private async Task DeleteAsync(ModelShell shell, string id)
    {
        var before = DeletesOf(shell);
        _deletes = (shell, before.Begun + 1, before.UnderWay + 1);
        try
        {
            await shell.Calls.DeleteAsync(id, new());
        }
        finally
        {
            var after = DeletesOf(shell);
            if (!shell.IsDead) _deletes = (shell, after.Begun, after.UnderWay - 1);
        }
    }

    /// <summary>As somebody puts it who has read it, and changes something else: what it counts from is said, though nobody had said it.</summary>
    private async Task<ScheduleSpec> ToldAsync(ModelShell shell, string id, ScheduleSpec spec)
    {
        if (spec is not { Every: not null, Anchor: null } || random.Next(2) == 0) return spec;
        return await shell.Calls.GetAsync(id) is { Anchor: { } anchor } told && told.Spec.Every == spec.Every ? spec with { Anchor = anchor.ToUnixTimeMilliseconds() } : spec;
    }

    /// <summary>In one turn it becomes something else, and then what is drawn: what was not due yet does not come any more.</summary>
    private bool TryEditByWayOfOthers(ModelShell shell, string id)
    {
        if (shell.Core.Schedules.Find(id) is not { Record: { Paused: null } record } entry || entry.Due <= shell.Now) return false;
        var (orders, spec) = (shell.Core.Schedules.Orders, Draw(id));
        orders.Put(entry, spec with { Every = 17_000, Anchor = null, Cron = null, Zone = null }, new(), record.Incarnation, null, shell.Now);
        orders.Put(entry, spec, new(), record.Incarnation, null, shell.Now);
        shell.Pump();
        return true;
    }

    /// <summary>What is answered as done is in the store, or was until it was deleted.</summary>
    private async Task StoredAsync(ModelShell shell, string id, Task<ScheduleAnswer> call)
    {
        var before = DeletesOf(shell);
        var answer = await call;
        if (shell.IsDead || answer is not { Outcome: ScheduleOutcome.Done or ScheduleOutcome.Created }) return;
        ScheduleTruth.Check(answer.Schedule is not { } schedule || truth.HasHeld(id, schedule.Version) || before.UnderWay > 0 || DeletesOf(shell).Begun > before.Begun, $"{id}: {answer.Schedule?.Version} was answered as {answer.Outcome}, and the store never had it");
        ScheduleTruth.Check(answer.Jobs.All(truth.HasHadJob), $"{id}: a job was answered that was never stored");
        ScheduleTruth.Check(answer.Known <= answer.Jobs.Length, $"{id}: more were known than there are");
    }

    /// <summary>What would serve none of those that are missed is refused, and changes nothing.</summary>
    private async Task RefusedAsync(ModelShell shell, string id)
    {
        var after = random.Next(1000, 90_000);
        var answer = await shell.Calls.PutAsync(id, DrawAnew(id) with { Missed = ScheduleMissed.All, MissedAfter = after, MissedWithin = random.Next(1000, after + 1) }, new());
        ScheduleTruth.Check(answer is { Outcome: ScheduleOutcome.Rejected, Problems: [{ Pointer: "/missedWithin" }] }, $"{id}: a schedule that serves none of what 'all' promises was {answer.Outcome}");
    }

    private ScheduleSpec Draw(string id)
    {
        // The same instants with another jitter.
        if (_last.TryGetValue(id, out var last) && random.Next(4) == 0) return _last[id] = last with { Jitter = random.Next(2) * random.Next(60_000) };
        return _last[id] = DrawAnew(id);
    }

    private ScheduleSpec DrawAnew(string id)
    {
        if (!_jitters.TryGetValue(id, out var jitter) || random.Next(8) == 0) _jitters[id] = jitter = random.Next(2) * random.Next(30_000);
        // Of the one partition that there is: what tells of its occurrences are letters all the same.
        if (!_keys.TryGetValue(id, out var key) || random.Next(8) == 0) _keys[id] = key = random.Next(2) == 0 ? $"k/{random.Next(2)}" : null;
        var spec = new ScheduleSpec
        {
            Type = "work", Jitter = jitter, Overlap = (ScheduleOverlap)random.Next(5), Missed = (ScheduleMissed)random.Next(3), MissedAfter = random.Next(3) == 0 ? random.Next(1000, 90_000) : null,
            Key = key, Retention = random.Next(3) == 0 ? 0 : null,
        };
        if (spec.Missed == ScheduleMissed.All)
        {
            // As many as there are, those of the hour that nobody need say, or few.
            var late = spec.MissedAfter ?? 60_000;
            spec = spec with { MissedWithin = random.Next(3) switch { 0 => (long)ScheduleLimits.MaxLateness.TotalMilliseconds, 1 => null, _ => late + random.Next(1, 200_000) } };
        }

        // Never so often that more are missed than are served at a time.
        if (random.Next(5) == 0) spec = spec with { Count = random.Next(1, 100) };
        return random.Next(2) == 0
            ? spec with { Every = random.Next(1, 40) * 15_000, Anchor = random.Next(2) == 0 ? random.Next(1_000_000) : null }
            : spec with { Cron = random.Next(3) switch { 0 => "*/20 * * * * *", 1 => "* * * * *", _ => "7,40 */2 * * * *" }, Zone = random.Next(2) == 0 ? "Europe/Berlin" : null };
    }
}
