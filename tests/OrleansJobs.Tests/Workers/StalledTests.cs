using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>Attempts that say nothing new: since when, and what becomes of them where their type does not allow it.</summary>
public sealed class StalledTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly ManualTime _time = new();
    private readonly SemaphoreSlim _entered = new(0);
    private readonly TaskCompletionSource _return = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private JobContext? _running;
    private LeaseName _lease;
    private bool _isDeaf;

    [Fact]
    public async Task AnAttemptThatSaysNothing_IsCancelled_AndRunAgainByPolicy()
    {
        using var worker = await BeginAsync();
        Pass(19.9);
        Assert.Empty(worker.Partitions.Reports);
        Pass(0.2);
        var report = Assert.Single(await worker.Partitions.WaitForReports(1));
        Assert.Equal((ReportKind.FailedOnce, JobErrorCodes.Stalled), (report.Kind, report.Error?.Code));
    }

    [Fact]
    public async Task WithNoAttemptLeft_TheJobHasFailed()
    {
        using var worker = await BeginAsync(options => options.Attempts = 1);
        Pass(21);
        var report = Assert.Single(await worker.Partitions.WaitForReports(1));
        Assert.Equal((ReportKind.Failed, JobErrorCodes.Stalled), (report.Kind, report.Error?.Code));
    }

    [Theory]
    [InlineData("progress")]
    [InlineData("data")]
    [InlineData("log")]
    [InlineData("checkpoint")]
    public async Task WhateverIsNew_IsWaitedForAnew(string what)
    {
        using var worker = await BeginAsync();
        for (var said = 1; said <= 3; said++)
        {
            Pass(15);
            switch (what)
            {
                case "progress": _running!.Report(said, 10); break;
                case "data": _running!.Report(0, 10, null, new { said }); break;
                case "log": _running!.Log(JobLogLevel.Information, "the same line"); break;
                default: await _running!.SaveCheckpointAsync("the same"); break;
            }

            Assert.Equal(0, worker.Engine.GetProgress(_lease)!.Value.Silence);
        }

        Pass(19.5);
        Assert.Empty(worker.Partitions.Reports);
        Pass(0.6);
        Assert.Equal(JobErrorCodes.Stalled, Assert.Single(await worker.Partitions.WaitForReports(1)).Error?.Code);
    }

    [Fact]
    public async Task WhoWaitsForTheStore_IsNotSilent()
    {
        using var worker = await BeginAsync();
        var store = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.Partitions.Feed(_lease.Id).Before = () => store.Task;
        Pass(15);
        var saving = _running!.SaveCheckpointAsync("new");
        Pass(19);
        Pass(19);
        Assert.Equal(0, worker.Engine.GetProgress(_lease)!.Value.Silence);
        store.SetResult();
        await saving;
        Pass(19.5);
        Assert.Empty(worker.Partitions.Reports);
        Pass(0.6);
        Assert.Equal(JobErrorCodes.Stalled, Assert.Single(await worker.Partitions.WaitForReports(1)).Error?.Code);
    }

    [Fact]
    public async Task TheSameProgress_SaidAgain_IsNothingNew()
    {
        using var worker = await BeginAsync();
        _running!.Report(1, 10, "sawing", new[] { 1 });
        Assert.Equal(0, worker.Engine.GetProgress(_lease)!.Value.Silence);
        for (var second = 1; second <= 19; second++)
        {
            Pass(1);
            _running.Report(1, 10, "sawing", new[] { 1 });
            Assert.Equal(second * 1000, worker.Engine.GetProgress(_lease)!.Value.Silence);
        }

        Assert.Empty(worker.Partitions.Reports);
        Pass(1.1);
        Assert.Equal(JobErrorCodes.Stalled, Assert.Single(await worker.Partitions.WaitForReports(1)).Error?.Code);
    }

    [Fact]
    public async Task ProgressIsNoticed_WhenItIsCarried()
    {
        using var worker = await BeginAsync(options => options.StalledAfter = null);
        Pass(12);
        _running!.Report(1, 2);
        Assert.True(await worker.Partitions.Feed(_lease.Id).Told.WaitAsync(TimeSpan.FromSeconds(30)));
        Pass(5);
        Assert.Equal(5000, worker.Engine.GetProgress(_lease)!.Value.Silence);
        _return.SetResult();
        await worker.Idle();
    }

    [Fact]
    public async Task AHandlerThatDoesNotStop_LosesItsJob()
    {
        _isDeaf = true;
        using var worker = await BeginAsync();
        Pass(20.1);
        Assert.Empty(worker.Partitions.Reports);
        _time.Advance(new JobGridOptions().CancelGrace);
        var report = Assert.Single(await worker.Partitions.WaitForReports(1));
        Assert.Equal((ReportKind.Failed, JobErrorCodes.Stalled, 1), (report.Kind, report.Error?.Code, worker.Engine.Describe().Stuck));
        _return.SetResult();
        await worker.Until(() => worker.Engine.Describe() is { Stuck: 0, Busy: 0 });
    }

    [Fact]
    public async Task AnAttemptThatHasEnded_IsNotStopped_AndACancelGoesBefore()
    {
        using var worker = await BeginAsync();
        _return.SetResult();
        Assert.Equal(ReportKind.Succeeded, Assert.Single(await worker.Partitions.WaitForReports(1)).Kind);
        Pass(60);
        await worker.Settled();
        Assert.Single(worker.Partitions.Reports);
    }

    [Fact]
    public async Task WithoutALimit_ItIsOnlyTold_ForHowLong()
    {
        using var worker = await BeginAsync(options => options.StalledAfter = null);
        var lease = _lease;
        Pass(9);
        Assert.Equal((9000, null), (worker.Engine.GetProgress(lease)!.Value.Silence, Assert.Single(worker.Engine.Describe().Jobs).StalledFor));
        Pass(3);
        Assert.Equal((12_000, TimeSpan.FromSeconds(12)), (worker.Engine.GetProgress(lease)!.Value.Silence, Assert.Single(worker.Engine.Describe().Jobs).StalledFor));
        _running!.Report(1, 2);
        Assert.Equal(0, worker.Engine.GetProgress(lease)!.Value.Silence);
        Pass(4);
        Assert.Equal(4000, worker.Engine.GetProgress(lease)!.Value.Silence);
        Pass(100_000);
        Assert.Empty(worker.Partitions.Reports);
        _return.SetResult();
        await worker.Idle();
    }

    private void Pass(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private async Task<TestWorker> BeginAsync(Action<JobRegistrationOptions>? options = null)
    {
        var worker = new TestWorker(
            grid => grid.AddJob("work", async (int _, JobContext job, CancellationToken cancellation) =>
            {
                _running = job;
                _entered.Release();
                await (_isDeaf ? _return.Task : _return.Task.WaitAsync(cancellation));
            }, registered =>
            {
                registered.StalledAfter = Limit;
                options?.Invoke(registered);
            }),
            time: _time);
        worker.Engine.Start();
        var lease = worker.Partitions[0].Add("work", "1");
        _lease = new(lease.Id, lease.Token);
        worker.Engine.Hint(0);
        Assert.True(await _entered.WaitAsync(TimeSpan.FromSeconds(30)), "The handler was not started.");
        return worker;
    }
}
