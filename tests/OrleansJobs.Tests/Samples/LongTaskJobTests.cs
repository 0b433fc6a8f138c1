using OrleansJobs.Samples;

namespace OrleansJobs.Tests.Samples;

public class LongTaskJobTests
{
    private readonly SampleJobContext _job = new();
    private readonly InstantTime _time = new();

    [Fact]
    public async Task Run_ReportsEachStepAndEndsWith42()
    {
        var result = await Run(new LongTaskArgs(Steps: 3, StepMs: 250));

        Assert.Equal(42, result);
        Assert.Equal([(0L, 3L), (1, 3), (2, 3), (3, 3)], _job.Reports.Select(report => (report.Current, report.Total)));
        Assert.All(_job.Reports.SkipLast(1), report => Assert.Matches(@"^\S.* \S+ \S.*\.\.\.$", report.Message));
        Assert.Equal("Task completed!", _job.Reports[^1].Message);
        Assert.Equal(Enumerable.Repeat(TimeSpan.FromMilliseconds(250), 3), _time.Waits);
    }

    [Fact]
    public async Task Run_WithoutArguments_TakesTenToFiftyStepsOfASecond()
    {
        Assert.Equal(42, await Run(null));

        Assert.InRange(_time.Waits.Count, 10, 50);
        Assert.All(_time.Waits, wait => Assert.Equal(TimeSpan.FromSeconds(1), wait));
    }

    [Fact]
    public async Task Run_WhenRunAgain_HasAsManySteps()
    {
        await Run(null);
        var again = new SampleJobContext(_job.Id);
        await new LongTaskJob(_time).RunAsync(null, again, default);

        Assert.Equal(_job.Reports, again.Reports);
    }

    [Theory]
    [InlineData(0, 0, "steps is 1 to 10000; it is 0.")]
    [InlineData(10_001, 0, "steps is 1 to 10000; it is 10001.")]
    [InlineData(1, -1, "stepMs is 0 to 60000; it is -1.")]
    [InlineData(1, 60_001, "stepMs is 0 to 60000; it is 60001.")]
    public async Task Run_WhenALimitIsCrossed_GivesUpAndNamesIt(int steps, int stepMs, string message)
    {
        var exception = await Assert.ThrowsAsync<GiveUpException>(() => Run(new LongTaskArgs(steps, stepMs)));
        Assert.Equal(message, exception.Message);
        Assert.Empty(_job.Reports);
    }

    [Fact]
    public async Task Run_WhenCancelled_Stops()
    {
        using var cancel = new CancellationTokenSource();
        var running = new LongTaskJob(TimeProvider.System).RunAsync(new LongTaskArgs(1, 60_000), _job, cancel.Token);
        Assert.False(running.IsCompleted);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private Task<int> Run(LongTaskArgs? args) => new LongTaskJob(_time).RunAsync(args, _job, default);
}
