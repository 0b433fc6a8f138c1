using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;
using OrleansJobs.Tests.Workers;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Batches;

/// <summary>How a worker runs batches: one slot and one call, and each job with an end of its own.</summary>
public class BatchWorkerTests
{
    private readonly ManualTime _time = new();
    private readonly Steered _steered = new();

    [Fact]
    public async Task ABatch_TakesOneSlot_AndOneCall()
    {
        using var worker = Worker(slots: 1);
        AddBatch(worker, "1", "2", "3");
        worker.Engine.Start();
        await _steered.Entered();
        Assert.Equal(["1", "2", "3"], _steered.Items.Select(item => item.Args));
        Assert.Equal(1, worker.Engine.Describe().Busy);
        worker.Partitions[0].Submit("steered", "\"4\"");
        await worker.Settled();
        Assert.Equal(1, _steered.Calls);
        _steered.Return();
        var reports = await worker.Partitions.WaitForReports(3);
        Assert.All(reports, report => Assert.Equal((ReportKind.Succeeded, "null"), (report.Kind, report.Result is null ? "null" : Encoding.UTF8.GetString(report.Result))));
        // A batch of one is one too.
        await _steered.Entered();
        Assert.Equal(["4"], _steered.Items.Select(item => item.Args));
        _steered.Return();
        await worker.Partitions.WaitForReports(1);
        await worker.Idle();
    }

    [Fact]
    public async Task EachEndsAsIsSaidOfIt_AndTheRestAsTheHandlerDoes()
    {
        using var worker = Worker();
        AddBatch(worker, "1", "2", "3", "4", "5");
        worker.Engine.Start();
        await _steered.Entered();
        _steered.Items[0].Succeed();
        _steered.Items[1].Fail(new InvalidDataException("no"));
        _steered.Items[2].Fail(new GiveUpException("never", code: "hopeless"));
        _steered.Items[3].RetryLater(TimeSpan.FromMinutes(3));
        _steered.Throw(new InvalidOperationException("broke"));
        var reports = await worker.Partitions.WaitForReports(5);
        Assert.Equal(
            [(ReportKind.Succeeded, null), (ReportKind.FailedOnce, "no"), (ReportKind.Failed, "never"), (ReportKind.Postponed, null), (ReportKind.FailedOnce, "broke")],
            reports.Select(report => (report.Kind, report.Error?.Message)));
        Assert.Equal(TimeSpan.FromMinutes(3), reports[3].Delay);
        Assert.Equal("hopeless", reports[2].Error!.Code);
    }

    [Fact]
    public async Task WhatEndsSeveral_IsLookedIntoOnce()
    {
        using var worker = Worker();
        AddBatch(worker, "1", "2", "3");
        worker.Engine.Start();
        await _steered.Entered();
        _steered.Items[1].Fail(new InvalidDataException("no"));
        _steered.Throw(new InvalidOperationException("broke"));
        var traces = (await worker.Partitions.WaitForReports(3)).Select(report => report.Error!.Trace).ToList();
        Assert.NotNull(traces[0]);
        Assert.Same(traces[0], traces[2]);
        Assert.NotSame(traces[0], traces[1]);
    }

    [Fact]
    public async Task AResult_IsEachOnesOwn_AndWithoutOneItHasFailed()
    {
        using var worker = new TestWorker(grid => grid.AddJob<EvenJob>());
        AddBatchOf(worker, "even", "2", "3", "4");
        worker.Engine.Start();
        var reports = await worker.Partitions.WaitForReports(3);
        Assert.Equal(["1", null, "2"], reports.Select(report => report.Result is { } result ? Encoding.UTF8.GetString(result) : null));
        Assert.Equal((ReportKind.Failed, JobErrorCodes.BadResult), (reports[1].Kind, reports[1].Error!.Code));
    }

