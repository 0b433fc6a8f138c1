using System.Diagnostics;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Tests.Processes;

namespace OrleansJobs.Tests.Telemetry;

/// <summary>One job's trace, as a collector gets it from a gateway and the silos, each a process of its own.</summary>
public sealed class WholeTraceTests
{
    [Fact]
    public async Task Trace_IsWholeFromTheRequestToTheLastAttempt()
    {
        await using var collector = await Collector.StartAsync();
        var options = new Dictionary<string, string>(collector.Settings)
        {
            ["JobGrid:DrainTime"] = "00:00:01", ["JobGrid:Retry:FirstDelay"] = "00:00:00.1",
        };
        await using var grid = await ProcessGrid.StartAsync(2, options);
        var traceId = ActivityTraceId.CreateRandom().ToHexString();
        var secret = $"secret-{traceId}";

        // The first attempt is cut off by a drain, so the second runs in another process.
        var id = await grid.SubmitAsync($$"""{"type":"sleep","args":{"ms":8000,"secret":"{{secret}}"} }""", $"00-{traceId}-{ActivitySpanId.CreateRandom().ToHexString()}-01");
        string? first = null;
        await grid.UntilAsync("the job runs", async () =>
        {
            var attempts = grid.Marks.Where(mark => mark.Id == id).ToList();
            first = attempts.Count > 0 ? attempts[0].Silo : null;
            return first is not null && await grid.StateAsync(id) == "PROGRESS";
        });
        await ProcessGrid.TerminateAsync(grid.Cluster.Silos.Single(silo => silo.Life == first));
        await grid.UntilAsync("the job has ended", async () => await grid.StateAsync(id) == "SUCCESS");
        await grid.UntilAsync("both attempts were collected", () => Task.FromResult(Attempts().Count == 2));
        await grid.UntilAsync("the request was collected", () => Task.FromResult(Of(traceId).Any(span => span.Name.StartsWith("POST", StringComparison.Ordinal))));

        var request = Assert.Single(Of(traceId), span => span.Name.StartsWith("POST", StringComparison.Ordinal));
        Assert.Equal("orleansjobs-gateway", request.Service);
        Assert.Equal("/jobs", request.Tags["http.route"]);
        var submit = Assert.Single(Of(traceId), span => span.Name == "send default");
        Assert.Equal("orleansjobs-gateway", submit.Service);
        Assert.Equal(request.SpanId, submit.ParentId);
        Assert.Equal(id, submit.Tags["messaging.message.id"]);

        Assert.All(Attempts(), attempt => Assert.Equal(submit.SpanId, attempt.ParentId));
        Assert.All(Attempts(), attempt => Assert.Equal([submit.SpanId], attempt.Links));
        Assert.All(Attempts(), attempt => Assert.Equal("orleansjobs-silo", attempt.Service));
        Assert.All(Attempts(), attempt => Assert.Equal(id, attempt.Tags["messaging.message.id"]));
        Assert.Equal(["returned", "succeeded"], Attempts().Select(attempt => attempt.Tags["orleansjobs.attempt.outcome"]).Order());
        Assert.Equal(2, Attempts().Select(attempt => attempt.Instance).Distinct().Count());

        // The job's own record of its attempts says the same.
        Assert.Equal(2, (await grid.JobAsync(id)).GetProperty("attempts").GetArrayLength());
        Assert.DoesNotContain(collector.Spans, span => span.Tags.Values.Any(value => value.Contains(secret, StringComparison.Ordinal)));

        List<CollectedSpan> Attempts() => [.. Of(traceId).Where(span => span.Name == "process default")];

        IEnumerable<CollectedSpan> Of(string trace) => collector.Spans.Where(span => span.TraceId == trace);
    }

    [Fact]
    public async Task FailedAttempts_AreInTheTraceAndInTheLogs_AndProbesAreNot()
    {
        await using var collector = await Collector.StartAsync();
        await using var grid = await ProcessGrid.StartAsync(1, new Dictionary<string, string>(collector.Settings)
        {
            ["JobGrid:Retry:FirstDelay"] = "00:00:00.1",
            // The driver's silos speak up from warnings on only, where they are not told otherwise.
            ["Logging:LogLevel:OrleansJobs"] = "Information",
        });
        var traceId = ActivityTraceId.CreateRandom().ToHexString();
        var id = await grid.SubmitAsync("""{"type":"flaky","args":{"failures":1} }""", $"00-{traceId}-{ActivitySpanId.CreateRandom().ToHexString()}-01");
        await grid.UntilAsync("the job has ended", async () => await grid.StateAsync(id) == "SUCCESS");
        await grid.UntilAsync("both attempts were collected", () => Task.FromResult(collector.Spans.Count(IsAttempt) == 2));

        var failed = Assert.Single(collector.Spans, span => IsAttempt(span) && span.Tags["orleansjobs.attempt.outcome"] == "failed");
        Assert.Equal("1", failed.Tags["orleansjobs.job.attempt"]);
        Assert.Contains("InvalidOperationException", failed.Tags["error.type"]);

        await grid.UntilAsync("the failed attempt's log was collected", () => Task.FromResult(collector.Logs.Any(log => log.Tags.GetValueOrDefault("JobId") == id)));
        var log = collector.Logs.First(entry => entry.Tags.GetValueOrDefault("JobId") == id);
        Assert.Equal(traceId, log.TraceId);
        Assert.Equal("1", log.Tags["JobAttempt"]);
        Assert.DoesNotContain("failures\":", string.Join('\n', collector.Logs.Select(entry => entry.Message)), StringComparison.Ordinal);

        await grid.UntilAsync("metrics were collected", () => Task.FromResult(collector.Metrics.ContainsKey("orleansjobs.jobs.finished")));
        Assert.DoesNotContain(collector.Spans, span => span.Tags.GetValueOrDefault("url.path")?.StartsWith("/health", StringComparison.Ordinal) == true);

        bool IsAttempt(CollectedSpan span) => span.TraceId == traceId && span.Name == "process default";
    }
}
