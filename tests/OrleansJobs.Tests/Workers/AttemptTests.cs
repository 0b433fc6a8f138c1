using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>One attempt from its lease to its report, with everything around it real but the grid.</summary>
public class AttemptTests
{
    private readonly SemaphoreSlim _entered = new(0);

    [Theory]
    [InlineData("\"text\"")]
    [InlineData("{")]
    [InlineData("[1]")]
    public async Task ArgumentsThatDoNotFit_FailForGood(string args)
    {
        var report = await Run((int number, JobContext job, CancellationToken ct) => Task.CompletedTask, args);
        Assert.Equal((ReportKind.Failed, JobErrorCodes.BadArgs), (report.Kind, report.Error?.Code));
    }

    [Fact]
    public async Task AResult_IsWrittenWithTheWebDefaults()
    {
        var report = await Run((int number, JobContext job, CancellationToken ct) => Task.FromResult(new Answer(number)), "42");
        Assert.Equal((ReportKind.Succeeded, """{"value":42}"""), (report.Kind, Encoding.UTF8.GetString(report.Result!)));
    }

    [Fact]
    public async Task AResultThatIsNull_CountsAsNull() =>
        Assert.Null((await Run((int number, JobContext job, CancellationToken ct) => Task.FromResult<string?>(null))).Result);

    [Fact]
    public async Task AResultBeyondTheLimit_FailsForGood_WithTheLimit()
    {
        var report = await Run((int number, JobContext job, CancellationToken ct) => Task.FromResult(new byte[50 << 20]));
        Assert.Equal((ReportKind.Failed, JobErrorCodes.ResultTooLarge), (report.Kind, report.Error?.Code));
        Assert.Contains($"{new JobLimits().MaxResultBytes}", report.Error!.Message);
    }

    [Fact]
    public async Task AResultThatGoesInACircle_FailsForGood() => AssertBadResult(await Run((int number, JobContext job, CancellationToken ct) => Task.FromResult(new Circle())));

    [Fact]
    public async Task AResultThatThrowsWhenRead_FailsForGood() => AssertBadResult(await Run((int number, JobContext job, CancellationToken ct) => Task.FromResult(new Mine())));

    [Fact]
    public async Task AResultThatNoSerializerKnows_FailsForGood() => AssertBadResult(await Run((int number, JobContext job, CancellationToken ct) => Task.FromResult<object>(new IntPtr(1))));

    [Fact]
    public async Task AnExceptionThatThrowsWhenLookedAt_IsAFailureLikeOthers()
    {
        var report = await Run((int number, JobContext job, CancellationToken ct) => throw new Hostile());
        Assert.Equal((ReportKind.FailedOnce, nameof(Hostile)), (report.Kind, report.Error?.Type));
    }

    [Fact]
    public async Task AFailure_CarriesThePolicyOfTheSubmit_OverTheHandlers()
    {
        var report = await Run(
            (int number, JobContext job, CancellationToken ct) => throw new InvalidOperationException(),
            options: options => options.Attempts = 5, with: lease => lease with { Failures = 4, Retry = new RetryPolicy { Attempts = 9, Jitter = 0, FirstDelay = TimeSpan.FromSeconds(1) } });
        Assert.Equal((ReportKind.FailedOnce, 9, TimeSpan.FromSeconds(16)), (report.Kind, report.MaxAttempts, report.Delay));
    }

    [Fact]
    public async Task AFailure_WhereTheSubmitSaysOnlyHowOften_WaitsAsTheHandlerSays()
    {
        var report = await Run(
            (int number, JobContext job, CancellationToken ct) => throw new InvalidOperationException(),
            options: options => options.Retry = new RetryPolicy { Attempts = 2, Jitter = 0, FirstDelay = TimeSpan.FromSeconds(30) },
            with: lease => lease with { Failures = 2, Attempts = 4 });
        Assert.Equal((ReportKind.FailedOnce, 4, TimeSpan.FromSeconds(120)), (report.Kind, report.MaxAttempts, report.Delay));
    }