    [Fact]
    public async Task ArgumentsThatDoNotFit_AreTheEndOfOneOnly()
    {
        using var worker = Worker();
        AddBatchOf(worker, "steered", "\"1\"", "{}", "\"3\"");
        worker.Engine.Start();
        await _steered.Entered();
        Assert.Equal(["1", "3"], _steered.Items.Select(item => item.Args));
        Assert.Equal(JobErrorCodes.BadArgs, Assert.Single(await worker.Partitions.WaitForReports(1)).Error!.Code);
        _steered.Return();
        await worker.Partitions.WaitForReports(2);
        await worker.Idle();
    }

    [Fact]
    public async Task ACancel_StopsOneOfThem_AndTheOthersGoOn()
    {
        using var worker = Worker();
        var leases = AddBatch(worker, "1", "2", "3");
        worker.Engine.Start();
        await _steered.Entered();
        worker.Engine.Cancel(new(leases[1].Id, leases[1].Token));
        await worker.Until(() => _steered.Items[1].Cancellation.IsCancellationRequested);
        Assert.False(_steered.Items[0].Cancellation.IsCancellationRequested);
        Assert.False(_steered.Cancellation.IsCancellationRequested);
        _steered.Return();
        Assert.Equal([ReportKind.Succeeded, ReportKind.Cancelled, ReportKind.Succeeded], (await worker.Partitions.WaitForReports(3)).Select(report => report.Kind));
    }

    [Fact]
    public async Task OneThatWasDone_BeforeItsCancelWasSeen_HasSucceeded()
    {
        using var worker = Worker();
        var leases = AddBatch(worker, "1", "2");
        worker.Engine.Start();
        await _steered.Entered();
        _steered.Items[0].Succeed();
        foreach (var lease in leases) worker.Engine.Cancel(new(lease.Id, lease.Token));
        await worker.Until(() => _steered.Cancellation.IsCancellationRequested);
        _steered.Return();
        Assert.Equal([ReportKind.Succeeded, ReportKind.Cancelled], (await worker.Partitions.WaitForReports(2)).Select(report => report.Kind));
    }

    [Fact]
    public async Task WhenTheLastThatIsNotToStop_IsDone_TheHandlerIsToStop()
    {
        using var worker = Worker();
        var leases = AddBatch(worker, "1", "2");
        worker.Engine.Start();
        await _steered.Entered();
        worker.Engine.Cancel(new(leases[0].Id, leases[0].Token));
        await worker.Until(() => _steered.Items[0].Cancellation.IsCancellationRequested);
        Assert.False(_steered.Cancellation.IsCancellationRequested);
        _steered.Items[1].Succeed();
        Assert.True(_steered.Cancellation.IsCancellationRequested);
        _steered.Return();
        Assert.Equal([ReportKind.Cancelled, ReportKind.Succeeded], (await worker.Partitions.WaitForReports(2)).Select(report => report.Kind));
    }

    [Fact]
    public async Task ACancelWhosePatienceIsOver_EndsOne_AndItsBatchGoesOn()
    {
        using var worker = Worker(slots: 1);
        var leases = AddBatch(worker, "1", "2");
        worker.Engine.Start();
        await _steered.Entered();
        worker.Engine.Cancel(new(leases[0].Id, leases[0].Token));
        _time.Advance(new JobGridOptions().CancelGrace + TimeSpan.FromSeconds(1));
        Assert.Equal((leases[0].Id, ReportKind.Cancelled), (await worker.Partitions.WaitForReports(1)).Select(report => (report.Id, report.Kind)).Single());
        Assert.Equal((1, 0), (worker.Engine.Describe().Busy, worker.Engine.Describe().Stuck));
        _steered.Return();
        Assert.Equal(ReportKind.Succeeded, (await worker.Partitions.WaitForReports(1))[1].Kind);
        await worker.Idle();
    }

