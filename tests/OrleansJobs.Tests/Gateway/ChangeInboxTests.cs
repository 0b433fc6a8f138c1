using OrleansJobs.Gateway.Live;
using OrleansJobs.Tests.Client;

namespace OrleansJobs.Tests.Gateway;

public class ChangeInboxTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void AGap_AsksForAListOfTheMomentFromWhichEverythingIsKept()
    {
        var inbox = new ChangeInbox(_ => false, _time);
        inbox.TellGap();
        _time.Advance(TimeSpan.FromSeconds(1));
        // Between the two nothing of other jobs is kept: a list of then may have this one as it was before.
        inbox.Tell([new("a", null)]);

        Assert.Equal(_time.GetTimestamp(), inbox.TakeGap());
        inbox.Tell([new("b", null)]);
        Assert.Equal(["b"], inbox.TakeJobs().Select(job => job.Id));
        Assert.Null(inbox.TakeGap());
    }
}
