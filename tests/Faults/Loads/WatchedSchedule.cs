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
    private static readonly TimeSpan MissedAfter = TimeSpan.FromSeconds(60);
    private readonly List<Edition> _editions = [];
    private long _version;

    public string Id => id;

    /// <summary>What it was from then on.</summary>
    /// <param name="Since">By the grid's clock, in milliseconds.</param>
    /// <param name="Every">Milliseconds; null while it is paused.</param>
    private sealed record Edition(long Since, long? Every);

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

        var wrong = new List<string>();
        foreach (var twice in jobs.GroupBy(job => job.At).Where(same => same.Count() > 1)) wrong.Add($"{Said(twice.Key)} has {twice.Count()} occurrences: {string.Join(", ", twice.Select(job => job.Id))}");
        foreach (var job in jobs.Where(job => job.SubmittedAt < job.At)) wrong.Add($"{Said(job.At)} was submitted {job.At - job.SubmittedAt} ms early");
        var due = Due().ToList();
        var served = jobs.GroupBy(job => job.At).ToDictionary(same => same.Key, same => same.First().SubmittedAt);
        foreach (var instant in served.Keys.Except(due).Order()) wrong.Add($"{Said(instant)} was served, and was not due");
        for (var i = 0; i < due.Count; i++)
        {
            if (served.ContainsKey(due[i])) continue;
            // When it was passed by: the next that was served tells.
            var next = due.Skip(i + 1).Select(instant => (long?)instant).FirstOrDefault(instant => served.ContainsKey(instant!.Value));
            if (missed == "all" || next is not { } then || served[then] - due[i] <= MissedAfter.TotalMilliseconds) wrong.Add($"{Said(due[i])} was due, and nothing became of it");
            else if (missed == "one" && due[i + 1] == then && served[then] - then <= MissedAfter.TotalMilliseconds)
                wrong.Add($"{Said(due[i])} was the latest that was missed, and was not served");
        }

        return [.. wrong.Take(20).Select(what => $"schedule {id}: {what}")];
    }

    public int CountDue() => Due().Count();

    /// <summary>The instants of each edition, while it stood.</summary>
    private IEnumerable<long> Due()
    {
        for (var i = 0; i + 1 < _editions.Count; i++)
        {
            if (_editions[i].Every is not { } every) continue;
            // What is due with the making itself is its own; what is due with a change belongs to what was before.
            var first = (_editions[i].Since - (i == 0 ? 1 : 0)) / every + 1;
            for (var instant = first * every; instant <= _editions[i + 1].Since; instant += every) yield return instant;
        }
    }

    private async Task NoteAsync()
    {
        var schedule = JsonDocument.Parse((await AskAsync(() => client.GetAsync($"/schedules/{id}"))).Body).RootElement;
        var version = long.Parse(schedule.GetProperty("version").GetString()!.Split('-')[1], CultureInfo.InvariantCulture);
        if (version == _version) return;
        if (version != _version + 1) throw new InvalidOperationException($"{id} went from edition {_version} to {version}, by one change.");
        _version = version;
        _editions.Add(new(Milliseconds(schedule, "changedAt"), schedule.TryGetProperty("paused", out _) ? null : (long)(schedule.GetProperty("every").GetDouble() * 1000)));
    }

    private async Task<List<(string Id, long At, long SubmittedAt)>> ReadAsync()
    {
        var jobs = new List<(string, long, long)>();
        for (string? cursor = ""; cursor is not null;)
        {
            var path = $"/jobs?schedule={id}&limit=200{(cursor.Length > 0 ? "&cursor=" + Uri.EscapeDataString(cursor) : "")}";
            var page = JsonDocument.Parse((await AskAsync(() => client.GetAsync(path))).Body).RootElement;
            jobs.AddRange(page.GetProperty("jobs").EnumerateArray().Select(job => (job.GetProperty("id").GetString()!, Milliseconds(job, "scheduledAt"), Milliseconds(job, "submittedAt"))));
            cursor = page.TryGetProperty("cursor", out var next) ? next.GetString() : null;
        }

        return jobs;
    }

    private static async Task<Answer> AskAsync(Func<Task<Answer>> ask)
    {
        var answer = await GatewayClient.UntilAnsweredAsync(ask, Patience);
        return answer.Status is HttpStatusCode.OK or HttpStatusCode.Created ? answer : throw new InvalidOperationException($"It was answered {(int)answer.Status} {System.Text.Encoding.UTF8.GetString(answer.Body)}");
    }

    private static long Milliseconds(JsonElement of, string member) => of.GetProperty(member).GetDateTimeOffset().ToUnixTimeMilliseconds();

    private static string Said(long instant) => DateTimeOffset.FromUnixTimeMilliseconds(instant).UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
