using System.Globalization;
using System.Text;
using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>Signals, delays and groups, and what comes first of several.</summary>
public class FlowWaitTests
{
    private readonly FlowTime _time = new();
    private readonly FlowWorld _world;

    public FlowWaitTests() => _world = new FlowWorld(1, _time);

    [Fact]
    public async Task Signals_AreTakenOnceEach_InTheOrderOfArrival()
    {
        using var flow = Flow(async flow => $"{await flow.SignalAsync<int>("s")}{await flow.SignalAsync<int>("s")}{await flow.SignalAsync<int>("s")}");
        _world.Signal("s", "1");
        _world.Signal("other", "9");
        _world.Signal("s", "2");
        Assert.Equal("\"123\"", Text(await flow.RunAsync(happen: _ => Happens(() => _world.Signal("s", "3")))));
        Assert.Equal(["s"], flow.Endings[0].Park!.Signals);
    }

    [Fact]
    public async Task ASignalThatDoesNotComeInTime_IsATimeout_AndStaysOne()
    {
        var timeouts = 0;
        using var flow = Flow(async flow =>
        {
            try
            {
                await flow.SignalAsync<int>("yes", TimeSpan.FromHours(1));
            }
            catch (TimeoutException)
            {
                timeouts++;
            }

            return $"{await flow.SignalAsync<int>("yes")}";
        });
        var parked = (await flow.AttemptAsync()).Park!;
        Assert.Equal((_time.GetUtcNow() + TimeSpan.FromHours(1)).ToUnixTimeMilliseconds(), parked.Until);
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Null((await flow.AttemptAsync()).Park!.Until);
        _world.Signal("yes", "7");
        Assert.Equal("\"7\"", Text(await flow.AttemptAsync()));
        Assert.Equal(2, timeouts);
    }

    [Fact]
    public async Task ASignalThatCameInTime_CountsAlsoWhereItIsReadLate()
    {
        using var flow = Flow(async flow => $"{await flow.SignalAsync<int>("yes", TimeSpan.FromHours(1))}");
        await flow.AttemptAsync();
        _world.Signal("yes", "7");
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal("\"7\"", Text(await flow.AttemptAsync()));
    }

    [Fact]
    public async Task ASignalBodyThatDoesNotFit_FailsTheFlow()
    {
        using var flow = Flow(async flow => $"{await flow.SignalAsync<int>("s")}");
        _world.Signal("s", "\"text\"");
        Assert.Equal(JobErrorCodes.DoesNotFit, (await flow.AttemptAsync()).Error?.Code);
    }

    [Fact]
    public async Task ADelay_IsCountedFromTheFirstRun()
    {
        using var flow = Flow(async flow =>
        {
            await flow.DelayAsync("pause", TimeSpan.FromDays(3));
            return "over";
        });
        var until = (await flow.AttemptAsync()).Park!.Until;
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(until, (await flow.AttemptAsync()).Park!.Until);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal("\"over\"", Text(await flow.AttemptAsync()));
    }

    [Fact]
    public async Task AFlowWhoseTimeHasComeAtItsPartition_GoesOn_ThoughItsOwnClockIsBehind()
    {
        using var flow = Flow(async flow =>
        {
            await flow.DelayAsync("pause", TimeSpan.FromDays(3));
            return "over";
        });
        var until = DateTimeOffset.FromUnixTimeMilliseconds((await flow.AttemptAsync()).Park!.Until!.Value);
        _time.Advance(until - _time.GetUtcNow() - TimeSpan.FromSeconds(30));
        Assert.Equal("\"over\"", Text(await flow.AttemptAsync(with: lease => lease with { DueAt = until })));
    }

