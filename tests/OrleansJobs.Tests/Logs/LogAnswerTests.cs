using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Gateway.Guarding;

namespace OrleansJobs.Tests.Logs;

/// <summary>Who waits for lines, for how long, and what of them a caller gets whose job has become another's meanwhile.</summary>
public sealed class LogAnswerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly DateTimeOffset Submitted = DateTimeOffset.UnixEpoch.AddDays(1);

    [Fact]
    public async Task LinesOfAJobThatWasMovedAway_AreNotForAKeyOfItsQueueBefore()
    {
        await using var host = await LimitedAsync();
        host.Grid.Logs = (_, _) => Page("other", "secret");
        using var plain = await host.Http.GetAsync("/jobs/x/logs", KeySettings.Bearer("mail"));
        using var waiting = await host.Http.GetAsync("/jobs/x/logs?after=0&wait=20", KeySettings.Bearer("mail"));
        using var stream = await host.Http.GetAsync("/jobs/x/logs", KeySettings.Bearer("mail"), ("Accept", "text/event-stream"));
        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.NotFound], [plain.StatusCode, waiting.StatusCode, stream.StatusCode]);
        host.Grid.Logs = (_, _) => Page("mail", "own");
        using var own = await host.Http.GetAsync("/jobs/x/logs?after=0&wait=20", KeySettings.Bearer("mail"));
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Theory]
    [InlineData("other", 0)]
    [InlineData("mail", 1)]
    public async Task AStream_EndsWhereTheJobIsAnothers(string queue, int submittedLater)
    {
        await using var host = await LimitedAsync();
        host.Grid.Logs = (after, _) => after == 0 ? Page("mail", "own") : Page(queue, "secret", submittedLater);
        using var answer = await host.Http.GetAsync("/jobs/x/logs", KeySettings.Bearer("mail"), ("Accept", "text/event-stream"));
        var all = await answer.Content.ReadAsStringAsync().WaitAsync(Patience);
        Assert.Contains("own", all, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWait_IsTaken_InSlices_AndEndsWithAnotherJobOfTheId()
    {
        await using var host = await GatewayHost.StartAsync();
        var waits = new ConcurrentQueue<TimeSpan>();
        host.Grid.Logs = (_, wait) =>
        {
            waits.Enqueue(wait);
            return waits.Count < 3 ? Page("default", null) : Page("default", "new", submittedLater: 1);
        };
        using var answer = await host.Http.GetAsync("/jobs/x/logs?after=0&wait=20");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(3, waits.Count);
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task BeyondTheBound_NobodyWaits()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:MaxWaits"] = "0" });
        TimeSpan? waited = null;
        host.Grid.Logs = (_, wait) =>
        {
            waited = wait;
            return Page("default", null);
        };
        using var answer = await host.Http.GetAsync("/jobs/x/logs?after=0&wait=20");
        Assert.Equal((HttpStatusCode.OK, TimeSpan.Zero), (answer.StatusCode, waited));
    }

    [Fact]
    public async Task WhoHangsUp_CountsForAsLongAsThePartitionWaits()
    {
        await using var host = await GatewayHost.StartAsync();
        var waits = host.App.Services.GetRequiredService<JobWaits>();
        var (asked, answered) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource<JobLogPage?>());
        host.Grid.Logs = (_, _) =>
        {
            asked.TrySetResult();
            return answered.Task;
        };
        using var hangUp = new CancellationTokenSource();
        var request = host.Http.GetAsync(new Uri("/jobs/x/logs?after=0&wait=20", UriKind.Relative), hangUp.Token);
        await asked.Task.WaitAsync(Patience);
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        Assert.Equal(1, waits.Waiting);
        answered.SetResult(null);
        await Eventually.IsTrueAsync(() => waits.Waiting == 0);
    }

    [Fact]
    public async Task AGatewayThatStops_AnswersWhoWaits()
    {
        await using var host = await GatewayHost.StartAsync();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Grid.Logs = (_, wait) =>
        {
            asked.TrySetResult();
            return wait == TimeSpan.Zero ? Page("default", null) : new TaskCompletionSource<JobLogPage?>().Task;
        };
        var request = host.Http.GetAsync("/jobs/x/logs?after=0&wait=20");
        await asked.Task.WaitAsync(Patience);
        host.App.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        // Sooner than the wait would have ended.
        using var answer = await request.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task<GatewayHost> LimitedAsync()
    {
        var host = await GatewayHost.StartAsync(new Dictionary<string, string?>().With("mail", ["read"], "mail"));
        host.Grid.Add(new() { Id = "x", Type = "longtask", Queue = "mail", Version = 1 });
        return host;
    }

    private static Task<JobLogPage?> Page(string queue, string? text, int submittedLater = 0) => Task.FromResult<JobLogPage?>(new JobLogPage
    {
        Lines = text is null ? [] : [new JobLogLine { Number = 1, Text = text }], Next = text is null ? 0 : 1, Queue = queue, SubmittedAt = Submitted.AddMilliseconds(submittedLater),
    });
}
