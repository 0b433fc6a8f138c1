using System.Text;
using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>What flows await, piece by piece, and what becomes of those that await otherwise.</summary>
public class FlowRunTests
{
    private readonly FlowTime _time = new();
    private readonly FlowWorld _world;

    public FlowRunTests() => _world = new FlowWorld(1, _time);

    [Fact]
    public async Task AStep_RunsOnce_HoweverOftenTheFlowRuns()
    {
        var runs = 0;
        using var flow = Flow(async (flow, _) =>
        {
            var first = await flow.StepAsync("first", () => Task.FromResult(++runs));
            await flow.DelayAsync("pause", TimeSpan.FromDays(1));
            return first + await flow.StepAsync("second", () => Task.FromResult(++runs * 10));
        });
        Assert.Equal("21", Text(await flow.RunAsync()));
        Assert.Equal((2, ReportKind.Parked), (runs, flow.Endings[0].Kind));
    }

    [Fact]
    public async Task AParkedFlow_RunsNoCatchAndNoFinally_AndItsScopeIsDisposed()
    {
        var log = new List<string>();
        using var flow = Flow(async (flow, _) =>
        {
            try
            {
                await flow.JobAsync<int>("child", "work", 1);
                log.Add("done");
            }
            catch (Exception)
            {
                log.Add("catch");
            }
            finally
            {
                log.Add("finally");
            }

            return 0;
        });
        Assert.Equal(ReportKind.Parked, (await flow.AttemptAsync()).Kind);
        Assert.Empty(log);
        await flow.RunAsync();
        Assert.Equal(["done", "finally"], log);
    }

    [Fact]
    public async Task AStepThatThrows_ThrowsTheSame_InEveryRun()
    {
        var seen = new List<(string, string, bool)>();
        using var flow = Flow(async (flow, _) =>
        {
            try
            {
                await flow.StepAsync("bad", Task<int> () => throw new InvalidDataException("broken"));
            }
            catch (StepFailedException failed)
            {
                seen.Add((failed.Message, failed.Error.Type!, failed.InnerException is InvalidDataException));
            }

            await flow.DelayAsync("pause", TimeSpan.FromDays(1));
            return 0;
        });
        await flow.RunAsync();
        Assert.Equal([("Step 'bad' failed with InvalidDataException: broken", "InvalidDataException", true), ("Step 'bad' failed with InvalidDataException: broken", "InvalidDataException", false)], seen);
    }

    [Fact]
    public async Task AStepWithAttempts_IsRepeated_AndOnlyItsLastWordIsRemembered()
    {
        var runs = 0;
        using var flow = Flow((flow, _) => flow.StepAsync("shaky", () => ++runs < 3 ? throw new IOException() : Task.FromResult(runs), new StepOptions { Attempts = 5 }));
        Assert.Equal("3", Text(await flow.RunAsync()));
        Assert.Single(_world.Events);
    }

    [Fact]
    public async Task AStepThatWantsToRunLater_PutsTheFlowOff_AndIsNotRemembered()
    {
        var runs = 0;
        using var flow = Flow((flow, _) => flow.StepAsync("busy", () => ++runs < 2 ? throw new RetryLaterException(TimeSpan.FromMinutes(5)) : Task.FromResult(runs)));
        var ending = await flow.AttemptAsync();
        Assert.Equal((ReportKind.Postponed, TimeSpan.FromMinutes(5)), (ending.Kind, ending.Delay));
        Assert.Equal("2", Text(await flow.RunAsync()));
    }

    [Fact]
    public async Task WhatAStepReturns_IsWhatItsJsonSays_InTheFirstRunToo()
    {
        using var flow = Flow(async (flow, _) => (await flow.StepAsync("box", () => Task.FromResult(new Box { Kept = 1, NotKept = 2 }))).NotKept);
        Assert.Equal("0", Text(await flow.RunAsync()));
    }

