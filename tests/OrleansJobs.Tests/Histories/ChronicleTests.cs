using OrleansJobs.Histories;

namespace OrleansJobs.Tests.Histories;

public class ChronicleTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ChronicleMemory _memory = new();
    private readonly Chronicle _chronicle;

    public ChronicleTests() => _chronicle = new(_memory);

    private IEnumerable<string> Words => _memory.Events.Select(happening => $"{happening.What} {happening.Name}");

    [Fact]
    public void WhatSeveralSay_HappenedOnce()
    {
        Assert.True(_chronicle.Joined("a@1", "a", "app", "1", Start));
        Assert.False(_chronicle.Joined("a@1", "a", "app", "1", Start));
        Assert.True(_chronicle.Lost("a@1", "a", Start));
        Assert.False(_chronicle.Lost("a@1", "a", Start));
        Assert.Equal(["silo_joined a@1", "silo_lost a@1"], Words);
    }

    [Fact]
    public void WhoSaidThatItGoes_IsNotLost()
    {
        _chronicle.Joined("a@1", "a", "app", "1", Start);
        Assert.True(_chronicle.Left("a@1", "a", Start));
        Assert.False(_chronicle.Lost("a@1", "a", Start));
        Assert.Equal(["silo_joined a@1", "silo_left a@1"], Words);
    }

    [Fact]
    public void AnotherRelease_IsSaidOnceForAllOfItsSilos()
    {
        _chronicle.Joined("a@1", "a", "app", "1.0", Start);
        _chronicle.Joined("x@1", "x", "other", "9", Start);
        _chronicle.Joined("a@2", "a", "app", "1.1", Start);
        _chronicle.Joined("b@2", "b", "app", "1.1", Start);
        Assert.Equal("release_changed app", Assert.Single(Words, word => word.StartsWith("release", StringComparison.Ordinal)));
        Assert.Equal("1.1", _memory.Events.Single(happening => happening.What == HistoryEvents.ReleaseChanged).Text);
    }

    [Fact]
    public void TheNewest_AreKept_For30Days()
    {
        for (var i = 0; i < 1000; i++) _chronicle.Joined("s@" + i, "s", "app" + i, "1", Start.AddMinutes(i));
        Assert.Equal(Chronicle.MaxEvents, _memory.Events.Count);
        Assert.Equal("s@999", _memory.Events[^1].Name);
        Assert.Equal(Chronicle.MaxReleases, _memory.Releases.Count);
        _chronicle.Lost("s@999", "s", Start.AddDays(40));
        Assert.Equal("silo_lost s@999", Assert.Single(Words));
    }
}
