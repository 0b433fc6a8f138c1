using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Loads;

/// <summary>A schedule of the driver's own, what it was told over time, and what it made of it.</summary>
/// <param name="missed">The rule for instants that nobody could serve in time.</param>
internal sealed class WatchedSchedule(GatewayClient client, string id, string missed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>It tells of its newest fifty, which come each second at most.</summary>
    private static readonly TimeSpan BetweenHearings = TimeSpan.FromSeconds(8);
    private readonly List<ScheduleLife> _lives = [];
    private readonly List<string> _wrong = [];
    private readonly Dictionary<string, List<ScheduleOccurrence>> _jobs = [];
    private ScheduleOrder _order = null!;
    private long _edition;

    public string Id => id;

    /// <summary>The key of its jobs, which live where that does; null: they live where it does.</summary>
    public string? Key { get; init; }

    /// <summary>With a key: for how long it need not have heard of ends.</summary>
    public UnheardEnds Unheard { get; init; } = new();

    /// <summary>How far ahead of the right time a silo's clock may be.</summary>
    public TimeSpan Ahead { get; init; }

    public ScheduleOrder Order => _order;

    /// <summary>Makes it, or changes it.</summary>
    public async Task PutAsync(ScheduleOrder order)
    {
        _order = order;
        var body = string.Create(CultureInfo.InvariantCulture, $$"""
            {"type":"sleep","args":{"ms":{{order.Runs}}},{{order.Instants.Members}},"jitter":{{order.MostJitter / 1000.0}},"overlap":"{{order.Overlap}}","missed":"{{missed}}"{{(missed == "all" ? ",\"missedWithin\":3600" : "")}}{{(Key is null ? "" : $",\"key\":\"{Key}\"")}}}
            """);
        await AskAsync(() => client.PutAsync($"/schedules/{id}", body));
        await NoteAsync();
    }

    public async Task PauseAsync()
    {
        await AskAsync(() => client.PostAsync($"/schedules/{id}/pause", "{}"));
        await NoteAsync();
    }

    public async Task ResumeAsync()
    {
        await AskAsync(() => client.PostAsync($"/schedules/{id}/resume", "{}"));
        await NoteAsync();
    }

    /// <summary>An occurrence now, which is one however often it is asked for.</summary>
    public async Task TriggerAsync()
    {
        var token = Guid.NewGuid().ToString("n");
        var answer = await AskAsync(() => client.PostAsync($"/schedules/{id}/trigger", "", token));
        _lives[^1].Triggered.Add(JsonDocument.Parse(answer.Body).RootElement.GetProperty("job").GetString()!);
    }

    /// <summary>What it has made goes on; what is put under its id next begins anew.</summary>
    public async Task DeleteAsync()
    {
        await HearAsync();
        var from = Now;
        var asked = 0;
        var answer = await GatewayClient.UntilAnsweredAsync(
            () =>
            {
                asked++;
                return client.DeleteAsync($"/schedules/{id}");
            },
            Patience);
        // Where an answer is lost, the next one says that there is none.
        if (answer.Status is not HttpStatusCode.NoContent && (answer.Status is not HttpStatusCode.NotFound || asked == 1)) throw Unexpected(answer);
        _lives[^1].Deleted = (from, Now);
        _edition = 0;
    }

    /// <summary>Reads what it submitted, once it is paused for good, hands it to the load as jobs that must have run, and says what is wrong with its instants.</summary>
    public async Task<IReadOnlyList<string>> CheckAsync(Load load)
    {
        var jobs = await ReadAsync();
        foreach (var job in jobs)
        {
            if (_lives.Find(life => job.Id.StartsWith($"oj-{id}-{life.Incarnation}-", StringComparison.Ordinal)) is { } life) JobsOf(life).Add(job);
            else _wrong.Add($"{job.Id} is of no schedule that was made here");
        }

        await HearAsync();
        var offset = Monotonic.Now - Monotonic.Of(TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch);
        foreach (var life in _lives)
        {
            var end = life.Editions.Exists(edition => edition.Order.Overlap is "cancel" or "replace") ? ExpectedEnd.Any : ExpectedEnd.Success;
            foreach (var job in JobsOf(life))
            {
                var at = offset + Monotonic.Of(TimeSpan.FromMilliseconds(job.At)) - Monotonic.Of(Ahead);
                load.Adopt(new Submitted(job.Id, "sleep", at, at, at, end));
            }
        }

        return [.. _wrong.Concat(_lives.SelectMany(life => ScheduleChecker.Check(missed, life, JobsOf(life), Key is null ? null : Unheard))).Concat(CheckRuns(await RunsAsync())).Take(20)];
    }

    /// <summary>Hears it now and then, where nothing that is done to it would.</summary>
    public async Task HearUntilAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await HearAsync();
            try
            {
                await Task.Delay(BetweenHearings, TimeProvider.System, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    public int CountDue() => _lives.Sum(life => ScheduleChecker.Due(life).Count());

    public int CountPassedOver() => _lives.Sum(life => life.PassedOver.Count);

    /// <summary>The jobs of each of its lives that let one run at a time, whatever it was told to be.</summary>
    public IEnumerable<HashSet<string>> OneAtATime() => _lives
        .Where(life => life.Triggered.Count == 0 && life.Editions.TrueForAll(edition => edition.Order.Overlap is "skip" or "queue" or "replace"))
        .Select(life => JobsOf(life).Select(job => job.Id).ToHashSet());

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private List<ScheduleOccurrence> JobsOf(ScheduleLife life) => _jobs.TryGetValue(life.Incarnation, out var jobs) ? jobs : _jobs[life.Incarnation] = [];

    /// <summary>What the schedule tells of itself is what its jobs are.</summary>
    private IEnumerable<string> CheckRuns(IReadOnlyList<ScheduleRun> runs)
    {
        var jobs = JobsOf(_lives[^1]);
        var known = jobs.Select(job => (job.Id, job.At)).ToHashSet();
        foreach (var run in runs.Where(run => run.Job is not null && !known.Contains((run.Job, run.At)))) yield return $"it tells of {run.Job} for {run.At}, which is not listed";
        // The newest are told, and they are all there.
        var told = runs.Select(run => run.Job).ToHashSet();
        foreach (var job in jobs.OrderByDescending(job => job.SubmittedAt).Take(10).Where(job => !told.Contains(job.Id))) yield return $"{job.Id} is listed, and it does not tell of it";
        foreach (var open in runs.Where(run => run.Outcome is "open" or "queued")) yield return $"what it tells of {open.At} is {open.Outcome}, though everything has ended";
    }

    /// <summary>What it says that it is after a change.</summary>
    private async Task NoteAsync()
    {
        var schedule = JsonDocument.Parse((await AskAsync(() => client.GetAsync($"/schedules/{id}"))).Body).RootElement;
        var version = schedule.GetProperty("version").GetString()!.Split('-');
        var edition = long.Parse(version[1], CultureInfo.InvariantCulture);
        if (_edition == 0) _lives.Add(new ScheduleLife(version[0]));
        else if (_lives[^1].Incarnation != version[0]) _wrong.Add($"it became another schedule by itself: {schedule.GetRawText()}");
        if (edition == _edition)
        {
            await HearAsync();
            return;
        }

        // Somebody else has had a hand in it, such as the grid, which pauses what it cannot serve.
        if (edition != _edition + 1) _wrong.Add($"it went from edition {_edition} to {edition} by one change: {schedule.GetRawText()}");
        _edition = edition;
        var jitter = _order.MostJitter == 0 ? 0 : JobIds.PartitionOf($"jitter/{id}", (int)_order.MostJitter + 1);
        if (schedule.TryGetProperty("nextAt", out _) && schedule.TryGetProperty("dueAt", out _) && Milliseconds(schedule, "dueAt") - Milliseconds(schedule, "nextAt") is var told && told != jitter)
            _wrong.Add($"it is {told} ms late, and not {jitter} as it was and ever will be");
        _lives[^1].Editions.Add(new(Milliseconds(schedule, "changedAt"), _order, jitter, schedule.TryGetProperty("paused", out _)));
        await HearAsync();
    }

    /// <summary>Notes of which instants it says that they were passed over, before it forgets them.</summary>
    private async Task HearAsync()
    {
        var life = _lives[^1];
        life.Queued.Clear();
        foreach (var run in await RunsAsync())
        {
            if (run.Outcome is "queued") life.Queued.Add(run.At);
            if (run.Cause is not "trigger") life.HeardUpTo = Math.Max(life.HeardUpTo, run.At);
            if (run.Outcome is "skipped" or "replaced") life.PassedOver.TryAdd(run.At, Now);
        }
    }

    private async Task<List<ScheduleOccurrence>> ReadAsync()
    {
        var jobs = new List<ScheduleOccurrence>();
        for (string? cursor = ""; cursor is not null;)
        {
            var path = $"/jobs?schedule={id}&limit=200{(cursor.Length > 0 ? "&cursor=" + Uri.EscapeDataString(cursor) : "")}";
            var page = JsonDocument.Parse((await AskAsync(() => client.GetAsync(path))).Body).RootElement;
            jobs.AddRange(page.GetProperty("jobs").EnumerateArray().Select(job => new ScheduleOccurrence(
                job.GetProperty("id").GetString()!, Milliseconds(job, "scheduledAt"), Milliseconds(job, "submittedAt"), job.TryGetProperty("finishedAt", out _) ? Milliseconds(job, "finishedAt") : null)));
            cursor = page.TryGetProperty("cursor", out var next) ? next.GetString() : null;
        }

        return jobs;
    }

    private async Task<List<ScheduleRun>> RunsAsync()
    {
        var runs = JsonDocument.Parse((await AskAsync(() => client.GetAsync($"/schedules/{id}/runs"))).Body).RootElement.GetProperty("runs");
        return [.. runs.EnumerateArray().Select(run => new ScheduleRun(
            Milliseconds(run, "scheduledAt"), run.TryGetProperty("job", out var job) ? job.GetString() : null, run.GetProperty("outcome").GetString()!, run.GetProperty("cause").GetString()!))];
    }

    private static async Task<Answer> AskAsync(Func<Task<Answer>> ask)
    {
        var answer = await GatewayClient.UntilAnsweredAsync(ask, Patience);
        return answer.Status is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.Accepted ? answer : throw Unexpected(answer);
    }

    private static InvalidOperationException Unexpected(Answer answer) => new($"It was answered {(int)answer.Status} {Encoding.UTF8.GetString(answer.Body)}");

    private static long Milliseconds(JsonElement of, string member) => of.GetProperty(member).GetDateTimeOffset().ToUnixTimeMilliseconds();

    /// <summary>What it tells of one occurrence.</summary>
    private sealed record ScheduleRun(long At, string? Job, string Outcome, string Cause);
}
