using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Tests.Processes;

/// <summary>A schedule of the silo with nothing configured, through kill -9: each instant has one occurrence, whichever life submitted it.</summary>
public sealed class ScheduleProcessTests : IDisposable
{
    private readonly LoneHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task ASchedule_ThroughKills_HasOneOccurrenceForEachInstant()
    {
        await StartAsync();
        var body = """{"type":"longtask","args":{"steps":1,"stepMs":1},"every":1,"overlap":"all"}""";
        using (var answer = await _host.Http.PutAsync(new Uri("/schedules/tick", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json")))
            Assert.Equal(System.Net.HttpStatusCode.Created, answer.StatusCode);
        await UntilAsync("three have succeeded", runs => runs.Count(run => run.Outcome == "success") >= 3);
        var seen = new Dictionary<DateTimeOffset, string>();
        for (var life = 0; life < 3; life++)
        {
            var before = await RunsAsync();
            Remember(before);
            await _host.KillAsync();
            await StartAsync();
            // Not one of those before is told otherwise, and it goes on behind the last of them.
            var last = before.Max(run => run.At);
            await UntilAsync("three more have succeeded", runs => runs.Count(run => run.At > last && run.Outcome == "success") >= 3);
            Remember(await RunsAsync());
        }

        // None is left out: the host was away for less than makes an instant missed.
        var instants = seen.Keys.Order().ToList();
        Assert.Equal(Enumerable.Range(0, instants.Count).Select(i => instants[0].AddSeconds(i)), instants);
        // The jobs themselves say the same: as many as there were instants, each for another.
        var jobs = await JobsAsync();
        Assert.All(seen, occurrence => Assert.Equal(occurrence.Value, Assert.Single(jobs, job => job.At == occurrence.Key).Id));
        Assert.Equal(jobs.Count, jobs.Select(job => job.At).Distinct().Count());

        void Remember(IReadOnlyList<(DateTimeOffset At, string Job, string Outcome)> runs)
        {
            Assert.Equal(runs.Count, runs.Select(run => run.At).Distinct().Count());
            foreach (var (at, job, _) in runs) Assert.Equal(job, seen.TryGetValue(at, out var known) ? known : seen[at] = job);
        }
    }

    private Task StartAsync() => _host.StartAsync("--Store:Path", Path.Combine(_host.Folder, "jobs.db"));

    private async Task UntilAsync(string what, Func<IReadOnlyList<(DateTimeOffset At, string Job, string Outcome)>, bool> condition) =>
        await Deadlines.UntilAsync(what, LoneHost.Patience, async () => condition(await RunsAsync()));

    private async Task<IReadOnlyList<(DateTimeOffset At, string Job, string Outcome)>> RunsAsync()
    {
        var runs = (await _host.Http.GetFromJsonAsync<JsonElement>(new Uri("/schedules/tick/runs", UriKind.Relative))).GetProperty("runs");
        return [.. runs.EnumerateArray().Select(run => (run.GetProperty("scheduledAt").GetDateTimeOffset(), run.GetProperty("job").GetString()!, run.GetProperty("outcome").GetString()!))];
    }

    private async Task<IReadOnlyList<(DateTimeOffset At, string Id)>> JobsAsync()
    {
        var jobs = new List<(DateTimeOffset, string)>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await _host.Http.GetFromJsonAsync<JsonElement>(new Uri($"/jobs?schedule=tick&limit=200{(cursor.Length > 0 ? "&cursor=" + Uri.EscapeDataString(cursor) : "")}", UriKind.Relative));
            jobs.AddRange(page.GetProperty("jobs").EnumerateArray().Select(job => (job.GetProperty("scheduledAt").GetDateTimeOffset(), job.GetProperty("id").GetString()!)));
            cursor = page.TryGetProperty("cursor", out var next) ? next.GetString() : null;
        }

        return jobs;
    }
}