    [Fact]
    public async Task WhenAny_OverASignalAndALongStep_GoesOnWhenTheSignalComes()
    {
        var started = new TaskCompletionSource();
        var release = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var flow = Flow(async flow =>
        {
            var step = flow.StepAsync("long", () =>
            {
                started.TrySetResult();
                return release.Task;
            });
            var signal = flow.SignalAsync<int>("stop");
            first.TrySetResult(await Task.WhenAny(step, signal) == signal ? "signal" : "step");
            return $"{await step}";
        });
        flow.Begin();
        await started.Task;
        _world.Signal("stop", "1");
        Assert.Equal("signal", await first.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        release.SetResult(5);
        Assert.Equal("\"5\"", Text(await flow.EndAsync()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhenAny_TakesTheSameOneInEveryRun_WhateverHasComeSince(bool delayFirst)
    {
        var winners = new List<string>();
        using var flow = Flow(async flow =>
        {
            var delay = flow.DelayAsync("time", TimeSpan.FromHours(1));
            var child = flow.JobAsync<int>("child", "work", 1);
            var all = flow.AllAsync("group", Enumerable.Range(0, 3), n => flow.Job<int>("work", n));
            var winner = await Task.WhenAny(child, delay, all);
            winners.Add(winner == delay ? "delay" : winner == child ? "child" : "group");
            await flow.SignalAsync<int>("go");
            return winners[^1];
        });
        await flow.AttemptAsync();
        if (delayFirst) _time.Advance(TimeSpan.FromHours(1));
        else while (_world.EndChild("group", 0) || _world.EndChild("group", 1) || _world.EndChild("group", 2)) { }
        await flow.AttemptAsync();
        while (_world.EndChild()) { }
        _time.Advance(TimeSpan.FromHours(2));
        await flow.AttemptAsync();
        _world.Signal("go", "1");
        Assert.Equal(delayFirst ? "\"delay\"" : "\"group\"", Text(await flow.AttemptAsync()));
        Assert.Single(winners.Distinct());
        Assert.Equal(3, winners.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    public async Task All_GivesTheResultsInTheOrderOfTheItems(int count)
    {
        using var flow = Flow(async flow =>
        {
            var all = await flow.AllAsync("group", Enumerable.Range(0, count).Where(_ => true), n => flow.Job<int>("work", n));
            var sum = 0;
            var last = -1;
            await foreach (var n in all)
            {
                Assert.Equal(++last, n);
                sum += n;
            }

            return $"{all.Count} {sum} {(await all.ToArrayAsync()).Length}";
        });
        Assert.Equal($"\"{count} {count * (count - 1) / 2} {count}\"", Text(await flow.RunAsync()));
        Assert.Equal(count, _world.Children.Count);
        // A group is started by its first run alone, and its flow runs a second time when all have ended, not for each.
        Assert.Equal((count, count == 0 ? 1 : 2), (_world.Orders, flow.Endings.Count));
        var homes = _world.Children.Select(child => JobIds.PartitionOf(child.Job.Id, FlowWorld.Partitions)).Distinct().Count();
        if (count > 0) Assert.Equal(count <= FlowIds.MostAtHome ? 1 : FlowWorld.Partitions, homes);
    }

    [Fact]
    public async Task AFailureInAGroup_IsThrownAtOnce_WhileTheOthersRun()
    {
        var world = new FlowWorld(1, _time) { Ends = child => Encoding.UTF8.GetString(child.Args) == "2" ? (null, "two") : (child.Args, null) };
        using var flow = new FlowHarness(Register(async flow =>
        {
            try
            {
                await flow.AllAsync("group", Enumerable.Range(0, 5), n => flow.Job<int>("work", n));
                return "none";
            }
            catch (ChildFailedException failed)
            {
                return $"{failed.Name} {failed.Error!.Message}";
            }
        }), world, _time);
        Assert.Equal("\"group[2] two\"", Text(await flow.RunAsync(happen: _ => world.EndChild("group", 2))));
        Assert.Equal(4, world.Children.Count(child => !child.Status.IsFinished));
    }

    [Fact]
    public async Task AGroupThatIgnoresFailures_GivesNothingInTheirPlace()
    {
        var world = new FlowWorld(1, _time) { Ends = child => Encoding.UTF8.GetString(child.Args) == "2" ? (null, "two") : (child.Args, null) };
        using var flow = new FlowHarness(Register(async flow =>
        {
            var all = await flow.AllAsync("group", Enumerable.Range(1, 3), n => flow.Job<int?>("work", n, new ChildOptions { OnFailure = ChildFailure.Ignore }));
            return string.Join(",", (await all.ToArrayAsync()).Select(n => n?.ToString(CultureInfo.InvariantCulture) ?? "-"));
        }), world, _time);
        Assert.Equal("\"1,-,3\"", Text(await flow.RunAsync()));
    }

    [Fact]
    public async Task ResultsOfAGroup_CanBeReadByAStep()
    {
        using var flow = Flow(async flow =>
        {
            var all = await flow.AllAsync("group", Enumerable.Range(1, 4), n => flow.Job<int>("work", n));
            return $"{await flow.StepAsync("sum", async () => (await all.ToArrayAsync()).Sum())}";
        });
        Assert.Equal("\"10\"", Text(await flow.RunAsync()));
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(7, 1)]
    [InlineData(40, 8)]
    [InlineData(1000, 300)]
    public async Task Each_KeepsToTheNumberAtATime_AndGivesTheResultsInOrder(int count, int atMost)
    {
        var most = 0;
        _world.Changed = _ => most = Math.Max(most, _world.Children.Count(child => !child.Status.IsFinished));
        using var flow = Flow(async flow =>
        {
            var got = new List<int>();
            await foreach (var n in flow.EachAsync("each", Items(count), n => flow.Job<int>("work", n), atMost)) got.Add(n);
            return string.Join(",", got);
        });
        Assert.Equal($"\"{string.Join(",", Enumerable.Range(0, count))}\"", Text(await flow.RunAsync()));
        Assert.Equal(Math.Min(count, atMost), most);
        Assert.Equal(count, _world.Orders);
    }

    [Fact]
    public async Task AFailureInAStream_IsThrown_AlsoWhileTheNextItemIsFetched()
    {
        var world = new FlowWorld(1, _time) { Ends = _ => (null, "no") };
        using var flow = new FlowHarness(Register(async flow =>
        {
            try
            {
                await foreach (var _ in flow.EachAsync("each", Signalled(flow), n => flow.Job<int>("work", n))) { }
                return "none";
            }
            catch (ChildFailedException failed)
            {
                return failed.Name;
            }
        }), world, _time);
        world.Signal("item", "1");
        Assert.Equal("\"each[0]\"", Text(await flow.RunAsync()));
    }

    [Fact]
    public async Task AStreamOfItems_ThatWaitsForTheFlow_IsNoWorkThatKeepsItAwake()
    {
        using var flow = Flow(async flow =>
        {
            var got = new List<int>();
            await foreach (var n in flow.EachAsync("each", Signalled(flow), n => flow.Job<int>("work", n))) got.Add(n);
            return string.Join(",", got);
        });
        var sent = 0;
        Assert.Equal("\"0,1,2\"", Text(await flow.RunAsync(happen: park =>
            park.Signals.Length > 0 && sent < 3 ? Happens(() => _world.Signal("item", $"{sent++}")) : _world.EndChild())));
        Assert.All(flow.Endings.SkipLast(1), ending => Assert.Equal(ReportKind.Parked, ending.Kind));
    }

    [Fact]
    public async Task Any_TakesTheFirstThatSucceeds_AndCancelsTheOthers()
    {
        var world = new FlowWorld(1, _time) { Ends = child => Encoding.UTF8.GetString(child.Args) == "0" ? (null, "no") : (child.Args, null) };
        using var flow = new FlowHarness(Register(async flow =>
        {
            var (index, result) = await flow.AnyAsync("any", [.. Enumerable.Range(0, 4).Select(n => flow.Job<int>("work", n))]);
            return $"{index} {result}";
        }), world, _time);
        var order = new Queue<string>(["any[0]", "any[2]"]);
        Assert.Equal("\"2 2\"", Text(await flow.RunAsync(happen: _ => world.EndChild(order.Dequeue()))));
    }

    [Fact]
    public async Task Any_CancelsTheOthers_BeforeTheFlowWaitsForSomethingElse()
    {
        using var flow = Flow(async flow =>
        {
            await flow.AnyAsync("any", [flow.Job<int>("work", 0), flow.Job<int>("work", 1)]);
            await flow.SignalAsync<int>("go");
            return "done";
        });
        await flow.AttemptAsync();
        _world.EndChild("any[1]");
        var park = (await flow.AttemptAsync()).Park!;
        Assert.Equal(["go"], park.Signals);
        Assert.Empty(park.Children);
        Assert.Equal("any[0]", Assert.Single(_world.Cancelled));
    }

    [Fact]
    public async Task Any_OfWhichAllFail_FailsAsTheLastDid()
    {
        var world = new FlowWorld(1, _time) { Ends = child => (null, $"no {Encoding.UTF8.GetString(child.Args)}") };
        using var flow = new FlowHarness(Register(async flow => $"{await flow.AnyAsync("any", [flow.Job<int>("work", 0), flow.Job<int>("work", 1)])}"), world, _time);
        var order = new Queue<string>(["any[1]", "any[0]"]);
        var ending = await flow.RunAsync(happen: _ => world.EndChild(order.Dequeue()));
        Assert.Contains("no 0", ending.Error!.Message);
    }

    private static async IAsyncEnumerable<int> Items(int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (i % 10 == 3) await Task.Yield();
            yield return i;
        }
    }

    private static async IAsyncEnumerable<int> Signalled(FlowContext flow)
    {
        for (var i = 0; i < 3; i++) yield return await flow.SignalAsync<int>("item");
    }

    private static bool Happens(Action what)
    {
        what();
        return true;
    }

    private FlowHarness Flow(Func<FlowContext, Task<string>> run) => new(Register(run), _world, _time);

    private static Action<JobGridBuilder> Register(Func<FlowContext, Task<string>> run) => grid => grid.AddFlow("flow", (object? _, FlowContext flow, CancellationToken _) => run(flow));

    private static string Text(AttemptEnding ending)
    {
        Assert.True(ending.Kind is ReportKind.Succeeded, $"{ending.Kind}: {ending.Error}");
        return Encoding.UTF8.GetString(ending.Result!);
    }
}
