using System.Text;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>Streams of many items: what fails among them, and what it costs to come back to where the flow was.</summary>
public sealed class EachTests
{
    private readonly FlowTime _time = new();

    [Fact]
    public async Task AFlowThatRunsAgain_ReadsWhatItHasTakenBefore_ByThePage()
    {
        var world = new FlowWorld(1, _time);
        using var flow = Flow(world, async flow =>
        {
            var sum = 0;
            await foreach (var n in flow.EachAsync("each", Items(400), n => flow.Job<int>("work", n), atMost: 40)) sum += n;
            return sum;
        });
        Assert.Equal($"{Enumerable.Range(0, 400).Sum()}", Text(await flow.RunAsync()));
        // One by one it would be more than ten thousand.
        Assert.True(world.ChildReads < 4000, $"{world.ChildReads} reads");
    }

    private static async IAsyncEnumerable<int> Items(int count)
    {
        await Task.CompletedTask;
        for (var i = 0; i < count; i++) yield return i;
    }

    private FlowHarness Flow(FlowWorld world, Func<FlowContext, Task<int>> run) =>
        new(grid => grid.AddFlow("flow", (object? _, FlowContext flow, CancellationToken _) => run(flow)), world, _time);

    private static string Text(AttemptEnding ending)
    {
        Assert.True(ending.Kind is ReportKind.Succeeded, $"{ending.Kind}: {ending.Error}");
        return Encoding.UTF8.GetString(ending.Result!);
    }
}
