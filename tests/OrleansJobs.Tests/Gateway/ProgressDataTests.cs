using System.Text.Json;
using System.Threading.Channels;

namespace OrleansJobs.Tests.Gateway;

/// <summary>What a C# handler says beside its bar, as pages see it: in the status and in the stream of events.</summary>
public sealed class ProgressDataTests : IAsyncLifetime
{
    private readonly GridHost _grid = new();
    private readonly Channel<Action<JobContext>?> _steps = Channel.CreateUnbounded<Action<JobContext>?>();
    private string _job = "";

    public async Task InitializeAsync()
    {
        await _grid.StartAsync([], jobs => jobs.AddJob("steps", async (object? _, JobContext job, CancellationToken cancellation) =>
        {
            while (await _steps.Reader.ReadAsync(cancellation) is { } step) step(job);
            return "done";
        }));
        using var accepted = await _grid.Http.PostJsonAsync("/jobs/steps", "null");
        _job = (await accepted.JsonAsync()).Text("id");
    }

    public Task DisposeAsync() => _grid.DisposeAsync();

    [Fact]
    public async Task Data_GoesWithTheProgress_AndStaysUntilThereIsAnother()
    {
        using var events = await EventStream.OpenAsync(_grid.Http, $"/jobs/{_job}/events");
        Say(job => job.Report(1, 4, "Sawing", new { Done = new[] { "leg" } }));
        var first = await UntilAsync(events, job => Current(job) == 1);
        Assert.Equal(("Sawing", """{"done":["leg"]}"""), (first.Text("status"), Data(first)));
        Assert.Equal("""{"done":["leg"]}""", Data(await StatusAsync()));

        Say(job => job.Report(2, 4, "Gluing"));
        var second = await UntilAsync(events, job => Current(job) == 2);
        Assert.Equal(("Gluing", """{"done":["leg"]}"""), (second.Text("status"), Data(second)));

        // As long as it may be, and the message stays.
        var longest = new string('x', JobLimits.MaxProgressData - 2);
        Say(job => job.Report(3, 4, null, longest));
        var third = await UntilAsync(events, job => Current(job) == 3);
        Assert.Equal(("Gluing", longest), (third.Text("status"), third.Text("data")));

        Say(job => job.Report<object?>(4, 4, null, null));
        Assert.Equal("null", Data(await UntilAsync(events, job => Current(job) == 4)));

        Say(job => job.Report(4, 4, "Dry", 7));
        Say(null);
        var end = await UntilAsync(events, job => job.Text("state") == "SUCCESS");
        Assert.Equal(("7", "done"), (Data(end), end.Text("result")));
        Assert.Null(await events.NextAsync());
        Assert.Equal("7", Data(await StatusAsync()));
    }

    [Fact]
    public async Task Data_ThatIsTooLong_IsRefused_AndChangesNothing()
    {
        using var events = await EventStream.OpenAsync(_grid.Http, $"/jobs/{_job}/events");
        var refused = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Say(job => job.Report(1, 2, "Short", "fits"));
        Say(job => refused.SetResult(Record.Exception(() => job.Report(2, 2, "Long", new string('x', JobLimits.MaxProgressData - 1)))));
        Assert.IsType<ArgumentException>(await refused.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        Say(null);

        var end = await UntilAsync(events, job => job.Text("state") == "SUCCESS");

        Assert.Equal((1, "\"fits\""), (Current(end), Data(end)));
    }

    [Fact]
    public async Task WithoutData_NoneIsShown()
    {
        using var events = await EventStream.OpenAsync(_grid.Http, $"/jobs/{_job}/events");
        Say(job => job.Report(1, 2, "Plain"));
        Assert.False((await UntilAsync(events, job => Current(job) == 1)).TryGetProperty("data", out _));
        Say(null);
    }

    private void Say(Action<JobContext>? step) => Assert.True(_steps.Writer.TryWrite(step));

    private async Task<JsonElement> StatusAsync()
    {
        using var answer = await _grid.Http.GetAsync($"/jobs/{_job}");
        return await answer.JsonAsync();
    }

    private static async Task<JsonElement> UntilAsync(EventStream events, Func<JsonElement, bool> wanted)
    {
        while (await events.NextAsync() is { } next)
        {
            if (wanted(next.Job)) return next.Job;
        }

        throw new InvalidOperationException("The events ended.");
    }

    private static long Current(JsonElement job) => job.GetProperty("current").GetInt64();

    private static string Data(JsonElement job) => job.GetProperty("data").GetRawText();
}