    [Fact]
    public async Task AHandlerThatDoesNotStop_IsStuck_OnceAllOfItHaveEnded_AndItsSlotComesBackWhenItReturns()
    {
        using var worker = Worker(slots: 1, timeout: TimeSpan.FromMinutes(1));
        AddBatch(worker, "1", "2");
        worker.Engine.Start();
        await _steered.Entered();
        _steered.Items[0].Succeed();
        _time.Advance(TimeSpan.FromMinutes(1));
        await worker.Until(() => _steered.Cancellation.IsCancellationRequested);
        _time.Advance(new JobGridOptions().CancelGrace + TimeSpan.FromSeconds(1));
        var reports = await worker.Partitions.WaitForReports(2);
        // What was said of one holds.
        Assert.Equal([ReportKind.Succeeded, ReportKind.Failed], reports.OrderBy(report => report.Id).Select(report => report.Kind));
        await worker.Until(() => worker.Engine.Describe() is { Stuck: 1, Busy: 1, Jobs: [{ Stuck: true }] });
        // They hold one permit, which the last of them keeps.
        Assert.Equal([false, true], reports.Select(report => report.IsStuck));
        _steered.Return();
        await worker.Until(() => worker.Engine.Describe() is { Stuck: 0, Busy: 0, Jobs: [] });
        await worker.Until(() => worker.Partitions[0].Returned is [var returned] && returned.Id == reports[1].Id);
        Assert.Equal(2, worker.Partitions.Reports.Count());
    }

    [Fact]
    public async Task ATimeout_IsAFailureOfEach()
    {
        using var worker = Worker(timeout: TimeSpan.FromMinutes(1));
        AddBatch(worker, "1", "2");
        worker.Engine.Start();
        await _steered.Entered();
        _time.Advance(TimeSpan.FromMinutes(1));
        await worker.Until(() => _steered.Cancellation.IsCancellationRequested);
        _steered.Throw(new OperationCanceledException());
        Assert.All(await worker.Partitions.WaitForReports(2), report => Assert.Equal((ReportKind.FailedOnce, JobErrorCodes.Timeout), (report.Kind, report.Error!.Code)));
    }

    [Fact]
    public async Task ADrain_GivesBackWhatIsNotDone()
    {
        using var worker = Worker(slots: 1);
        AddBatch(worker, "1", "2");
        worker.Engine.Start();
        await _steered.Entered();
        var drained = worker.Engine.DrainAsync(CancellationToken.None);
        _time.Advance(new JobGridOptions().DrainTime + TimeSpan.FromSeconds(1));
        await worker.Until(() => _steered.Cancellation.IsCancellationRequested);
        _steered.Items[0].Succeed();
        _steered.Return();
        await drained.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal([ReportKind.Succeeded, ReportKind.Returned], worker.Partitions.Reports.Select(report => report.Kind));
    }

    [Fact]
    public async Task WhatWaitsForASlot_IsCancelledAlone_AndGoesBackTogether()
    {
        using var worker = Worker(slots: 1);
        worker.Engine.Start();
        Assert.True(SpinWait.SpinUntil(() => worker.Engine.TryReserve("default", "steered", 1) == 1, TimeSpan.FromSeconds(30)));
        var first = Leased(worker, 1, "1");
        worker.Engine.Start(first);
        await _steered.Entered();
        // Others have come although all slots are taken, as after an answer that was lost.
        var second = Leased(worker, 2, "2", "3", "4");
        worker.Engine.Start(second);
        worker.Engine.Cancel(new(second[0].Id, second[0].Token));
        _steered.Return();
        await _steered.Entered();
        Assert.Equal(["3", "4"], _steered.Items.Select(item => item.Args));
        _steered.Return();
        var reports = await worker.Partitions.WaitForReports(4);
        Assert.Equal([ReportKind.Succeeded, ReportKind.Cancelled, ReportKind.Succeeded, ReportKind.Succeeded], reports.OrderBy(report => report.Token).Select(report => report.Kind));
        await worker.Idle();
    }

