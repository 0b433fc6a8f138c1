using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Flows;

/// <summary>Flows on a real grid: silos, partitions, letters and Redis.</summary>
public sealed class FlowClusterTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _steered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _signals = [];
    private TestGrid _grid = null!;
    private int _steps;

    public async Task InitializeAsync() => _grid = await TestGrid.StartAsync(silos: 2, jobs: (jobs, _) => Register(jobs));

    public async Task DisposeAsync() => await _grid.DisposeAsync();

    [Fact]
    public async Task AChainOfTen_GivesWhatItsLastJobGives()
    {
        var flow = await _grid.Jobs.SubmitAsync("chain", 10);
        Assert.Equal(10, await flow.ResultAsync<int>().WaitAsync(Patience));
        var status = await flow.GetStatusAsync();
        Assert.Equal((JobState.Success, true), (status.State, status.IsFlow));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task AFanOut_JoinsOnce(int count)
    {
        var flow = await _grid.Jobs.SubmitAsync("fan", count);
        Assert.Equal((long)count * (count + 1) / 2, await flow.ResultAsync<long>().WaitAsync(Patience));
    }

    [Fact]
    public async Task AStream_RunsSoManyAtATime()
    {
        var flow = await _grid.Jobs.SubmitAsync("stream", 50);
        Assert.Equal(50L * 51 / 2, await flow.ResultAsync<long>().WaitAsync(Patience));
    }

    [Fact]
    public async Task ASignalAndADelay_WakeTheFlow_WhichSaysWhatItWaitsFor()
    {
        var flow = await _grid.Jobs.SubmitAsync("patient", 0);
        await WaitsForAsync(flow, WaitReasons.Signal);
        var partition = _grid.Cluster.Client.GetGrain<IJobPartitionGrain>(JobIds.PartitionOf(flow.Id, TestGrid.Partitions));
        var signalled = TimeProvider.System.GetTimestamp();
        Assert.Equal(SignalOutcome.Accepted, (await partition.Signal(flow.Id, new JobSignal("go", "41"u8.ToArray(), "once"))).Outcome);
        Assert.Equal(SignalOutcome.Replayed, (await partition.Signal(flow.Id, new JobSignal("go", "41"u8.ToArray(), "once"))).Outcome);
        Assert.Equal(42, await flow.ResultAsync<int>().WaitAsync(Patience));
        Assert.True(TimeProvider.System.GetElapsedTime(signalled) >= TimeSpan.FromMilliseconds(500), "It did not wait as long as it was to.");
    }

    [Fact]
    public async Task AFailedChild_FailsTheFlow_WithItsError()
    {
        var flow = await _grid.Jobs.SubmitAsync("failing", "broken");
        var failed = await Assert.ThrowsAsync<JobFailedException>(() => flow.ResultAsync<int>().WaitAsync(Patience));
        Assert.Equal(nameof(ChildFailedException), failed.Error.Type);
        Assert.Contains("broken", failed.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFlowForEver_StartsAnew()
    {
        var flow = await _grid.Jobs.SubmitAsync("anew", 0);
        Assert.Equal(5, await flow.ResultAsync<int>().WaitAsync(Patience));
    }

    [Fact]
    public async Task AFlowInAFlow_IsAChildLikeOthers()
    {
        var flow = await _grid.Jobs.SubmitAsync("outer", 3);
        Assert.Equal(3 * 6, await flow.ResultAsync<long>().WaitAsync(Patience));
    }

    [Fact]
    public async Task AForeignAwait_FailsTheParkedFlow_ByName()
    {
        var flow = await _grid.Jobs.SubmitAsync("foreign", 0);
        await WaitsForAsync(flow, WaitReasons.Signal);
        _waits.SetResult();
        var failed = await Assert.ThrowsAsync<JobFailedException>(() => flow.ResultAsync<int>().WaitAsync(Patience));
        Assert.Equal(JobErrorCodes.ForeignAwait, failed.Error.Code);
    }

    [Fact]
    public async Task ADeadline_EndsAFlowThatWaits_AndReachesItsChildren()
    {
        var flow = await _grid.Jobs.SubmitAsync("hanging", 0, new() { DeadlineAfter = TimeSpan.FromSeconds(2) });
        var failed = await Assert.ThrowsAsync<JobFailedException>(() => flow.ResultAsync<int>().WaitAsync(Patience));
        Assert.Equal(JobErrorCodes.DeadlineExceeded, failed.Error.Code);
        var child = Assert.Single((await _grid.Grid.List(new() { Parent = flow.Id, Limit = 10 })).Jobs);
        Assert.Equal((await flow.GetStatusAsync()).DeadlineAt, child.DeadlineAt);
        // By its own deadline, or cancelled by its flow, whichever comes first.
        Assert.True((await _grid.Jobs.Get(child.Id).WaitAsync().WaitAsync(Patience)).IsFinished);
    }

    [Fact]
    public async Task ASiloThatDies_LosesNoStep_AndTheFlowGoesOn()
    {
        var flows = new List<JobHandle>();
        for (var i = 0; i < 10; i++) flows.Add(await _grid.Jobs.SubmitAsync("steps", i));
        foreach (var flow in flows) await WaitsForAsync(flow, WaitReasons.Signal);
        Assert.Equal(50, Volatile.Read(ref _steps));
        await _grid.Cluster.KillSiloAsync(_grid.Cluster.Silos[1]);
        foreach (var flow in flows) await SignalAsync(flow, "go");
        for (var i = 0; i < 10; i++) Assert.Equal((10 * i) + 55, await flows[i].ResultAsync<int>().WaitAsync(Patience));
        // Parked flows had no attempt that could die with the silo: what they remember is not run again.
        Assert.Equal(100, Volatile.Read(ref _steps));
    }

    [Fact]
    public async Task APlainHandler_IsSteeredBySignals_AndReadsWhatItFollowed()
    {
        var before = await _grid.Jobs.SubmitAsync("add", 41);
        await before.ResultAsync<int>().WaitAsync(Patience);
        var job = await _grid.Jobs.SubmitAsync("steered", before.Id);
        await SignalAsync(job, "more");
        await _steered.Task.WaitAsync(Patience);
        await SignalAsync(job, "enough");
        Assert.Equal("42 more,enough", await job.ResultAsync<string>().WaitAsync(Patience));
    }

    private void Register(JobGridBuilder jobs) => jobs
        .AddJob("add", (int n, JobContext _, CancellationToken _) => Task.FromResult(n + 1))
        .AddJob("steered", async (string before, JobContext job, CancellationToken cancellation) =>
        {
            var result = await job.ResultOfAsync<int>(before, cancellation);
            await foreach (var signal in job.SignalsAsync(cancellation))
            {
                _signals.Add(signal.Name);
                _steered.TrySetResult();
                if (signal.Name == "enough") break;
            }

            return $"{result} {string.Join(",", _signals)}";
        })
        .AddFlow("chain", async (int length, FlowContext flow, CancellationToken _) =>
        {
            var n = 0;
            for (var i = 0; i < length; i++) n = await flow.JobAsync<int>("add", "add", n);
            return n;
        })
        .AddFlow("fan", async (int count, FlowContext flow, CancellationToken _) =>
        {
            var sum = 0L;
            await foreach (var n in await flow.AllAsync("fan", Enumerable.Range(0, count), n => flow.Job<int>("add", n))) sum += n;
            return sum;
        })
        .AddFlow("stream", async (int count, FlowContext flow, CancellationToken _) =>
        {
            var sum = 0L;
            await foreach (var n in flow.EachAsync("each", Numbers(count), n => flow.Job<int>("add", n), atMost: 8)) sum += n;
            return sum;
        })
        .AddFlow("patient", async (int _, FlowContext flow, CancellationToken _) =>
        {
            var n = await flow.SignalAsync<int>("go", TimeSpan.FromHours(1));
            await flow.DelayAsync("pause", TimeSpan.FromMilliseconds(500));
            return await flow.JobAsync<int>("add", "add", n);
        })
        .AddFlow("hanging", async (int _, FlowContext flow, CancellationToken _) =>
            await flow.JobAsync<int>("wait", "endless") + await flow.SignalAsync<int>("never"))
        .AddJob("endless", (int? _, JobContext _, CancellationToken cancellation) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation))
        .AddFlow("failing", (string message, FlowContext flow, CancellationToken _) => flow.JobAsync<int>("child", "fail", message, new ChildOptions { Attempts = 1 }))
        .AddFlow("anew", async (int n, FlowContext flow, CancellationToken _) =>
        {
            n = await flow.JobAsync<int>("add", "add", n);
            if (n < 5) await flow.StartAnewAsync(n);
            return n;
        })
        .AddFlow("outer", async (int count, FlowContext flow, CancellationToken _) =>
            (await (await flow.AllAsync("inner", Enumerable.Repeat(3, count), n => flow.Job<long>("fan", n))).ToArrayAsync()).Sum())
        .AddFlow("foreign", async (int _, FlowContext flow, CancellationToken _) =>
        {
            await Task.WhenAny(flow.SignalAsync<int>("never"), _waits.Task);
            return 0;
        })
        .AddFlow("steps", async (int n, FlowContext flow, CancellationToken _) =>
        {
            var sum = 0;
            for (var i = 1; i <= 10; i++)
            {
                var turn = i;
                sum += await flow.StepAsync("step", () =>
                {
                    Interlocked.Increment(ref _steps);
                    return Task.FromResult(n + turn);
                });
                if (i == 5) await flow.SignalAsync<int>("go");
            }

            return sum;
        });

    private static async IAsyncEnumerable<int> Numbers(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }

    private async Task SignalAsync(JobHandle job, string name)
    {
        var partition = _grid.Cluster.Client.GetGrain<IJobPartitionGrain>(JobIds.PartitionOf(job.Id, TestGrid.Partitions));
        var deadline = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                Assert.Contains((await partition.Signal(job.Id, new JobSignal(name, "1"u8.ToArray(), name))).Outcome, (SignalOutcome[])[SignalOutcome.Accepted, SignalOutcome.Replayed]);
                return;
            }
            catch (Exception exception) when (TransientFailure.Is(exception, default) && TimeProvider.System.GetElapsedTime(deadline) < Patience)
            {
                // Its partition opens elsewhere.
            }
        }
    }

    private static async Task WaitsForAsync(JobHandle job, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var status in job.WatchAsync(patience.Token))
        {
            if (status.WaitingFor.Any(reason => reason.What == what)) return;
            Assert.False(status.IsFinished, $"It has ended as {status.State}: {status.Error}");
        }
    }
}
