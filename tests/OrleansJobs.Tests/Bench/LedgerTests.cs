using OrleansJobs.Bench.Brokers;

namespace OrleansJobs.Tests.Bench;

/// <summary>What says whether a broker has lost or doubled messages.</summary>
public sealed class LedgerTests
{
    private readonly Ledger _ledger = new();

    [Fact]
    public void Note_TellsWhatCameTwiceFromWhatCameOnce()
    {
        foreach (var number in (long[])[0, 63, 64, 5, Ledger.Capacity - 1, 64]) _ledger.Note(number);

        Assert.Equal(5, _ledger.Handled);
        Assert.Equal(1, _ledger.Twice);
        Assert.Equal(63 + 64 + 5 + Ledger.Capacity - 1, _ledger.Sum);
    }

    [Fact]
    public void Note_OfMoreThanItCanTellApart_SaysSo()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _ledger.Note(Ledger.Capacity));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ledger.Note(-1));
    }

    [Fact]
    public async Task WhenSettled_EndsWithThatMany_AndNotWithFewer()
    {
        var (three, five) = (_ledger.WhenSettledAsync(3), _ledger.WhenSettledAsync(5));

        _ledger.Settle(2);
        Assert.False(three.IsCompleted);
        _ledger.Settle(2);
        await three;
        Assert.False(five.IsCompleted);
        _ledger.Settle(1);
        await five;
        await _ledger.WhenSettledAsync(5);
    }

    [Fact]
    public async Task Fail_TellsWhoeverWaits()
    {
        var waiting = _ledger.WhenSettledAsync(1);

        _ledger.Fail(new IOException("gone"));

        await Assert.ThrowsAsync<IOException>(() => waiting);
        await Assert.ThrowsAsync<IOException>(() => _ledger.WhenSettledAsync(1));
    }
}
