using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Flows;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Telemetry;

/// <summary>A flow's children belong to its trace, in whichever of its attempts they were started.</summary>
public sealed class FlowTracingTests : IDisposable
{
    private const string Submit = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string Trace = "1af7651916cd43dd8448eb211c80319c";

    private readonly FlowTime _time = new();
    private readonly FlowWorld _world;
    private readonly ConcurrentQueue<Activity> _attempts = [];
    private ActivityListener? _listener;

    public FlowTracingTests() => _world = new FlowWorld(1, _time);

    public void Dispose() => _listener?.Dispose();

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Children_AreOfTheTraceOfTheirFlow_AlsoAfterItWasParked(bool isListenedTo)
    {
        if (isListenedTo) Listen();
        using var flow = new FlowHarness(grid => grid.AddFlow("flow", async (object? _, FlowContext flow, CancellationToken _) =>
            await flow.JobAsync<int>("first", "work", 1) + await flow.JobAsync<int>("second", "work", 2)), _world, _time);
        static Lease Traced(Lease lease) => lease with { TraceParent = Submit };
        Assert.Equal(ReportKind.Parked, (await flow.AttemptAsync(with: Traced)).Kind);
        Assert.True(_world.EndChild("first"));
        Assert.Equal(ReportKind.Parked, (await flow.AttemptAsync(with: Traced)).Kind);

        var parents = _world.Children.Select(child => ActivityContext.Parse(child.Job.TraceParent!, null)).ToArray();
        Assert.Equal(2, parents.Length);
        Assert.All(parents, parent => Assert.Equal(Trace, parent.TraceId.ToHexString()));
        if (!isListenedTo) return;
        // Each of the attempt that started it.
        Assert.Equal(_attempts.Where(attempt => attempt.TraceId.ToHexString() == Trace).Select(attempt => attempt.SpanId).Distinct(), parents.Select(parent => parent.SpanId));
    }

    private void Listen()
    {
        _listener = new()
        {
            ShouldListenTo = source => source.Name == JobTracing.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = _attempts.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }
}
