using OrleansJobs.Hosting;
using OrleansJobs.Records;
using OrleansJobs.Samples;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

public class FlowRegistrationTests
{
    [Fact]
    public void AddFlow_TellsThatItIsOne_WithTheSchemasOfItsArgumentsAndResult()
    {
        var info = Entry(new JobGridBuilder().AddFlow<TripFlow>(), "trip").Info;
        Assert.True(info.IsFlow);
        Assert.Contains("soldOut", info.ArgsSchema, StringComparison.Ordinal);
        Assert.Contains("bookings", info.ResultSchema, StringComparison.Ordinal);
        Assert.True(JobTypeRecord.Decode("trip", JobTypeRecord.Encode(info)).IsFlow);
        Assert.False(Entry(new JobGridBuilder().AddJob<SumJob>(), "sum").Info.IsFlow);
    }

    [Fact]
    public void AddFlow_TakesFunctions_WithAndWithoutAResult()
    {
        var jobs = new JobGridBuilder()
            .AddFlow("one", (int n, FlowContext _, CancellationToken _) => Task.FromResult(n))
            .AddFlow("none", (int _, FlowContext _, CancellationToken _) => Task.CompletedTask);
        Assert.Equal((typeof(int), null), (Entry(jobs, "one").ResultType, Entry(jobs, "none").ResultType));
    }

    [Fact]
    public void AddFlow_OfAHandlerThatIsNone_SaysSo() =>
        Assert.Contains("AddJob", Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddFlow<SumJob>()).Message, StringComparison.Ordinal);

    [Fact]
    public void AddJobsFrom_FindsFlowsToo() =>
        Assert.Contains("trip", new JobGridBuilder().AddJobsFrom(typeof(TripFlow).Assembly).Build(new JobGridOptions()).Types);

    private static HandlerEntry Entry(JobGridBuilder builder, string name)
    {
        Assert.True(builder.Build(new JobGridOptions()).TryGet(name, out var entry));
        return entry;
    }
}
