using System.Text;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>Results of children that cannot be read for longer than anybody waits: no matter of the flow's own code, which would take it for a failure.</summary>
public sealed class FlowOutageTests : IDisposable
{
    private readonly FlowTime _time = new();
    private readonly FlowWorld _world;
    private readonly List<string> _caught = [];
    private FlowHarness? _flow;

    public FlowOutageTests() => _world = new FlowWorld(1, _time) { ElsewhereShare = 100 };

    public void Dispose() => _flow?.Dispose();

    [Theory]
    [InlineData("one"), InlineData("all"), InlineData("each"), InlineData("step")]
    public async Task AnOutageOfMinutes_PostponesTheFlow_AndIsNotCaughtByIt(string how)
    {
        using var flow = _flow = new FlowHarness(grid => grid.AddFlow("flow", (object? _, FlowContext flow, CancellationToken _) => SumAsync(flow, how)), _world, _time);
        await UntilAwakeAsync(flow);
        var begun = _time.GetUtcNow();
        _world.AreAway = () => _time.GetUtcNow() < begun + TimeSpan.FromMinutes(3);
        var ending = await flow.AttemptAsync();
        Assert.Equal(ReportKind.Postponed, ending.Kind);
        Assert.Null(ending.Error);

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal("7", Encoding.UTF8.GetString((await flow.RunAsync()).Result!));
        Assert.Empty(_caught);
        Assert.DoesNotContain(_world.Children, child => child.Name == "compensate");
        Assert.DoesNotContain(_world.Events, told => told.Error is not null);
    }

    /// <summary>A type that allows itself 20 s of silence is not silent while the grid is.</summary>
    [Theory]
    [InlineData("one"), InlineData("all"), InlineData("each")]
    public async Task AnOutage_IsNoSilenceOfTheFlows(string how)
    {
        using var flow = _flow = new FlowHarness(
            grid => grid.AddFlow("flow", (object? _, FlowContext flow, CancellationToken _) => SumAsync(flow, how), options => options.StalledAfter = TimeSpan.FromSeconds(20)), _world, _time);
        await UntilAwakeAsync(flow);
        var begun = _time.GetUtcNow();
        _world.AreAway = () => _time.GetUtcNow() < begun + TimeSpan.FromMinutes(1);
        Assert.Equal("7", Encoding.UTF8.GetString((await flow.RunAsync()).Result!));
        Assert.True(_time.GetUtcNow() >= begun + TimeSpan.FromMinutes(1));
        Assert.DoesNotContain(flow.Endings, ending => ending.Error is not null);
    }

    private async Task UntilAwakeAsync(FlowHarness flow)
    {
        var park = (await flow.AttemptAsync()).Park!;
        while (!_world.IsAwake(park)) Assert.True(_world.EndChild());
    }

    private async Task<int> SumAsync(FlowContext flow, string how)
    {
        try
        {
            return how switch
            {
                "one" => await flow.JobAsync<int>("seven", "work", 7),
                "all" => (await (await AllAsync(flow)).ToArrayAsync()).Sum(),
                "step" => await StepAsync(flow, await AllAsync(flow)),
                _ => await EachAsync(flow),
            };
        }
        catch (Exception exception)
        {
            _caught.Add(exception.ToString());
            return await flow.JobAsync<int>("compensate", "work", -1);
        }
    }

    private static Task<FlowResults<int>> AllAsync(FlowContext flow) => flow.AllAsync("all", [3, 4], n => flow.Job<int>("work", n));

    private static Task<int> StepAsync(FlowContext flow, FlowResults<int> all) => flow.StepAsync("sum", async () => (await all.ToArrayAsync()).Sum());

    private static async Task<int> EachAsync(FlowContext flow)
    {
        var sum = 0;
        await foreach (var n in flow.EachAsync("each", Items(), n => flow.Job<int>("work", n))) sum += n;
        return sum;
    }

    private static async IAsyncEnumerable<int> Items()
    {
        await Task.CompletedTask;
        yield return 3;
        yield return 4;
    }
}
