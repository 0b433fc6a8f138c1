using OrleansJobs.Letters;
using OrleansJobs.Tests.Partitions;

namespace OrleansJobs.Tests.Letters;

/// <summary>How old the oldest letter is that waits, whoever wrote it and however many others are delivered.</summary>
public class LetterAgeTests
{
    private readonly CoreDriver _driver = new(new() { Partitions = 3 });

    private LetterBook Book => _driver.Core.Letters;

    [Fact]
    public void OldestAge_IsThatOfTheFirstThatWaits_ThoughOthersAreDelivered()
    {
        Send(1, 10);
        Send(2, 20);
        Send(1, 30);
        Assert.Equal(90, Book.OldestAge(_driver.Now + 100));
        Deliver(1, 1);
        Assert.Equal(80, Book.OldestAge(_driver.Now + 100));
        Deliver(2, 1);
        Assert.Equal(70, Book.OldestAge(_driver.Now + 100));
        Deliver(1, 1);
        Assert.Equal(0, Book.OldestAge(_driver.Now + 100));
    }

    [Fact]
    public void OldestAge_IsKnownToTheNextActivation_WhenItHasReadTheLetter()
    {
        Send(1, 10);
        _driver.Reopen();
        var channel = Assert.Single(Book.Channels);
        Assert.Equal(0, Book.OldestAge(_driver.Now + 100));
        channel.EndRead(_driver.ReadLetters(channel.Set, channel.BeginRead()), LetterChannel.Window, Book);
        Assert.Equal(90, Book.OldestAge(_driver.Now + 100));
    }

    [Fact]
    public void WhatWasWrittenByAnInstant_HasBeenDelivered_OnceTheOldestThatWaitsIsYounger()
    {
        Assert.False(Book.MayWaitSince(1, _driver.Now + 100));
        Send(1, 10);
        Send(1, 30);
        Send(2, 5);
        Assert.True(Book.MayWaitSince(1, _driver.Now + 10));
        Assert.False(Book.MayWaitSince(1, _driver.Now + 9));
        Deliver(1, 1);
        Assert.False(Book.MayWaitSince(1, _driver.Now + 29));
        Assert.True(Book.MayWaitSince(1, _driver.Now + 30));
        Deliver(1, 1);
        Assert.False(Book.MayWaitSince(1, _driver.Now + 100));
    }

    /// <summary>Since when they are known to wait, which is what their age goes by then, would be the opening.</summary>
    [Fact]
    public void OfLettersThatAreStillToBeRead_AnyMayWait()
    {
        Send(1, 10);
        _driver.Reopen();
        var channel = Assert.Single(Book.Channels);
        channel.Stuck = _driver.Now + 1000;
        Assert.True(Book.MayWaitSince(1, _driver.Now + 9));
        channel.EndRead(_driver.ReadLetters(channel.Set, channel.BeginRead()), LetterChannel.Window, Book);
        Assert.False(Book.MayWaitSince(1, _driver.Now + 9));
    }

    private void Send(int receiver, long after)
    {
        var at = _driver.Now + after;
        Book.Clock = () => at;
        Book.Send(receiver, LetterKind.Cancel, []);
        _driver.Commit();
    }

    private void Deliver(int receiver, int count)
    {
        var channel = Book.Channels.Single(channel => channel.Receiver == receiver);
        Book.Delivered(channel, channel.Next()[..count]);
        _driver.Commit();
    }
}
