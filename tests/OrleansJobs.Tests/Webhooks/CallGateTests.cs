using OrleansJobs.Webhooks;

namespace OrleansJobs.Tests.Webhooks;

/// <summary>How many calls run at a time, under a clock that the test moves.</summary>
public class CallGateTests
{
    [Fact]
    public void AReceiverThatHangs_HasItsShare_AndNoMore()
    {
        var gate = new CallGate(8, 4);
        for (var i = 0; i < 4; i++) Assert.Null(gate.Enter("hangs", 0));
        Assert.NotNull(gate.Enter("hangs", 10));
        for (var i = 0; i < 4; i++) Assert.Null(gate.Enter("answers", 10));
        Assert.NotNull(gate.Enter("third", 20));
        gate.Leave("answers", 10, 30);
        Assert.Null(gate.Enter("third", 30));
    }

    [Fact]
    public void WhatIsPutOff_IsSpread_ByHowLongCallsTake_AndNotForEver()
    {
        var gate = new CallGate(8, 4);
        for (var i = 0; i < 4; i++) gate.Enter("slow", 0);
        for (var i = 0; i < 4; i++) gate.Leave("slow", 0, 8000);
        for (var i = 0; i < 4; i++) gate.Enter("slow", 8000);
        Assert.Equal([2000, 4000, 6000], Enumerable.Range(0, 3).Select(_ => gate.Enter("slow", 8000)!.Value));
        for (var i = 0; i < 1000; i++) Assert.InRange(gate.Enter("slow", 8000)!.Value, 0, CallGate.LongestDelay);
        // One that has run for longer than they do tells more than those that have ended.
        var other = new CallGate(8, 4);
        for (var i = 0; i < 4; i++) other.Enter("hangs", 0);
        Assert.Equal(5000, other.Enter("hangs", 20_000));
    }

    [Fact]
    public void WhereOthersHang_ThoseThatAnswerAskMoreAndMoreSeldom_AndAreQuickAgainOnceThereIsAPlace()
    {
        var gate = new CallGate(4, 2);
        for (var i = 0; i < 4; i++) Assert.Null(gate.Enter(i < 2 ? "hangs" : "hangs-too", 0));
        var asked = 0;
        for (var now = 0L; now < 20_000; asked++) now += gate.Enter("answers", now)!.Value;
        // A thousand times at twenty milliseconds.
        Assert.InRange(asked, 10, 100);
        gate.Leave("hangs", 0, 20_500);
        Assert.Null(gate.Enter("answers", 20_500));
        Assert.NotNull(gate.Enter("hangs-too", 20_500));
        Assert.InRange(gate.Enter("answers", 20_510)!.Value, 1, 600);
    }

    /// <summary>Receivers of all kinds, and calls that come back when they are told to.</summary>
    [Fact]
    public void Drawn_NoShareIsEverPassed_AllAreCalledInTheEnd_AndThoseThatAnswerAreNotHeldUpByThoseThatDoNot()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var (most, perHost) = (random.Next(2, 12), random.Next(1, 5));
            perHost = Math.Min(perHost, most - 1);
            var gate = new CallGate(most, perHost);
            var events = new PriorityQueue<(string Host, long Since), long>();
            var (running, done, tries) = (new Dictionary<string, int> { ["hangs"] = 0, ["quick"] = 0 }, new Dictionary<string, long>(), 0);
            for (var i = 0; i < 100; i++)
            {
                events.Enqueue(("hangs", -1), random.Next(1000));
                events.Enqueue(("quick", -1), random.Next(1000));
            }

            while (events.TryDequeue(out var next, out var now))
            {
                if (next.Since >= 0)
                {
                    gate.Leave(next.Host, next.Since, now);
                    running[next.Host]--;
                    done[next.Host] = now;
                    continue;
                }

                tries++;
                if (gate.Enter(next.Host, now) is { } delay)
                {
                    Assert.InRange(delay, 1, CallGate.LongestDelay);
                    events.Enqueue(next, now + delay);
                    continue;
                }

                running[next.Host]++;
                Assert.True(running[next.Host] <= perHost && running.Values.Sum() <= most, $"seed {seed}");
                events.Enqueue((next.Host, now), now + (next.Host == "hangs" ? 30_000 : random.Next(5, 50)));
            }

            Assert.Equal(0, running.Values.Sum());
            Assert.True(done["quick"] < 60_000, $"seed {seed}: {done["quick"]}");
            Assert.True(tries < 200 * 300, $"seed {seed}: {tries} tries");
        }
    }
}