    [Fact]
    public async Task NamesThatRepeat_AreCounted()
    {
        using var flow = Flow(async (flow, _) =>
        {
            var sum = 0;
            for (var i = 1; i <= 3; i++) sum += await flow.JobAsync<int>("add", "work", i);
            return sum;
        });
        Assert.Equal("6", Text(await flow.RunAsync()));
        Assert.Equal(["add", "add#2", "add#3"], _world.Events.Select(told => told.Name));
    }

    [Fact]
    public async Task ANameUsedTwiceAtTheSameTime_FailsTheFlow_WhateverItCatches()
    {
        using var flow = Flow(async (flow, _) =>
        {
            try
            {
                await Task.WhenAll(flow.JobAsync<int>("same", "work", 1), flow.JobAsync<int>("same", "work", 2));
            }
            catch (Exception)
            {
            }

            return 0;
        });
        var ending = await flow.RunAsync();
        Assert.Equal((ReportKind.Failed, JobErrorCodes.NameInUse), (ending.Kind, ending.Error?.Code));
        Assert.Contains("'same'", ending.Error!.Message);
    }

    [Fact]
    public async Task ARememberedValueThatDoesNotFitAnyMore_FailsTheFlow_AndSaysWhich()
    {
        using (var before = Flow(async (flow, _) =>
        {
            await flow.StepAsync("total", () => Task.FromResult("text"));
            await flow.DelayAsync("pause", TimeSpan.FromDays(1));
            return 0;
        })) await before.AttemptAsync();

        using var after = Flow(async (flow, _) =>
        {
            try
            {
                return await flow.StepAsync("total", () => Task.FromResult(1));
            }
            catch (Exception)
            {
                return -1;
            }
        });
        var ending = await after.AttemptAsync();
        Assert.Equal((ReportKind.Failed, JobErrorCodes.DoesNotFit), (ending.Kind, ending.Error?.Code));
        Assert.Contains("'total'", ending.Error!.Message);
    }

    [Fact]
    public async Task StepsThatAreAddedRemovedAndReordered_FindWhatIsRemembered()
    {
        var runs = new List<string>();
        Task<int> Step(FlowContext flow, string name) => flow.StepAsync(name, () =>
        {
            runs.Add(name);
            return Task.FromResult(name[0] - 'a');
        });
        using (var before = Flow(async (flow, _) =>
        {
            await Step(flow, "a");
            await Step(flow, "b");
            await Step(flow, "c");
            await flow.DelayAsync("pause", TimeSpan.FromDays(1));
            return 0;
        })) await before.AttemptAsync();

        using var after = Flow(async (flow, _) => (await Step(flow, "c") * 100) + (await Step(flow, "d") * 10) + await Step(flow, "b"));
        Assert.Equal("231", Text(await after.AttemptAsync()));
        Assert.Equal(["a", "b", "c", "d"], runs);
    }

    [Fact]
    public async Task AnAwaitThatIsNotTheFlowsOwn_IsNamed_WhenItEndsAfterThePark()
    {
        var foreign = new TaskCompletionSource();
        using var flow = Flow(async (flow, _) =>
        {
            await Task.WhenAny(flow.JobAsync<int>("child", "work", 1), foreign.Task);
            return 0;
        });
        Assert.Equal(ReportKind.Parked, (await flow.AttemptAsync()).Kind);
        Assert.Null(_world.FailedParked);
        foreign.SetResult();
        await _world.ParkFailed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(JobErrorCodes.ForeignAwait, _world.FailedParked?.Code);
        Assert.Contains("StepAsync", _world.FailedParked!.Message);
    }

    [Fact]
    public async Task AnAwaitOfSomethingElse_WithNothingOfTheFlowsOpen_IsWaitedFor()
    {
        var foreign = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var reached = new TaskCompletionSource();
        using var flow = Flow(async (flow, _) =>
        {
            reached.SetResult();
            return await foreign.Task + await flow.StepAsync("one", () => Task.FromResult(1));
        });
        flow.Begin();
        await reached.Task;
        Assert.Empty(flow.Endings);
        foreign.SetResult(41);
        Assert.Equal("42", Text(await flow.EndAsync()));
    }

