using OrleansJobs.Partitions;
using OrleansJobs.Tests.Client;

namespace OrleansJobs.Tests.Partitions;

public class ChangeRingTests
{
    private readonly ManualTime _time = new();
    private readonly ChangeRing _ring = new(opening: 7);

    [Fact]
    public void ANewcomer_HasAGap_AndThenWhatChanges()
    {
        Add("before anybody listens");
        _ring.Listen(_time);
        var first = _ring.After(default);
        Assert.True(first.HasGap);
        Assert.False(_ring.HasNews(first.Place));

        Add("a");
        _ring.Add("b", null);
        Assert.True(_ring.HasNews(first.Place));
        var second = _ring.After(first.Place);
        Assert.False(second.HasGap);
        Assert.Equal([("a", false), ("b", true)], second.Jobs.Select(job => (job.Id, job.Status is null)));
        Assert.Empty(_ring.After(second.Place).Jobs);
    }

    [Fact]
    public void MoreThanItHolds_IsAGapForAllWhoMissedThem_AndNothingIsKeptUntilSomebodyComes()
    {
        _ring.Listen(_time);
        var (early, late) = (_ring.After(default).Place, default(ChangePlace));
        for (var i = 0; i <= ChangeRing.MaxJobs; i++) Add($"j{i}");
        Assert.False(_ring.IsOpen);
        Add("lost");
        Assert.True(_ring.After(early).HasGap);
        Assert.Empty(_ring.After(early).Jobs);

        _ring.Listen(_time);
        late = _ring.After(early).Place;
        Add("next");
        Assert.Equal(["next"], _ring.After(late).Jobs.Select(job => job.Id));
        Assert.True(_ring.After(early).HasGap);
    }

    [Fact]
    public void MoreTextThanItHolds_IsAGap()
    {
        _ring.Listen(_time);
        var place = _ring.After(default).Place;
        _ring.Add("a", Status("a") with { Error = new("error", null, new string('e', ChangeRing.MaxText + 1)) });
        Assert.True(_ring.After(place).HasGap);
    }

    [Fact]
    public void AnotherOpening_IsAGap()
    {
        _ring.Listen(_time);
        var elsewhere = _ring.After(default).Place with { Opening = 6 };
        Assert.True(_ring.HasNews(elsewhere));
        Assert.True(_ring.After(elsewhere).HasGap);
    }

    [Fact]
    public void NobodyWhoListens_ClosesIt()
    {
        _ring.Listen(_time);
        var place = _ring.After(default).Place;
        _time.Advance(ChangeRing.ClosedAfter);
        _ring.Check(_time);
        Assert.True(_ring.IsOpen);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _ring.Check(_time);
        Assert.False(_ring.IsOpen);
        Add("unheard");
        _ring.Listen(_time);
        Assert.True(_ring.After(place).HasGap);
    }

    private void Add(string id) => _ring.Add(id, Status(id));

    private static JobStatus Status(string id) => new() { Id = id, Type = "t", Queue = "q" };
}
