using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansJobs.Tests.Gateway;

/// <summary>What a flow did on its way, and what came for it, in its timeline over HTTP.</summary>
public sealed class FlowTimelineTests : IAsyncLifetime
{
    private readonly GridHost _grid = new();

    public Task InitializeAsync() => _grid.StartAsync([], jobs => jobs
        .AddFlow("order", async (object? _, FlowContext flow, CancellationToken _) =>
        {
            await flow.StepAsync("charge", () => Task.FromResult("a secret"));
            try
            {
                await flow.StepAsync("gift", () => Task.FromException<int>(new InvalidOperationException("none left")));
            }
            catch (StepFailedException)
            {
                // It goes without.
            }

            await flow.SignalAsync<int>("approved");
            await flow.JobAsync<JsonElement>("pack", "longtask", new { steps = 1, stepMs = 1 });
        })
        .AddFlow("wide", async (object? _, FlowContext flow, CancellationToken _) =>
            await Task.WhenAll(Enumerable.Range(0, FlowPast.MostTold + 20).Select(i => flow.JobAsync<JsonElement>($"child-{i:000}", "longtask", new { steps = 1, stepMs = 1 }, new() { Queue = "held" }))))
        .AddFlow("long", async (object? _, FlowContext flow, CancellationToken _) =>
        {
            for (var i = 0; i < FlowPast.MostTold + 20; i++) await flow.StepAsync($"step-{i:000}", () => Task.FromResult(i));
        }));

    public Task DisposeAsync() => _grid.DisposeAsync();

    [Fact]
    public async Task AFlow_TellsOfItsSteps_ItsChildren_AndItsSignals()
    {
        await _grid.Http.PostJsonAsync("/jobs", """{"type":"order","id":"o1"}""");
        await Eventually.AnswersAsync(async () => await (await _grid.Http.GetAsync("/jobs/o1")).JsonAsync(), job => job.TryGetProperty("waitingFor", out var reasons) && reasons[0].Text("what") == "signal");
        using var signalled = await _grid.Http.PostJsonAsync("/jobs/o1/signals/approved", "7");
        Assert.Equal(HttpStatusCode.Accepted, signalled.StatusCode);
        var ended = await (await _grid.Http.GetAsync("/jobs/o1", ("Prefer", "wait=30"))).JsonAsync();
        Assert.True(ended.Text("state") == "SUCCESS", ended.GetRawText());

        var timeline = await TimelineAsync("o1");
        var told = timeline.GetProperty("entries").EnumerateArray().Where(entry => entry.TryGetProperty("name", out _)).ToList();
        Assert.Equal(["step charge", "step gift", "signal approved", "childStarted pack", "childEnded pack"], told.Select(entry => $"{entry.Text("what")} {entry.Text("name")}"));
        Assert.Equal("none left", told[1].GetProperty("error").Text("message"));
        Assert.False(told[2].TryGetProperty("detail", out _));
        Assert.Equal(("SUCCESS", told[3].Text("job")), (told[4].Text("detail"), told[4].Text("job")));
        Assert.Equal("longtask", (await (await _grid.Http.GetAsync($"/jobs/{told[3].Text("job")}")).JsonAsync()).Text("type"));
        Assert.DoesNotContain("a secret", timeline.GetRawText(), StringComparison.Ordinal);
        Assert.False(timeline.TryGetProperty("more", out _));
        Assert.Equal("ended", timeline.GetProperty("entries").EnumerateArray().Last().Text("what"));

        var client = new JobClient(_grid.Services.GetRequiredService<IClusterClient>(), TimeProvider.System);
        Assert.Equal(timeline.GetProperty("entries").EnumerateArray().Select(entry => entry.Text("what")), (await client.Get("o1").GetTimelineAsync()).Select(entry => entry.What));
    }

    [Fact]
    public async Task AFlowOfManySteps_TellsTheNewest()
    {
        await _grid.Http.PostJsonAsync("/jobs", """{"type":"long","id":"l1"}""");
        var ended = await (await _grid.Http.GetAsync("/jobs/l1", ("Prefer", "wait=30"))).JsonAsync();
        Assert.True(ended.Text("state") == "SUCCESS", ended.GetRawText());
        var timeline = await TimelineAsync("l1");
        Assert.True(timeline.GetProperty("more").GetBoolean());
        Assert.Equal(
            Enumerable.Range(20, FlowPast.MostTold).Select(i => $"step-{i:000}"),
            timeline.GetProperty("entries").EnumerateArray().Where(entry => entry.Text("what") == "step").Select(entry => entry.Text("name")));
    }

    [Fact]
    public async Task AFlowOfManyChildren_TellsTheNewest_AndThatThereAreOthers()
    {
        using var paused = await _grid.Http.PostJsonAsync("/queues/held/pause", "{}");
        await _grid.Http.PostJsonAsync("/jobs", """{"type":"wide","id":"w1"}""");
        await Eventually.AnswersAsync(async () => await (await _grid.Http.GetAsync("/jobs/w1")).JsonAsync(), job => job.TryGetProperty("waitingFor", out var reasons) && reasons[0].Text("what") == "children");
        var timeline = await TimelineAsync("w1");
        var told = timeline.GetProperty("entries").EnumerateArray().Where(entry => entry.Text("what") == "childStarted").Select(entry => entry.Text("name")).ToList();
        Assert.True(timeline.TryGetProperty("more", out var more) && more.GetBoolean(), timeline.GetRawText());
        Assert.Equal($"child-{FlowPast.MostTold + 19}", told[^1]);
        Assert.Equal(told.Order(), told);
        Assert.DoesNotContain("child-000", told);
        using var resumed = await _grid.Http.PostJsonAsync("/queues/held/resume", "{}");
        Assert.Equal("SUCCESS", (await (await _grid.Http.GetAsync("/jobs/w1", ("Prefer", "wait=30"))).JsonAsync()).Text("state"));
    }

    [Fact]
    public async Task ASignalThatNobodyHasRead_IsToldAsThat()
    {
        await _grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"plain","args":{"steps":1,"stepMs":1},"countdown":3600}""");
        Assert.DoesNotContain((await TimelineAsync("plain")).GetProperty("entries").EnumerateArray(), entry => entry.Text("what") == "signal");
        using var signalled = await _grid.Http.PostJsonAsync("/jobs/plain/signals/news", "1");
        var signal = Assert.Single((await TimelineAsync("plain")).GetProperty("entries").EnumerateArray(), entry => entry.Text("what") == "signal");
        Assert.Equal(("news", "unread"), (signal.Text("name"), signal.Text("detail")));
    }

    private async Task<JsonElement> TimelineAsync(string id)
    {
        using var answer = await _grid.Http.GetAsync($"/jobs/{id}/timeline");
        return await answer.JsonAsync();
    }
}