    [Fact]
    public async Task AFlowThatIsUsedFromElsewhere_Fails_AndIsToldWhatToDo()
    {
        var foreign = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reached = new TaskCompletionSource();
        using var flow = Flow(async (flow, _) =>
        {
            var leaving = LeaveAsync(flow);
            // It has not ended when it is awaited.
            reached.SetResult();
            return await leaving;
        });
        flow.Begin();
        await reached.Task;
        foreign.SetResult();
        var ending = await flow.EndAsync();
        Assert.Equal((ReportKind.Failed, JobErrorCodes.ForeignAwait), (ending.Kind, ending.Error?.Code));
        Assert.Contains("ConfigureAwait(false)", ending.Error!.Message);

        async Task<int> LeaveAsync(FlowContext flow)
        {
            await foreign.Task.ConfigureAwait(false);
            return await flow.StepAsync("late", () => Task.FromResult(1));
        }
    }

    [Fact]
    public async Task AwaitsOfTheFlowItself_MayLeaveTheContext()
    {
        using var flow = Flow(async (flow, _) =>
        {
            var one = await flow.StepAsync("one", () => Task.FromResult(1)).ConfigureAwait(false);
            var two = await flow.JobAsync<int>("two", "work", 2).ConfigureAwait(false);
            return one + two + await flow.StepAsync("three", () => Task.FromResult(3)).ConfigureAwait(false);
        });
        Assert.Equal("6", Text(await flow.RunAsync()));
    }

    [Fact]
    public async Task AStepThatUsesTheFlow_IsRefused()
    {
        using var flow = Flow((flow, _) => flow.StepAsync("outer", () => flow.StepAsync("inner", () => Task.FromResult(1))));
        var ending = await flow.RunAsync();
        Assert.Equal(ReportKind.Failed, ending.Kind);
        Assert.Contains("called by a step", ending.Error!.Message);
    }

