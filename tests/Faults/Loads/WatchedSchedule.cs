using System.Globalization;
using System.Net;
using System.Text.Json;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Loads;

/// <summary>A schedule of the driver's own, what it was told over time, and what it made of it.</summary>
/// <param name="missed">The rule for instants that nobody could serve in time.</param>
internal sealed class WatchedSchedule(GatewayClient client, string id, string missed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly List<ScheduleEdition> _editions = [];
    private readonly List<string> _wrong = [];
    private long _version;

    public string Id => id;

    /// <summary>Makes it, or changes it, so that its instants are the multiples of so many seconds.</summary>
    public async Task PutAsync(int seconds)
    {
        var body = string.Create(CultureInfo.InvariantCulture, $$"""
            {"type":"quick","every":{{seconds}},"anchor":"1970-01-01T00:00:00Z","overlap":"all","missed":"{{missed}}"{{(missed == "all" ? ",\"missedWithin\":3600" : "")}}}
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

    /// <summary>Reads what it submitted, once it is paused for good, hands it to the load as jobs that must have run, and says what is wrong with its instants.</summary>
    public async Task<IReadOnlyList<string>> CheckAsync(Load load)
    {
        var jobs = await ReadAsync();
        var offset = Monotonic.Now - Monotonic.Of(TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch);
        foreach (var job in jobs)
        {
            var at = offset + Monotonic.Of(TimeSpan.FromMilliseconds(job.At));
            load.Adopt(new Submitted(job.Id, "quick", at, at, at, ExpectedEnd.Success));
        }

        return [.. _wrong.Concat(ScheduleChecker.Check(missed, _editions, jobs)).Concat(CheckRuns(await RunsAsync(), jobs)).Take(20)];
    }

    public int CountDue() => ScheduleChecker.Due(_editions).Count();

    /// <summary>What the schedule tells of itself is what its jobs are.</summary>
    private static IEnumerable<string> CheckRuns(IReadOnlyList<(string? Job, long At)> runs, IReadOnlyList<ScheduleOccurrence> jobs)
    {
        var known = jobs.Select(job => (job.Id, job.At)).ToHashSet();
        foreach (var (job, at) in runs.Where(run => run.Job is not null && !known.Contains((run.Job, run.At)))) yield return $"it tells of {job} for {at}, which is not listed";
        // The newest are told, and they are all there.
        var told = runs.Select(run => run.Job).ToHashSet();
        foreach (var job in jobs.OrderByDescending(job => job.At).Take(10).Where(job => !told.Contains(job.Id))) yield return $"{job.Id} is listed, and it does not tell of it";
    }

    private async Task NoteAsync()
    {
        var schedule = JsonDocument.Parse((await AskAsync(() => client.GetAsync($"/schedules/{id}"))).Body).RootElement;
        var version = long.Parse(schedule.GetProperty("version").GetString()!.Split('-')[1], CultureInfo.InvariantCulture);
        if (version == _version) return;
        // Somebody else has had a hand in it, such as the grid, which pauses what it cannot serve.
        if (version != _version + 1) _wrong.Add($"it went from edition {_version} to {version} by one change: {schedule.GetRawText()}");
        _version = version;
        _editions.Add(new(Milliseconds(schedule, "changedAt"), schedule.TryGetProperty("paused", out _) ? null : (long)(schedule.GetProperty("every").GetDouble() * 1000)));
    }

    private async Task<List<ScheduleOccurrence>> ReadAsync()
    {
        var jobs = new List<ScheduleOccurrence>();
        for (string? cursor = ""; cursor is not null;)
        {
            var path = $"/jobs?schedule={id}&limit=200{(cursor.Length > 0 ? "&cursor=" + Uri.EscapeDataString(cursor) : "")}";
            var page = JsonDocument.Parse((await AskAsync(() => client.GetAsync(path))).Body).RootElement;
            jobs.AddRange(page.GetProperty("jobs").EnumerateArray().Select(job => new ScheduleOccurrence(job.GetProperty("id").GetString()!, Milliseconds(job, "scheduledAt"), Milliseconds(job, "submittedAt"))));
            cursor = page.TryGetProperty("cursor", out var next) ? next.GetString() : null;
        }

        return jobs;
    }

    private async Task<List<(string? Job, long At)>> RunsAsync()
    {
        var runs = JsonDocument.Parse((await AskAsync(() => client.GetAsync($"/schedules/{id}/runs"))).Body).RootElement.GetProperty("runs");
        return [.. runs.EnumerateArray().Select(run => (run.TryGetProperty("job", out var job) ? job.GetString() : null, Milliseconds(run, "scheduledAt")))];
    }

    private static async Task<Answer> AskAsync(Func<Task<Answer>> ask)
    {
        var answer = await GatewayClient.UntilAnsweredAsync(ask, Patience);
        return answer.Status is HttpStatusCode.OK or HttpStatusCode.Created ? answer : throw new InvalidOperationException($"It was answered {(int)answer.Status} {System.Text.Encoding.UTF8.GetString(answer.Body)}");
    }

    private static long Milliseconds(JsonElement of, string member) => of.GetProperty(member).GetDateTimeOffset().ToUnixTimeMilliseconds();
}