    [Fact]
    public async Task ABatchThatComesTwice_RunsOnce_AndCostsNoSlot()
    {
        using var worker = Worker(slots: 2);
        worker.Engine.Start();
        var leases = Leased(worker, 1, "1", "2");
        foreach (var _ in (int[])[0, 1])
        {
            Assert.True(SpinWait.SpinUntil(() => worker.Engine.TryReserve("default", "steered", 1) == 1, TimeSpan.FromSeconds(30)));
            worker.Engine.Start(leases);
        }

        await _steered.Entered();
        _steered.Return();
        await worker.Partitions.WaitForReports(2);
        await worker.Idle();
        Assert.Equal(1, _steered.Calls);
        Assert.True(SpinWait.SpinUntil(() => worker.Engine.TryReserve("default", "steered", 2) == 2, TimeSpan.FromSeconds(30)), "A slot was not given back.");
    }

    [Fact]
    public void Registration_RefusesWhatCannotBe()
    {
        Assert.Contains("implement IBatchJob", Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddJob<NotBatchedJob>()).Message, StringComparison.Ordinal);
        foreach (var options in (Action<JobRegistrationOptions>[])[o => o.Batch = 0, o => o.Batch = 1001, o => o.BatchWait = TimeSpan.FromHours(2)])
            Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddJob<SteeredJob>(options).Build(new JobGridOptions()));
        var batch = Assert.Single(new JobGridBuilder().AddJob<SteeredJob>().Build(new JobGridOptions()).Batches!);
        Assert.Equal(("steered", 10, 1500L), (batch.Type, batch.Policy.Size, batch.Policy.Wait));
        Assert.Null(new JobGridBuilder().AddJob("plain", (int args, JobContext job, CancellationToken ct) => Task.CompletedTask).Build(new JobGridOptions()).Batches);
    }

    private TestWorker Worker(int slots = 4, TimeSpan? timeout = null) => new(
        grid => grid.AddJob<SteeredJob>(options => options.Timeout = timeout), options => options.Slots = slots, _time, services => services.AddSingleton(_steered));

    private static Lease[] AddBatch(TestWorker worker, params string[] args) => AddBatchOf(worker, "steered", Array.ConvertAll(args, arg => $"\"{arg}\""));

    private static Lease[] AddBatchOf(TestWorker worker, string type, params string[] args) =>
        [.. args.Select(arg => worker.Partitions[0].Add(type, arg, with: lease => lease with { Batch = 77 }))];

    private static Lease[] Leased(TestWorker worker, long batch, params string[] args) =>
        [.. args.Select(arg => worker.Partitions[0].AddLeased("steered", $"\"{arg}\"", with: lease => lease with { Batch = batch }))];

    /// <summary>What the handler below does is up to the test.</summary>
    internal sealed class Steered
    {
        private readonly SemaphoreSlim _entered = new(0);
        private TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Calls { get; private set; }
        public IReadOnlyList<BatchItem<string>> Items { get; private set; } = [];
        public CancellationToken Cancellation { get; private set; }

        public async Task Entered() => Assert.True(await _entered.WaitAsync(TimeSpan.FromSeconds(30)));

        public void Return() => Interlocked.Exchange(ref _end, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

        public void Throw(Exception exception) => _end.SetException(exception);

        public Task RunAsync(IReadOnlyList<BatchItem<string>> items, CancellationToken cancellation)
        {
            (Calls, Items, Cancellation) = (Calls + 1, items, cancellation);
            _entered.Release();
            return _end.Task;
        }
    }

    [Job("steered", Batch = 10, BatchSeconds = 1.5)]
    internal sealed class SteeredJob(Steered steered) : IBatchJob<string>
    {
        public Task RunAsync(IReadOnlyList<BatchItem<string>> items, CancellationToken cancellation) => steered.RunAsync(items, cancellation);
    }

    [Job("even")]
    internal sealed class EvenJob : IBatchJob<int, int>
    {
        public Task RunAsync(IReadOnlyList<BatchItem<int, int>> items, CancellationToken cancellation)
        {
            foreach (var item in items.Where(item => item.Args % 2 == 0)) item.Succeed(item.Args / 2);
            return Task.CompletedTask;
        }
    }

    [Job("not-batched", Batch = 5)]
    internal sealed class NotBatchedJob : IJob<int>
    {
        public Task RunAsync(int args, JobContext job, CancellationToken cancellation) => Task.CompletedTask;
    }
}
