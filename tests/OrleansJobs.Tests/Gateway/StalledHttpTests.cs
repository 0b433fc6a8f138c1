using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Jobs whose handlers say nothing new, as pages see them, on a real grid.</summary>
public sealed class StalledHttpTests : IAsyncLifetime
{
    private readonly GridHost _grid = new();
    private readonly TaskCompletionSource<JobContext> _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _return = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task InitializeAsync() => _grid.StartAsync([], jobs => jobs
        .AddJob("silent", async (object? _, JobContext job, CancellationToken cancellation) =>
        {
            if (job.Attempt == 1) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            return "done";
        }, options => (options.StalledAfter, options.Retry) = (TimeSpan.FromSeconds(0.5), new RetryPolicy { Attempts = 2, FirstDelay = TimeSpan.FromMilliseconds(1) }))
        .AddJob("slow", async (object? _, JobContext job, CancellationToken cancellation) =>
        {
            _running.SetResult(job);
            await _return.Task.WaitAsync(cancellation);
            return "done";
        }));

    public Task DisposeAsync() => _grid.DisposeAsync();

    [Fact]
    public async Task AnAttemptThatStalls_CountsAsFailed_AndIsRunAgain()
    {
        var again = await RunAsync("""{"type":"silent","id":"again"}""");
        Assert.Equal(("SUCCESS", 2, 2), (again.Text("state"), again.GetProperty("attempt").GetInt32(), again.GetProperty("maxAttempts").GetInt32()));
        Assert.Equal("stalled", again.GetProperty("attempts")[0].GetProperty("error").Text("code"));

        var once = await RunAsync("""{"type":"silent","id":"once","attempts":1}""");
        Assert.Equal(("FAILURE", "stalled", "stalled"), (once.Text("state"), once.GetProperty("error").Text("code"), once.GetProperty("attempts")[0].Text("outcome")));
        var told = await (await _grid.Http.GetAsync("/jobs/once/timeline")).JsonAsync();
        Assert.Contains(told.GetProperty("entries").EnumerateArray(), entry => entry.Text("what") == "stalled");
        // By hand it has another attempt, whose number is the last there may be.
        using var retried = await _grid.Http.PostAsync("/jobs/once/retry", null);
        var ended = await (await _grid.Http.GetAsync("/jobs/once", ("Prefer", "wait=30"))).JsonAsync();
        Assert.Equal(("SUCCESS", 2, 2), (ended.Text("state"), ended.GetProperty("attempt").GetInt32(), ended.GetProperty("maxAttempts").GetInt32()));
    }

    [Fact]
    public async Task AJobThatSaysNothingNew_SaysSo_UntilItDoes()
    {
        await _grid.Http.PostJsonAsync("/jobs", """{"type":"slow","id":"quiet"}""");
        var job = await _running.Task.WaitAsync(TimeSpan.FromSeconds(30));
        job.Report(1, 2, "sawing");
        var quiet = await Eventually.AnswersAsync(() => StatusAsync("/jobs/quiet"), status => StalledFor(status) is not null);
        Assert.InRange(StalledFor(quiet)!.Value, 10, 30);
        await Eventually.AnswersAsync(() => StatusAsync("/stats"), stats => stats.GetProperty("silos")[0].GetProperty("jobs").EnumerateArray().Any(held => held.Text("id") == "quiet" && held.TryGetProperty("stalledSeconds", out _)));
        // A line of its log goes another way than progress does.
        job.Log(JobLogLevel.Information, "still here");
        var heard = await Eventually.AnswersAsync(() => StatusAsync("/jobs/quiet"), status => StalledFor(status) is null);
        Assert.Equal("PROGRESS", heard.Text("state"));
        _return.SetResult();
        var ended = await (await _grid.Http.GetAsync("/jobs/quiet", ("Prefer", "wait=30"))).JsonAsync();
        Assert.Equal(("SUCCESS", false), (ended.Text("state"), ended.TryGetProperty("stalledFor", out _)));
    }

    private static int? StalledFor(JsonElement job) => job.TryGetProperty("stalledFor", out var seconds) ? seconds.GetInt32() : null;

    private async Task<JsonElement> StatusAsync(string path)
    {
        using var answer = await _grid.Http.GetAsync(path);
        return await answer.JsonAsync();
    }

    private async Task<JsonElement> RunAsync(string body)
    {
        using var accepted = await _grid.Http.PostJsonAsync("/jobs", body);
        using var ended = await _grid.Http.GetAsync($"/jobs/{(await accepted.JsonAsync()).Text("id")}", ("Prefer", "wait=30"));
        return await ended.JsonAsync();
    }
}
