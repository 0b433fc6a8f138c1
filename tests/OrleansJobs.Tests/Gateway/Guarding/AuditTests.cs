using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>Who changed what, when and why can be read afterwards: at the job, and in the log.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    private readonly GridHost _grid = new();

    public Task InitializeAsync() => _grid.StartAsync(new Dictionary<string, string?>().With("ops", ["submit", "read", "operate"]).With("second", ["operate"]));

    public Task DisposeAsync() => _grid.DisposeAsync();

    [Fact]
    public async Task Changes_AreKeptWithTheJob()
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await SubmitHeldAsync("x");
        Assert.False((await StatusAsync("x")).TryGetProperty("changes", out _));

        Assert.Equal("REVOKED", (await PostAsync("/jobs/x/cancel", """{"reason":"Not needed."}""", "ops")).Text("state"));
        await PostAsync("/jobs/x/retry", """{"reason":"It was needed."}""", "second");
        await PostAsync("/jobs/x/cancel", null, "ops");

        var changes = (await StatusAsync("x")).GetProperty("changes").EnumerateArray().ToList();
        Assert.Equal(
            [("cancelled", "ops", "Not needed."), ("retried", "second", "It was needed."), ("cancelled", "ops", null)],
            changes.Select(change => (change.Text("what"), change.Text("by"), change.TryGetProperty("reason", out var reason) ? reason.GetString() : null)));
        Assert.All(changes, change => Assert.InRange(change.GetProperty("at").GetDateTimeOffset(), before, TimeProvider.System.GetUtcNow().AddSeconds(1)));
    }

    [Fact]
    public async Task Changes_OfAJob_AreTheNewestTwenty()
    {
        await SubmitHeldAsync("x");
        for (var i = 0; i < 15; i++)
        {
            await PostAsync("/jobs/x/cancel", $$"""{"reason":"{{i}}"}""", "ops");
            await PostAsync("/jobs/x/retry", null, "ops");
        }

        var changes = (await StatusAsync("x")).GetProperty("changes").EnumerateArray().ToList();
        Assert.Equal(20, changes.Count);
        Assert.Equal("5", changes[0].Text("reason"));
        Assert.Equal("retried", changes[^1].Text("what"));
    }

    [Fact]
    public async Task AChangeOfARunningJob_IsKeptToItsEnd()
    {
        await PostAsync("/jobs", """{"type":"longtask","id":"x","args":{"steps":50,"stepMs":60000}}""", "ops");
        await Eventually.AnswersAsync(() => StatusAsync("x"), status => status.Text("state") == "PROGRESS");
        await PostAsync("/jobs/x/cancel", """{"reason":"Enough."}""", "second");
        var ended = await Eventually.AnswersAsync(() => StatusAsync("x"), status => status.Text("state") == "REVOKED");
        Assert.Equal(("cancelled", "second", "Enough."), Of(ended.GetProperty("changes")[0]));
    }

    [Fact]
    public async Task APausedQueue_SaysByWhom()
    {
        await PostAsync("/queues/mail/pause", """{"reason":"The server moves."}""", "second");
        var queue = (await JsonAsync(HttpMethod.Get, "/queues", null, "ops")).EnumerateArray().Single(queue => queue.Text("name") == "mail");
        Assert.Equal(("second", "The server moves."), (queue.Text("by"), queue.Text("reason")));
    }

    [Fact]
    public async Task EveryChange_IsALineOfTheLog_WithWhoWhatWhichAndWhy()
    {
        using var log = new AuditLog();
        await using var host = await GatewayHost.StartAsync(
            new Dictionary<string, string?>().With("ops", ["submit", "read", "operate"]).With("limited", ["operate"], "side"),
            configure: builder => builder.Services.AddLogging(logging => logging.AddFilter("OrleansJobs", LogLevel.Information).AddProvider(log)));
        var job = host.Grid.Add(new() { Id = "x", Type = "longtask", Queue = "default", Version = 1, Phase = JobPhase.Waiting });
        await host.Http.PostJsonAsync("/jobs/x/cancel", """{"reason":"Two\nlines"}""", KeySettings.Bearer("ops"));
        await host.Http.PostJsonAsync("/jobs/x/retry", """{"reason":"Again"}""", KeySettings.Bearer("ops"));
        await host.Http.PostJsonAsync("/jobs/x/retry", null!, KeySettings.Bearer("ops"));
        job.Succeed("1");
        await host.Http.SendJsonAsync(HttpMethod.Delete, "/jobs/x?reason=Tidy", null, KeySettings.Bearer("ops"));
        await host.Http.PostJsonAsync("/queues/side/pause", """{"reason":"Moves"}""", KeySettings.Bearer("limited"));
        await host.Http.PostJsonAsync("/queues/side/resume", """{"reason":"Moved"}""", KeySettings.Bearer("limited"));
        await host.Http.PostJsonAsync("/queues/default/pause", """{"reason":"Mischief"}""", KeySettings.Bearer("limited"));

        Assert.Equal(
            [
                ("ops", "cancel", "job x", "Done", "Two lines"), ("ops", "retry", "job x", "Done", "Again"), ("ops", "retry", "job x", "WrongState", ""),
                ("ops", "delete", "job x", "Done", "Tidy"), ("limited", "pause", "queue side", "Done", "Moves"), ("limited", "resume", "queue side", "Done", "Moved"),
            ],
            log.Lines.Select(line => (line["Who"], line["What"], line["Which"], line["Outcome"], line["Why"])));
        Assert.All(log.Lines, line => Assert.Equal("127.0.0.1", line["Address"]));
    }

    [Fact]
    public async Task AnAction_IsOneLine_WithWhatItIsDoneTo_AndTheJobThatDoesIt()
    {
        using var log = new AuditLog();
        await using var host = await GatewayHost.StartAsync(
            new Dictionary<string, string?>().With("ops", ["operate", "read"]), configure: builder => builder.Services.AddLogging(logging => logging.AddFilter("OrleansJobs", LogLevel.Information).AddProvider(log)));
        var begun = await (await host.Http.PostJsonAsync("/jobs:act", """{"action":"retry","filter":{"state":"FAILURE","args":"two\nlines"},"reason":"mended"}""", KeySettings.Bearer("ops"))).JsonAsync();
        var counted = await (await host.Http.PostJsonAsync("/jobs:act", """{"action":"delete","filter":{"tag.a":"b"},"dryRun":true}""", KeySettings.Bearer("ops"))).JsonAsync();
        var ids = await (await host.Http.PostJsonAsync("/jobs:act", """{"action":"cancel","ids":["a","b"]}""", KeySettings.Bearer("ops"))).JsonAsync();
        await host.Http.PostJsonAsync("/jobs:act", """{"action":"cancel","ids":[]}""", KeySettings.Bearer("ops"));
        Assert.Equal(
            [
                ("ops", "retry", "jobs with state=FAILURE, args=two lines", $"Accepted as job {begun.Text("id")}", "mended"), ("ops", "count to delete", "jobs with tag.a=b", $"Accepted as job {counted.Text("id")}", ""),
                ("ops", "cancel", "2 jobs", $"Accepted as job {ids.Text("id")}", ""),
            ],
            log.Lines.Select(line => (line["Who"], line["What"], line["Which"], line["Outcome"], line["Why"])));
    }

    /// <summary>A job that does not start, also where it is run again.</summary>
    private async Task SubmitHeldAsync(string id)
    {
        await PostAsync("/queues/held/pause", null, "ops");
        await PostAsync("/jobs", $$"""{"type":"longtask","id":"{{id}}","queue":"held"}""", "ops");
    }

    private static (string, string, string) Of(JsonElement change) => (change.Text("what"), change.Text("by"), change.Text("reason"));

    private Task<JsonElement> StatusAsync(string id) => JsonAsync(HttpMethod.Get, $"/jobs/{id}", null, "ops");

    private Task<JsonElement> PostAsync(string path, string? json, string key) => JsonAsync(HttpMethod.Post, path, json, key);

    private async Task<JsonElement> JsonAsync(HttpMethod method, string path, string? json, string key)
    {
        var answer = await _grid.Http.SendJsonAsync(method, path, json, KeySettings.Bearer(key));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.JsonAsync();
    }

    /// <summary>The lines of the audit, with their members.</summary>
    private sealed class AuditLog : ILoggerProvider
    {
        public ConcurrentQueue<Dictionary<string, string>> Lines { get; } = [];

        public ILogger CreateLogger(string category) => new Line(category.EndsWith(".Audit", StringComparison.Ordinal) ? Lines : null);

        public void Dispose()
        {
        }

        private sealed class Line(ConcurrentQueue<Dictionary<string, string>>? lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel level) => true;

            public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> format)
            {
                if (lines is null || state is not IReadOnlyList<KeyValuePair<string, object?>> members) return;
                Assert.DoesNotContain('\n', format(state, exception));
                lines.Enqueue(members.ToDictionary(member => member.Key, member => $"{member.Value}"));
            }
        }
    }
}