    [Fact]
    public async Task AThreadThatIsBlocked_IsEndedByTheTimeout_AsThatOfAnyHandler()
    {
        using var release = new ManualResetEventSlim();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var flow = Flow((flow, _) =>
        {
            begun.SetResult();
            release.Wait(TimeSpan.FromMinutes(1));
            return Task.FromResult(0);
        }, options => options.Timeout = TimeSpan.FromMinutes(10));
        flow.Begin();
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromMinutes(11));
        _time.Advance(new JobGridOptions().CancelGrace);
        var ending = await flow.EndAsync();
        Assert.Equal((ReportKind.Failed, JobErrorCodes.Timeout), (ending.Kind, ending.Error?.Code));
        release.Set();
    }

    [Fact]
    public async Task AFlowThatReturnsWhileChildrenRun_EndsWithItsResult()
    {
        using var flow = Flow(async (flow, cancellation) =>
        {
            _ = flow.JobAsync<int>("left", "work", 1);
            return await flow.JobAsync<int>("right", "work", 2);
        });
        Assert.Equal("2", Text(await flow.RunAsync(happen: _ => _world.EndChild("right"))));
        Assert.False(_world.Children.Single(child => child.Name == "left").Status.IsFinished);
    }

    [Fact]
    public async Task ABoundThatIsPassed_FailsTheFlow_WithWhatThePartitionSays()
    {
        _world.Answer = _ => new FlowAnswer(FlowAnswerKind.Refused, new JobError(JobErrorCodes.FlowTooLong, null, "too long"));
        using var flow = Flow((flow, _) => flow.StepAsync("one", () => Task.FromResult(1)));
        var ending = await flow.AttemptAsync();
        Assert.Equal((ReportKind.Failed, JobErrorCodes.FlowTooLong), (ending.Kind, ending.Error?.Code));
    }

    [Fact]
    public async Task WhatCameBetweenTheLeaseAndTheStart_IsFoundWhileAStepRuns()
    {
        var release = new TaskCompletionSource<int>();
        using var flow = Flow(async (flow, _) =>
        {
            var step = flow.StepAsync("long", () => release.Task);
            var stop = flow.SignalAsync<int>("stop");
            await Task.WhenAny(step, stop);
            release.TrySetResult(1);
            return await stop + await step;
        });
        var ending = await flow.AttemptAsync(with: lease =>
        {
            FlowPage? known;
            do known = _world.Recall();
            while (known is null);
            // Told to nobody: the lease is on its way.
            _world.Signal("stop", "5");
            return lease with { HasMemory = true, Flow = known };
        });
        Assert.Equal("6", Text(ending));
    }

    [Fact]
    public async Task APartitionThatIsBusy_IsAskedAgain()
    {
        var busy = 5;
        _world.Answer = _ => busy-- > 0 ? new FlowAnswer(FlowAnswerKind.Busy) : null;
        using var flow = Flow((flow, _) => flow.JobAsync<int>("child", "work", 7));
        Assert.Equal("7", Text(await flow.RunAsync()));
    }

    [Fact]
    public async Task AnAttemptThatLostTheFlow_Stops()
    {
        _world.Answer = _ => new FlowAnswer(FlowAnswerKind.Stale);
        using var flow = Flow((flow, _) => flow.StepAsync("one", () => Task.FromResult(1)));
        Assert.Equal(ReportKind.Returned, (await flow.AttemptAsync()).Kind);
    }

    [Fact]
    public async Task ADrainingSilo_GivesTheFlowBack_WithWhatItsStepsGave_AndWithoutCompensation()
    {
        var started = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var log = new List<string>();
        var runs = 0;
        using var flow = Flow(async (flow, cancellation) =>
        {
            try
            {
                await flow.StepAsync("kept", async () =>
                {
                    runs++;
                    started.TrySetResult();
                    await release.Task;
                    return 1;
                });
                return await flow.StepAsync("next", () => Task.FromResult(2));
            }
            catch (Exception exception)
            {
                log.Add(exception.GetType().Name);
                throw;
            }
        });
        var job = flow.Begin();
        await started.Task;
        job.Stop(StopReason.Drain);
        release.SetResult();
        Assert.Equal(ReportKind.Returned, (await flow.EndAsync()).Kind);
        Assert.Equal("kept", Assert.Single(_world.Events).Name);
        Assert.Equal("2", Text(await flow.RunAsync()));
        Assert.Equal(1, runs);
        Assert.Empty(log);
    }

    [Theory]
    [InlineData(nameof(StopReason.Cancel), nameof(ReportKind.Cancelled), null)]
    [InlineData(nameof(StopReason.Timeout), nameof(ReportKind.FailedOnce), JobErrorCodes.Timeout)]
    [InlineData(nameof(StopReason.Stalled), nameof(ReportKind.FailedOnce), JobErrorCodes.Stalled)]
    [InlineData(nameof(StopReason.Drain), nameof(ReportKind.Returned), null)]
    public async Task AFlowThatIsStopped_EndsAsAnyHandler_AndItsStepIsNotRemembered(string reason, string kind, string? code)
    {
        var started = new TaskCompletionSource();
        using var flow = Flow((flow, cancellation) => flow.StepAsync("long", async () =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellation);
            return 1;
        }));
        var job = flow.Begin();
        await started.Task;
        job.Stop(Enum.Parse<StopReason>(reason));
        var ending = await flow.EndAsync();
        Assert.Equal((kind, code), (ending.Kind.ToString(), ending.Error?.Code));
        Assert.Empty(_world.Events);
    }

    [Fact]
    public async Task StartingAnew_ForgetsEverything_AndTakesTheNewArguments()
    {
        var steps = 0;
        using var flow = Flow<int>(async (n, flow, _) =>
        {
            await flow.StepAsync("step", () => Task.FromResult(++steps));
            if (n < 3) await flow.StartAnewAsync(n + 1);
            return (n * 100) + (flow.Run * 10) + steps;
        });
        Assert.Equal("333", Text(await flow.RunAsync("1")));
    }

    [Fact]
    public async Task Arguments_ThatDoNotFit_FailForGood()
    {
        using var flow = Flow<int>((n, _, _) => Task.FromResult(n));
        Assert.Equal(JobErrorCodes.BadArgs, (await flow.RunAsync("\"text\"")).Error?.Code);
    }

    [Fact]
    public async Task AFailedChild_ThatIsNotCaught_FailsTheFlowAtOnce_SinceItIsRemembered()
    {
        var world = new FlowWorld(2, _time) { Ends = _ => (null, "no") };
        using var flow = new FlowHarness(Register<object?>((_, flow, _) => flow.JobAsync<int>("child", "work", 1)), world, _time);
        var ending = await flow.RunAsync();
        Assert.Equal((ReportKind.Failed, nameof(ChildFailedException)), (ending.Kind, ending.Error?.Type));
    }

    [Fact]
    public async Task AFailedChild_ThatIsIgnored_GivesNothing()
    {
        var world = new FlowWorld(2, _time) { Ends = _ => (null, "no") };
        using var flow = new FlowHarness(
            Register<object?>(async (_, flow, _) => await flow.JobAsync<string?>("child", "work", 1, new ChildOptions { OnFailure = ChildFailure.Ignore }) is null ? 1 : 0), world, _time);
        Assert.Equal("1", Text(await flow.RunAsync()));
    }

    [Fact]
    public async Task AnExceptionOfTheFlow_IsRetriedByPolicy()
    {
        var runs = 0;
        using var flow = Flow((_, _) => ++runs < 2 ? throw new InvalidOperationException() : Task.FromResult(runs));
        Assert.Equal(ReportKind.FailedOnce, (await flow.AttemptAsync()).Kind);
        Assert.Equal("2", Text(await flow.AttemptAsync()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("$own")]
    [InlineData("a#2")]
    [InlineData("line\nbreak")]
    public async Task ANameThatIsNone_IsAClearError(string name)
    {
        using var flow = Flow((flow, _) => flow.StepAsync(name, () => Task.FromResult(1)));
        Assert.Contains("cannot be a name", (await flow.AttemptAsync()).Error!.Message);
    }

    [Fact]
    public async Task AChildThatBreaksARule_IsAClearError()
    {
        using var flow = Flow((flow, _) => flow.JobAsync<int>("child", "no such/type", 1));
        Assert.Contains("/type", (await flow.AttemptAsync()).Error!.Message);
    }

    private FlowHarness Flow(Func<FlowContext, CancellationToken, Task<int>> run, Action<JobRegistrationOptions>? configure = null) =>
        new(Register<object?>((_, flow, cancellation) => run(flow, cancellation), configure), _world, _time);

    private FlowHarness Flow<TArgs>(Func<TArgs, FlowContext, CancellationToken, Task<int>> run) => new(Register(run), _world, _time);

    private static Action<JobGridBuilder> Register<TArgs>(Func<TArgs, FlowContext, CancellationToken, Task<int>> run, Action<JobRegistrationOptions>? configure = null) =>
        grid => grid.AddFlow("flow", run, configure);

    private static string Text(AttemptEnding ending)
    {
        Assert.True(ending.Kind is ReportKind.Succeeded, $"{ending.Kind}: {ending.Error}");
        return Encoding.UTF8.GetString(ending.Result!);
    }

    private sealed class Box
    {
        public int Kept { get; set; }

        [System.Text.Json.Serialization.JsonIgnore]
        public int NotKept { get; set; }
    }
}