    [Fact]
    public async Task AFinalException_EndsTheJob()
    {
        var report = await Run((int number, JobContext job, CancellationToken ct) => throw new ArgumentNullException(), options: options => options.Final<ArgumentException>());
        Assert.Equal(ReportKind.Failed, report.Kind);
    }

    [Fact]
    public async Task TheContext_SaysWhatTheLeaseSays()
    {
        JobContext? seen = null;
        var report = await Run(
            (int number, JobContext job, CancellationToken ct) =>
            {
                seen = job;
                return Task.CompletedTask;
            },
            with: lease => lease with { Attempt = 3, Tags = [new JobTag("a", "b")], SubmittedAt = DateTimeOffset.UnixEpoch, DueAt = DateTimeOffset.UnixEpoch.AddDays(1) });
        Assert.Equal((report.Id, "work", "default", 3, report.Token), (seen!.Id, seen.Type, seen.Queue, seen.Attempt, seen.Token));
        Assert.Equal((DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1)), (seen.SubmittedAt, seen.DueAt));
        Assert.Equal([new JobTag("a", "b")], seen.Tags);
    }

    [Fact]
    public async Task AHandlerThatReportsNothing_TouchesNoJobGrain()
    {
        using var worker = Worker((int number, JobContext job, CancellationToken ct) => Task.CompletedTask);
        var report = await RunOne(worker);
        Assert.False(report.HasGrainState);
        Assert.Empty(worker.Partitions.Feeds);
    }

    [Fact]
    public async Task TheLastProgress_GoesWithTheReport()
    {
        var report = await Run((int number, JobContext job, CancellationToken ct) =>
        {
            for (var i = 1; i <= 1000; i++) job.Report(i, 1000, "counting");
            return Task.CompletedTask;
        });
        Assert.Equal((1000, 1000, "counting"), (report.Progress.Current, report.Progress.Total, report.Progress.Message));
        Assert.True(report.Progress.Sequence > 0);
    }

    [Fact]
    public async Task ACheckpoint_IsSaved_AndReadBackByTheNextAttempt()
    {
        using var worker = Worker(async (int number, JobContext job, CancellationToken ct) =>
        {
            var from = job.Checkpoint<Answer>();
            if (from is null)
            {
                await job.SaveCheckpointAsync(new Answer(7), ct);
                Assert.Equal(new Answer(7), job.Checkpoint<Answer>());
                throw new InvalidOperationException("half way");
            }

            return from.Value;
        });
        var first = await RunOne(worker, with: lease => lease with { Id = "job" });
        Assert.True(first.HasGrainState);
        var second = await RunOne(worker, with: lease => lease with { Id = "job", Attempt = 2, Failures = 1, HasGrainState = true });
        Assert.Equal("7", Encoding.UTF8.GetString(second.Result!));
        Assert.True(second.HasGrainState);
    }

    [Fact]
    public async Task ACheckpoint_IsAskedForOnlyWhereThereMayBeOne()
    {
        using var worker = Worker((int number, JobContext job, CancellationToken ct) => Task.FromResult(job.Checkpoint<int>()));
        worker.Partitions.Feed("job").Saved = "5"u8.ToArray();
        Assert.Equal("0", Encoding.UTF8.GetString((await RunOne(worker, with: lease => lease with { Id = "job" })).Result!));
    }

    [Fact]
    public async Task ACheckpointOfAStaleAttempt_IsRefused()
    {
        using var worker = Worker(async (int number, JobContext job, CancellationToken ct) =>
        {
            await Assert.ThrowsAsync<JobAttemptStaleException>(() => job.SaveCheckpointAsync(1, ct));
            return job.Checkpoint<int>();
        });
        worker.Partitions.Feed("job").Refuses = true;
        Assert.Equal("0", Encoding.UTF8.GetString((await RunOne(worker, with: lease => lease with { Id = "job" })).Result!));
    }

    [Fact]
    public async Task ACheckpointBeyondTheLimit_IsRefused_AndNothingIsSent()
    {
        using var worker = Worker((int number, JobContext job, CancellationToken ct) =>
            (Task)Assert.ThrowsAsync<ArgumentException>(() => job.SaveCheckpointAsync(new byte[new JobLimits().MaxCheckpointBytes], ct)));
        Assert.Equal(ReportKind.Succeeded, (await RunOne(worker)).Kind);
        Assert.Empty(worker.Partitions.Feeds);
    }

    [Fact]
    public async Task ACheckpointThatCannotBeRead_PutsTheJobOff_WithoutRunningIt()
    {
        var ran = false;
        using var worker = Worker((int number, JobContext job, CancellationToken ct) =>
        {
            ran = true;
            return Task.CompletedTask;
        });
        worker.Partitions.Feed("job").Before = () => throw new TimeoutException();
        var report = await RunOne(worker, with: lease => lease with { Id = "job", HasGrainState = true });
        Assert.Equal(ReportKind.Postponed, report.Kind);
        Assert.True(report.Delay > TimeSpan.Zero);
        Assert.False(ran);
    }

    [Fact]
    public async Task AClass_LivesInAScopeOfItsOwn_AndIsDisposedOfWithIt()
    {
        var log = new List<string>();
        using var worker = new TestWorker(grid => grid.AddJob<Scoped>(), services: services => services.AddSingleton(log).AddScoped<Part>());
        worker.Engine.Start();
        for (var i = 0; i < 2; i++)
        {
            worker.Partitions[0].Submit("scoped");
            await worker.Partitions.WaitForReports(1);
        }

        Assert.Equal(["made", "run", "handler gone", "part gone", "made", "run", "handler gone", "part gone"], log);
    }

    [Fact]
    public async Task AClassWhosePartsAreMissing_FailsItsJob_NotTheSilo()
    {
        using var worker = new TestWorker(grid => grid.AddJob<Scoped>());
        worker.Engine.Start();
        worker.Partitions[0].Submit("scoped");
        var report = Assert.Single(await worker.Partitions.WaitForReports(1));
        Assert.Equal(ReportKind.FailedOnce, report.Kind);
    }

    [Fact]
    public async Task AHandler_SeesNothingOfWhoStartedIt_AndIsOnTheThreadPool()
    {
        var ambient = new AsyncLocal<string?>();
        (string? Ambient, object? Request, bool Pool, bool Default) seen = default;
        using var worker = Worker((int number, JobContext job, CancellationToken ct) =>
        {
            seen = (ambient.Value, RequestContext.Get("caller"), Thread.CurrentThread.IsThreadPoolThread, TaskScheduler.Current == TaskScheduler.Default);
            return Task.CompletedTask;
        });
        var lease = worker.Partitions[0].AddLeased("work", "1");
        worker.Engine.Start();
        await worker.Until(() => HasAskedAll(worker));
        ambient.Value = "leaked";
        RequestContext.Set("caller", "leaked");
        var scheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        await Task.Factory.StartNew(
            () =>
            {
                Assert.Equal(1, worker.Engine.TryReserve("default", "work", 1));
                worker.Engine.Start([lease]);
            },
            CancellationToken.None, TaskCreationOptions.None, scheduler);
        await worker.Idle();
        RequestContext.Clear();
        Assert.Equal((null, null, true, true), seen);
    }

    [Fact]
    public async Task WhatAHandlerLeavesInItsContext_DoesNotTravelWithItsReport()
    {
        var ambient = new AsyncLocal<string?>();
        string? seen = "not asked";
        using var worker = Worker((int number, JobContext job, CancellationToken ct) =>
        {
            ambient.Value = "leaked";
            return Task.CompletedTask;
        });
        worker.Partitions[0].Before = request =>
        {
            if (request.Reports.Length > 0) seen = ambient.Value;
            return Task.CompletedTask;
        };
        await RunOne(worker);
        Assert.Null(seen);
    }

    [Fact]
    public async Task ASpan_IsAChildOfTheSubmit_AndCurrentInTheHandler()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "OrleansJobs",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => { lock (spans) spans.Add(span); },
        };
        ActivitySource.AddActivityListener(listener);
        var trace = ActivityTraceId.CreateRandom();
        var submit = ActivitySpanId.CreateRandom();
        string? current = null;
        await Run(
            (int number, JobContext job, CancellationToken ct) =>
            {
                current = Activity.Current?.TraceId.ToString();
                return Task.CompletedTask;
            },
            with: lease => lease with { TraceParent = $"00-{trace}-{submit}-01" });
        Assert.Equal(trace.ToString(), current);
        lock (spans)
        {
            var span = Assert.Single(spans, span => span.TraceId == trace);
            Assert.Equal(submit, span.ParentSpanId);
            Assert.Equal(submit, Assert.Single(span.Links).Context.SpanId);
        }
    }

    [Fact]
    public async Task ATimeout_CancelsTheAttempt_WhichIsRunAgainByPolicy()
    {
        var time = new ManualTime();
        using var worker = Worker(Wait, options => options.Timeout = TimeSpan.FromSeconds(10), time);
        var started = await Begin(worker);
        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Empty(worker.Partitions.Reports);
        time.Advance(TimeSpan.FromSeconds(0.2));
        var report = Assert.Single(await worker.Partitions.WaitForReports(1));
        Assert.Equal((started, ReportKind.FailedOnce, JobErrorCodes.Timeout), (report.Id, report.Kind, report.Error?.Code));
    }

    [Fact]
    public async Task ATimeoutOfTheSubmit_GoesBeforeTheHandlers()
    {
        var time = new ManualTime();
        using var worker = Worker(Wait, options => options.Timeout = TimeSpan.FromHours(10), time);
        await Begin(worker, lease => lease with { Timeout = 5000 });
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(JobErrorCodes.Timeout, Assert.Single(await worker.Partitions.WaitForReports(1)).Error?.Code);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(3600)]
    public async Task ADeadline_EndsTheJob_HoweverManyAttemptsItHasLeft(int? timeout)
    {
        var time = new ManualTime();
        using var worker = Worker(Wait, options => options.Timeout = timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : null, time);
        await Begin(worker, lease => lease with { Deadline = (time.GetUtcNow() + TimeSpan.FromSeconds(5)).ToUnixTimeMilliseconds() });
        time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Empty(worker.Partitions.Reports);
        time.Advance(TimeSpan.FromSeconds(0.2));
        var report = Assert.Single(await worker.Partitions.WaitForReports(1));
        Assert.Equal((ReportKind.Failed, JobErrorCodes.DeadlineExceeded), (report.Kind, report.Error?.Code));
    }

    [Fact]
    public async Task ADeadlineBehindTheTimeout_LeavesTheTimeoutAsItIs()
    {
        var time = new ManualTime();
        using var worker = Worker(Wait, options => options.Timeout = TimeSpan.FromSeconds(10), time);
        await Begin(worker, lease => lease with { Deadline = (time.GetUtcNow() + TimeSpan.FromSeconds(11)).ToUnixTimeMilliseconds() });
        time.Advance(TimeSpan.FromSeconds(10.5));
        Assert.Equal((ReportKind.FailedOnce, JobErrorCodes.Timeout), (Assert.Single(await worker.Partitions.WaitForReports(1)) is var report ? report.Kind : default, worker.Partitions.Reports.Single().Error?.Code));
    }

    [Fact]
    public async Task AHandlerThatIgnoresItsTimeout_LosesItsJob_AndKeepsItsSlotUntilItReturns()
    {
        var time = new ManualTime();
        var release = new TaskCompletionSource();
        using var worker = Worker((int number, JobContext job, CancellationToken ct) => release.Task, options => options.Timeout = TimeSpan.FromSeconds(10), time, slots: 1);
        await Begin(worker);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(worker.Partitions.Reports);
        time.Advance(new JobGridOptions().CancelGrace);
        var report = Assert.Single(await worker.Partitions.WaitForReports(1));
        Assert.Equal((ReportKind.Failed, JobErrorCodes.Timeout), (report.Kind, report.Error?.Code));
        Assert.Equal((1, 1), (worker.Engine.Describe().Busy, worker.Engine.Describe().Stuck));
        Assert.Equal(0, worker.Engine.TryReserve("default", "work", 1));
        var held = Assert.Single(worker.Engine.Describe().Jobs);
        Assert.Equal((report.Id, "work", "default", true), (held.Id, held.Type, held.Queue, held.Stuck));
        Assert.Equal(TimeSpan.FromSeconds(10) + new JobGridOptions().CancelGrace, held.RunningFor);

        // What it holds of limits is held until then.
        Assert.True(report.IsStuck);
        LeaseName name = new(report.Id, report.Token);
        Assert.Equal([report.Id], worker.Engine.ConfirmStuck([name, new(report.Id, report.Token + 1)]));
        Assert.Empty(worker.Partitions[0].Returned);

        release.SetResult();
        await worker.Until(() => worker.Engine.Describe() is { Busy: 0, Stuck: 0, Jobs: [] });
        await worker.Until(() => worker.Partitions[0].Returned is [var returned] && (returned.Id, returned.Token) == (report.Id, report.Token));
        Assert.Empty(worker.Engine.ConfirmStuck([name]));
        Assert.Single(worker.Partitions.Reports);
        worker.Partitions[0].Submit("work", "1");
        Assert.Equal(2, (await worker.Partitions.WaitForReports(1)).Length);
    }

    [Fact]
    public async Task Describe_TellsOfTheJobsThatRunLongest_AndOfNoMore()
    {
        var time = new ManualTime();
        var release = new TaskCompletionSource();
        var entered = new SemaphoreSlim(0);
        using var worker = Worker(
            async (int number, JobContext job, CancellationToken ct) =>
            {
                entered.Release();
                await release.Task;
            }, _ => { }, time, slots: 30);
        for (var i = 0; i < 20; i++)
        {
            worker.Partitions[0].Submit("work", "1");
            if (i == 0) worker.Engine.Start();
            Assert.True(await entered.WaitAsync(TimeSpan.FromSeconds(30)));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        var jobs = worker.Engine.Describe().Jobs;
        Assert.Equal(Enumerable.Range(11, SiloInfo.MaxShown).Reverse().Select(seconds => TimeSpan.FromSeconds(seconds)), jobs.Select(job => job.RunningFor));
        Assert.All(jobs, job => Assert.False(job.Stuck));
        release.SetResult();
        await worker.Until(() => worker.Engine.Describe().Jobs.Length == 0);
    }

    [Fact]
    public async Task AHardTimeout_EndsTheJobByItself()
    {
        var time = new ManualTime();
        using var worker = Worker((int number, JobContext job, CancellationToken ct) => new TaskCompletionSource().Task, options => options.HardTimeout = TimeSpan.FromSeconds(3), time);
        await Begin(worker);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((ReportKind.Failed, 1), (Assert.Single(await worker.Partitions.WaitForReports(1)).Kind, worker.Engine.Describe().Stuck));
    }

    [Fact]
    public async Task ACancel_StopsTheHandler()
    {
        using var worker = Worker(Wait);
        var id = await Begin(worker);
        worker.Engine.Cancel(new LeaseName(id, FencingToken.Make(1, 1)));
        Assert.Equal(ReportKind.Cancelled, Assert.Single(await worker.Partitions.WaitForReports(1)).Kind);
    }

    [Fact]
    public async Task ProgressAfterTheJobHasEnded_IsSaidToNobody()
    {
        using var worker = await AfterItsEnd(job =>
        {
            job.Report(1, 2, "too late");
            return Task.CompletedTask;
        });
        Assert.Empty(worker.Partitions.Feeds);
    }

    [Fact]
    public async Task ACheckpointAfterTheJobHasEnded_IsRefused_AndNothingIsSent()
    {
        Exception? refused = null;
        using var worker = await AfterItsEnd(async job => refused = await Record.ExceptionAsync(() => job.SaveCheckpointAsync(1)));
        Assert.IsType<JobAttemptStaleException>(refused);
        Assert.Empty(worker.Partitions.Feeds);
    }

    [Fact]
    public async Task ACancelOfAnotherAttempt_IsIgnored()
    {
        using var worker = Worker(Wait);
        var id = await Begin(worker);
        worker.Engine.Cancel(new LeaseName(id, FencingToken.Make(1, 99)));
        worker.Engine.Cancel(new LeaseName("other", FencingToken.Make(1, 1)));
        await worker.Idle(running: 1);
        Assert.Empty(worker.Partitions.Reports);
        worker.Engine.Cancel(new LeaseName(id, FencingToken.Make(1, 1)));
        await worker.Partitions.WaitForReports(1);
    }

    [Fact]
    public async Task ACancelThatIsIgnored_EndsTheJobAfterTheGrace()
    {
        var time = new ManualTime();
        using var worker = Worker((int number, JobContext job, CancellationToken ct) => new TaskCompletionSource().Task, time: time);
        var id = await Begin(worker);
        worker.Engine.Cancel(new LeaseName(id, FencingToken.Make(1, 1)));
        Assert.Empty(worker.Partitions.Reports);
        time.Advance(new JobGridOptions().CancelGrace);
        Assert.Equal((ReportKind.Cancelled, 1), (Assert.Single(await worker.Partitions.WaitForReports(1)).Kind, worker.Engine.Describe().Stuck));
    }

    [Fact]
    public async Task ACancelBeforeTheHandler_KeepsItsGrace_WhereTheTimeoutIsLonger()
    {
        var time = new ManualTime();
        using var worker = new TestWorker(
            grid => grid.AddJob("slow", (SlowToRead args, JobContext job, CancellationToken ct) =>
            {
                _entered.Release();
                return new TaskCompletionSource().Task;
            }, options => options.Timeout = TimeSpan.FromHours(1)),
            time: time);
        worker.Engine.Start();
        var lease = worker.Partitions[0].Submit("slow", """{"value":1}""");
        Assert.True(await SlowToRead.IsRead.WaitAsync(TimeSpan.FromSeconds(30)));
        worker.Engine.Cancel(new LeaseName(lease.Id, lease.Token));
        SlowToRead.MayGoOn.Release();
        Assert.True(await _entered.WaitAsync(TimeSpan.FromSeconds(30)));
        time.Advance(new JobGridOptions().CancelGrace);
        Assert.Equal((ReportKind.Cancelled, 1), (Assert.Single(await worker.Partitions.WaitForReports(1)).Kind, worker.Engine.Describe().Stuck));
    }

    [Fact]
    public async Task AHandlerThatFinishesInSpiteOfACancel_HasFinished()
    {
        var release = new TaskCompletionSource();
        using var worker = Worker((int number, JobContext job, CancellationToken ct) => release.Task);
        var id = await Begin(worker);
        worker.Engine.Cancel(new LeaseName(id, FencingToken.Make(1, 1)));
        release.SetResult();
        Assert.Equal(ReportKind.Succeeded, Assert.Single(await worker.Partitions.WaitForReports(1)).Kind);
    }

    [Fact]
    public async Task ACancellationCallbackThatThrows_HarmsNobody()
    {
        using var worker = Worker(async (int number, JobContext job, CancellationToken ct) =>
        {
            ct.Register(() => throw new InvalidOperationException("callback"));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        });
        var id = await Begin(worker);
        worker.Engine.Cancel(new LeaseName(id, FencingToken.Make(1, 1)));
        Assert.Equal(ReportKind.Cancelled, Assert.Single(await worker.Partitions.WaitForReports(1)).Kind);
    }

    /// <summary>A worker whose handler does so after its job has ended without it, and has returned.</summary>
    private async Task<TestWorker> AfterItsEnd(Func<JobContext, Task> act)
    {
        var time = new ManualTime();
        var release = new TaskCompletionSource();
        var worker = Worker(
            async (int number, JobContext job, CancellationToken ct) =>
            {
                await release.Task;
                await act(job);
            },
            options => options.HardTimeout = TimeSpan.FromSeconds(3), time);
        await Begin(worker);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.False(Assert.Single(await worker.Partitions.WaitForReports(1)).HasGrainState);
        release.SetResult();
        await worker.Idle();
        await worker.Settled();
        return worker;
    }

    /// <summary>Every partition has been asked and has answered.</summary>
    private static bool HasAskedAll(TestWorker worker)
    {
        if (!Enumerable.Range(0, 4).All(i => worker.Partitions[i].Requests.Count > 0)) return false;
        var got = worker.Engine.TryReserve("default", "work", 4);
        worker.Engine.Release("default", got);
        return got == 4;
    }

    private static Task Wait(int number, JobContext job, CancellationToken cancellation) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);

    private static void AssertBadResult(JobReport report) => Assert.Equal((ReportKind.Failed, JobErrorCodes.BadResult), (report.Kind, report.Error?.Code));

    private static TestWorker Worker<TResult>(Func<int, JobContext, CancellationToken, Task<TResult>> run) => new(grid => grid.AddJob("work", run));

    /// <summary>Says when the handler has been entered: from then on its timeout counts.</summary>
    private Func<int, JobContext, CancellationToken, Task> Signalling(Func<int, JobContext, CancellationToken, Task> run) => (number, job, cancellation) =>
    {
        _entered.Release();
        return run(number, job, cancellation);
    };

    private TestWorker Worker(
        Func<int, JobContext, CancellationToken, Task> run, Action<JobRegistrationOptions>? options = null, ManualTime? time = null, int slots = 4) =>
        new(grid => grid.AddJob("work", Signalling(run), options), grid => grid.Slots = slots, time);

    private static async Task<JobReport> Run<TResult>(Func<int, JobContext, CancellationToken, Task<TResult>> run, string args = "1")
    {
        using var worker = Worker(run);
        return await RunOne(worker, args);
    }

    private async Task<JobReport> Run(
        Func<int, JobContext, CancellationToken, Task> run, string args = "1", Action<JobRegistrationOptions>? options = null, Func<Lease, Lease>? with = null)
    {
        using var worker = Worker(run, options);
        return await RunOne(worker, args, with);
    }

    private static async Task<JobReport> RunOne(TestWorker worker, string args = "1", Func<Lease, Lease>? with = null)
    {
        worker.Engine.Start();
        worker.Partitions[0].Add("work", args, with: with);
        worker.Engine.Hint(0);
        return (await worker.Partitions.WaitForReports(1))[^1];
    }

    /// <summary>Submits one and waits until its handler runs.</summary>
    private async Task<string> Begin(TestWorker worker, Func<Lease, Lease>? with = null)
    {
        worker.Engine.Start();
        var lease = worker.Partitions[0].Add("work", "1", with: with);
        worker.Engine.Hint(0);
        Assert.True(await _entered.WaitAsync(TimeSpan.FromSeconds(30)), "The handler was not started.");
        return lease.Id;
    }

    private sealed record Answer(int Value);

    /// <summary>Arguments whose reading waits; for one test.</summary>
    private sealed class SlowToRead
    {
        public static readonly SemaphoreSlim IsRead = new(0);
        public static readonly SemaphoreSlim MayGoOn = new(0);

        public int Value
        {
            get;
            set
            {
                IsRead.Release();
                MayGoOn.Wait(TimeSpan.FromSeconds(30));
                field = value;
            }
        }
    }

    private sealed class Circle
    {
        public Circle Self => this;
    }

    private sealed class Mine
    {
        public int Value => throw new InvalidOperationException();
    }

    private sealed class Hostile : Exception
    {
        public override string Message => throw new InvalidOperationException();

        public override string ToString() => throw new InvalidOperationException();
    }

    private sealed class Part(List<string> log) : IDisposable
    {
        public void Dispose() => log.Add("part gone");
    }

    [Job("scoped")]
    private sealed class Scoped : IJob<object?>, IAsyncDisposable
    {
        private readonly List<string> _log;

        public Scoped(Part part, List<string> log)
        {
            _ = part;
            _log = log;
            log.Add("made");
        }

        public Task RunAsync(object? args, JobContext job, CancellationToken cancellation)
        {
            _log.Add("run");
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            _log.Add("handler gone");
            return ValueTask.CompletedTask;
        }
    }
}
