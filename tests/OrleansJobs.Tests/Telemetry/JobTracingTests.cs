using System.Diagnostics;
using OrleansJobs.Diagnostics;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Telemetry;

public sealed class JobTracingTests : IDisposable
{
    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name == JobTracing.Name,
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    public JobTracingTests() => ActivitySource.AddActivityListener(_listener);

    [Fact]
    public void Attempt_WhenItsJobHasATraceParent_IsAChildOfTheSubmitAndLinksToIt()
    {
        using var request = new Activity("request").Start();
        string? traceParent;
        using (var submit = JobTracing.StartSubmit(Job()))
        {
            Assert.Equal(request.TraceId, submit!.TraceId);
            Assert.Equal(ActivityKind.Producer, submit.Kind);
            traceParent = JobTracing.Carry(Job(), submit).TraceParent;
            Assert.Equal(submit.Id, traceParent);
        }

        request.Stop();
        var attempt = AttemptTrace.Start(Lease(traceParent))!;
        Assert.Equal(request.TraceId, attempt.TraceId);
        Assert.Equal(traceParent, attempt.ParentId);
        Assert.Equal(request.TraceId, Assert.Single(attempt.Links).Context.TraceId);
        Assert.Equal(ActivityKind.Consumer, attempt.Kind);
        Assert.Equal("process q", attempt.DisplayName);
        Assert.Equal(2, attempt.GetTagItem("orleansjobs.job.attempt"));

        attempt.End(ReportKind.FailedOnce, "InvalidOperationException");
        Assert.Equal("failed", attempt.GetTagItem("orleansjobs.attempt.outcome"));
        Assert.Equal(ActivityStatusCode.Error, attempt.Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00-zz-1-01")]
    public void Attempt_WhenThereIsNoUsableTraceParent_StartsATraceOfItsOwn(string? traceParent)
    {
        using var somebodyElse = new Activity("other").Start();
        using var attempt = AttemptTrace.Start(Lease(traceParent))!;
        Assert.NotEqual(somebodyElse.TraceId, attempt.TraceId);
        Assert.Empty(attempt.Links);
    }

    [Fact]
    public void Carry_WhenTheJobBroughtAnotherTrace_KeepsIt()
    {
        const string Own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        using var submit = new Activity("request").Start();
        Assert.Equal(Own, JobTracing.Carry(Job() with { TraceParent = Own }, submit).TraceParent);
    }

    [Fact]
    public void Spans_NeverHoldArguments()
    {
        using var submit = JobTracing.StartSubmit(Job())!;
        using var attempt = AttemptTrace.Start(Lease(submit.Id))!;
        var values = submit.TagObjects.Concat(attempt.TagObjects).Select(tag => tag.Value?.ToString());
        Assert.DoesNotContain(values, value => value is not null && value.Contains("secret"));
    }

    [Fact]
    public void AttemptScope_NamesJobAndAttemptOnly()
    {
        var scope = new AttemptScope(Lease(null));
        Assert.Equal(["JobId", "JobType", "JobQueue", "JobAttempt", "JobToken"], scope.Select(pair => pair.Key));
        Assert.Equal("job j1 (t, attempt 2)", scope.ToString());
    }

    /// <summary>A token has more bits than a number of JavaScript is exact to, and logs and traces are read by such.</summary>
    [Fact]
    public void Token_LeavesAsAString()
    {
        var lease = Lease(null) with { Token = long.MaxValue - 1 };
        using var attempt = AttemptTrace.Start(lease)!;
        Assert.Equal("9223372036854775806", attempt.GetTagItem("orleansjobs.job.token"));
        Assert.Equal("9223372036854775806", new AttemptScope(lease).Single(pair => pair.Key == "JobToken").Value);
    }

    public void Dispose() => _listener.Dispose();

    private static JobSubmission Job() => new() { Id = "j1", Type = "t", Queue = "q", Args = "\"secret\""u8.ToArray() };

    private static Lease Lease(string? traceParent) => new()
    {
        Id = "j1", Partition = 0, Token = 7, Type = "t", Queue = "q", Args = "\"secret\""u8.ToArray(), Attempt = 2, TraceParent = traceParent,
    };
}
