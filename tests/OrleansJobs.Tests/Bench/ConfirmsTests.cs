using OrleansJobs.Bench.Brokers.Rabbit;

namespace OrleansJobs.Tests.Bench;

/// <summary>Confirms come in any order, one by one or all up to one.</summary>
public sealed class ConfirmsTests
{
    private readonly Confirms _confirms = new();

    [Fact]
    public void Multiple_ConfirmsAllUpToIt_AndNoneBehind()
    {
        var (first, second) = (_confirms.Expect(2), _confirms.Expect(2));

        _confirms.Hear(3, multiple: true);

        Assert.True(first.IsCompletedSuccessfully);
        Assert.False(second.IsCompleted);
        _confirms.Hear(4, multiple: false);
        Assert.True(second.IsCompletedSuccessfully);
    }

    [Fact]
    public void Single_ConfirmsNoneBeforeIt()
    {
        var (first, second) = (_confirms.Expect(1), _confirms.Expect(1));

        _confirms.Hear(2, multiple: false);

        Assert.False(first.IsCompleted);
        Assert.True(second.IsCompletedSuccessfully);
        _confirms.Hear(2, multiple: true);
        Assert.True(first.IsCompletedSuccessfully);
    }

    [Fact]
    public void Twice_CountsOnce()
    {
        var both = _confirms.Expect(2);

        _confirms.Hear(1, multiple: false);
        _confirms.Hear(1, multiple: false);
        _confirms.Hear(1, multiple: true);

        Assert.False(both.IsCompleted);
    }

    [Fact]
    public void Ring_GoesRound_AndSaysWhenItIsFull()
    {
        for (var i = 1UL; i <= 3UL * Confirms.Capacity; i += 1000)
        {
            var sent = _confirms.Expect(1000);
            _confirms.Hear(i + 999, multiple: true);
            Assert.True(sent.IsCompletedSuccessfully);
        }

        _ = _confirms.Expect(Confirms.Capacity);
        Assert.Throws<InvalidOperationException>(() => { _ = _confirms.Expect(1); });
    }

    [Fact]
    public async Task Fail_TellsThoseThatWait_AndThoseThatCome()
    {
        var waiting = _confirms.Expect(1);

        _confirms.Fail(new IOException("gone"));

        await Assert.ThrowsAsync<IOException>(() => waiting);
        await Assert.ThrowsAsync<IOException>(() => _confirms.Expect(1));
    }
}
