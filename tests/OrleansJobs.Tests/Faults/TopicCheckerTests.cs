using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Tests.Faults;

public class TopicCheckerTests
{
    [Theory]
    // Put 10..20, deleted 50..60.
    [InlineData(21, 49, true, null)]
    [InlineData(21, 49, false, Rules.BindingMissed)]
    [InlineData(15, 30, false, null)]
    [InlineData(15, 30, true, null)]
    [InlineData(30, 55, false, null)]
    [InlineData(30, 55, true, null)]
    [InlineData(55, 58, true, null)]
    [InlineData(61, 70, true, Rules.BindingGone)]
    [InlineData(61, 70, false, null)]
    [InlineData(1, 9, true, Rules.BindingGone)]
    [InlineData(1, 70, true, null)]
    public void ABinding_IsFoundWhileItIsThere(long sent, long answered, bool isFound, string? rule)
    {
        BindingSpan[] spans = [new("b", 10, 20, 50, 60)];
        var mark = new PublishedMark("e", sent, answered, isFound ? new Dictionary<string, string> { ["b"] = "j" } : []);
        Assert.Equal(rule, TopicChecker.Bindings([mark], spans).SingleOrDefault()?.Rule);
    }

    [Fact]
    public void AnEvent_HasOneJobOfABinding_HoweverOftenItIsPublished()
    {
        PublishedMark Mark(string name, params (string Binding, string Job)[] jobs) => new(name, 0, 1, jobs.ToDictionary(job => job.Binding, job => job.Job));
        Assert.Empty(TopicChecker.Once([Mark("e", ("a", "1"), ("b", "2")), Mark("e", ("a", "1")), Mark("f", ("a", "3"))]));
        Assert.Equal((Rules.EventTwice, "e"), TopicChecker.Once([Mark("e", ("a", "1")), Mark("e", ("a", "2"))]).Select(violation => (violation.Rule, violation.Id)).Single());
    }
}
