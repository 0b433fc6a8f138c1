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
        await PutAsync("tick", """{"type":"longtask","args":{"steps":1,"stepMs":1},"every":1,"overlap":"all"}""");
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

    /// <summary>By default an instant is skipped while the occurrence before it has not ended: one that ran when its process was killed runs again soon, and then it goes on.</summary>
    [Fact]
    public async Task AScheduleThatSkips_ThroughKills_RunsWhatRanAgain_AndGoesOn()
    {
        await StartAsync();
        // As short as the occurrences of "tick", and one that is sure to run at the kill.
        await PutAsync("tick", """{"type":"longtask","args":{"steps":1,"stepMs":1},"every":1}""");
        await PutAsync("long", """{"type":"longtask","args":{"steps":20,"stepMs":100},"every":1}""");
        var told = new Dictionary<(string, DateTimeOffset), (string Job, string Outcome)>();
        for (var life = 0; life < 3; life++)
        {
            await UntilAsync("three more have succeeded", runs => runs.Count(run => run.Outcome == "success" && !told.ContainsKey(("tick", run.At))) >= 3);
            await UntilAsync("the long one runs", runs => runs.Any(run => run.Outcome == "open"), "long");
            await RememberAsync();
            var open = told.Where(run => run.Value.Outcome == "open").ToList();
            Assert.NotEmpty(open);
            await _host.KillAsync();
            await StartAsync();
            await RememberAsync();
            foreach (var ((schedule, at), (job, _)) in open)
                await UntilAsync($"{job} has run again", runs => runs.Any(run => run.At == at && run.Job == job && run.Outcome == "success"), schedule);
        }

        await RememberAsync();
        foreach (var schedule in new[] { "tick", "long" })
        {
            var jobs = await JobsAsync(schedule);
            Assert.Equal(jobs.Count, jobs.Select(job => job.At).Distinct().Count());
            // Each instant between the first and the last was served or said to be skipped.
            var instants = told.Keys.Where(run => run.Item1 == schedule).Select(run => run.Item2).Order().ToList();
            Assert.Equal(Enumerable.Range(0, instants.Count).Select(i => instants[0].AddSeconds(i)), instants);
            Assert.All(told.Where(run => run.Key.Item1 == schedule), run => Assert.Equal(run.Value.Outcome == "skipped" ? 0 : 1, jobs.Count(job => job.At == run.Key.Item2)));
        }

        async Task RememberAsync()
        {
            foreach (var schedule in new[] { "tick", "long" })
            {
                foreach (var (at, job, outcome) in await RunsAsync(schedule))
                {
                    if (told.TryGetValue((schedule, at), out var before)) Assert.Equal(before.Job, job);
                    told[(schedule, at)] = (job, outcome);
                }
            }
        }
    }

    private async Task PutAsync(string id, string body)
    {
        using var answer = await _host.Http.PutAsync(new Uri($"/schedules/{id}", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal(System.Net.HttpStatusCode.Created, answer.StatusCode);
    }

    private Task StartAsync() => _host.StartAsync("--Store:Path", Path.Combine(_host.Folder, "jobs.db"));

    private async Task UntilAsync(string what, Func<IReadOnlyList<(DateTimeOffset At, string Job, string Outcome)>, bool> condition, string id = "tick") =>
        await Deadlines.UntilAsync(what, LoneHost.Patience, async () => condition(await RunsAsync(id)));

    private async Task<IReadOnlyList<(DateTimeOffset At, string Job, string Outcome)>> RunsAsync(string id = "tick")
    {
        var runs = (await _host.Http.GetFromJsonAsync<JsonElement>(new Uri($"/schedules/{id}/runs", UriKind.Relative))).GetProperty("runs");
        return [.. runs.EnumerateArray().Select(run => (run.GetProperty("scheduledAt").GetDateTimeOffset(), run.TryGetProperty("job", out var job) ? job.GetString()! : "", run.GetProperty("outcome").GetString()!))];
    }

    private async Task<IReadOnlyList<(DateTimeOffset At, string Id)>> JobsAsync(string id = "tick")
    {
        var jobs = new List<(DateTimeOffset, string)>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await _host.Http.GetFromJsonAsync<JsonElement>(new Uri($"/jobs?schedule={id}&limit=200{(cursor.Length > 0 ? "&cursor=" + Uri.EscapeDataString(cursor) : "")}", UriKind.Relative));
            jobs.AddRange(page.GetProperty("jobs").EnumerateArray().Select(job => (job.GetProperty("scheduledAt").GetDateTimeOffset(), job.GetProperty("id").GetString()!)));
            cursor = page.TryGetProperty("cursor", out var next) ? next.GetString() : null;
        }

        return jobs;
    }
}
