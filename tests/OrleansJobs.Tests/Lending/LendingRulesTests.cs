using OrleansJobs.Lending;

namespace OrleansJobs.Tests.Lending;

/// <summary>Who is lent what, over drawn cases.</summary>
public class LendingRulesTests
{
    [Fact]
    public void WhatIsFree_IsSharedOutEvenly_AndNoMoreThanIsAskedFor()
    {
        for (var seed = 1; seed <= 2000; seed++)
        {
            var random = new Random(seed);
            var asked = Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(3) == 0 ? 0 : random.Next(20)).ToArray();
            var (free, first) = (random.Next(40), random.Next(asked.Length));
            var lent = Array.ConvertAll(asked, _ => random.Next(5));
            var (lots, next) = LendingRules.Share(lent, asked, free, first);
            Assert.Equal(Math.Min(free, asked.Sum()), lots.Sum());
            for (var i = 0; i < asked.Length; i++)
            {
                Assert.InRange(lots[i], 0, asked[i]);
                // Nobody gets what makes him have more than one who would have it.
                for (var j = 0; j < asked.Length; j++) Assert.True(lots[j] == asked[j] || lots[i] == 0 || lent[i] + lots[i] <= lent[j] + lots[j] + 1, $"seed {seed}");
            }

            Assert.InRange(next, 0, asked.Length - 1);
        }
    }

    [Fact]
    public void OneAtATime_EachHasItsTurn()
    {
        var got = new int[5];
        for (var (i, turn) = (0, 0); i < 50; i++)
        {
            (var lots, turn) = LendingRules.Share([0, 0, 0, 0, 0], [1, 1, 1, 1, 1], 1, turn);
            got[Array.IndexOf(lots, 1)]++;
        }

        Assert.All(got, count => Assert.Equal(10, count));
    }

    [Fact]
    public void PermitsThatAreAskedBack_BringAllToAnEqualShare_AndThenNoneIsAskedBack()
    {
        for (var seed = 1; seed <= 2000; seed++)
        {
            var random = new Random(seed);
            var count = random.Next(1, 9);
            var limit = random.Next(count, 40);
            var lent = new int[count];
            var asked = Enumerable.Range(0, count).Select(_ => random.Next(3) == 0 ? 0 : 1000).ToArray();
            for (var some = random.Next(limit + 5); some > 0; some--) lent[random.Next(count)]++;
            for (var turn = 0; ; turn++)
            {
                Assert.True(turn < 100, $"seed {seed} does not settle");
                var back = LendingRules.Recall(lent, asked, new int[count], limit, shares: true);
                for (var i = 0; i < count; i++) Assert.InRange(back[i], 0, lent[i]);
                lent = [.. lent.Zip(back, (has, gives) => has - gives)];
                (var lots, _) = LendingRules.Share(lent, asked, Math.Max(0, limit - lent.Sum()), 0);
                lent = [.. lent.Zip(lots, (has, gets) => has + gets)];
                if (back.Sum() == 0 && lots.Sum() == 0) break;
            }

            var takers = Enumerable.Range(0, count).Where(i => lent[i] > 0 || asked[i] > 0).ToList();
            Assert.True(lent.Sum() <= limit, $"seed {seed}");
            if (takers.Exists(i => asked[i] > 0)) Assert.Equal(limit, lent.Sum());
            foreach (var i in takers.Where(i => asked[i] > 0)) Assert.True(lent[i] >= limit / takers.Count, $"seed {seed}: {string.Join(' ', lent)}");
        }
    }

    [Fact]
    public void WhereThereAreFewerThanWhoAsk_TheyGoRound()
    {
        Assert.Equal([1, 1, 0, 0], LendingRules.Recall([1, 1, 0, 0], [5, 5, 5, 5], new int[4], 2, shares: true));
        Assert.Equal([0, 0, 0, 0], LendingRules.Recall([1, 1, 0, 0], [5, 5, 0, 0], new int[4], 2, shares: true));
        // What is above a limit that was lowered, though nobody else asks.
        Assert.Equal([3, 0], LendingRules.Recall([5, 0], [0, 0], new int[2], 2, shares: true));
    }

    [Fact]
    public void IdlePermits_GoToWhoAsks_AtOnce_BelowAnEqualShareToo()
    {
        Assert.Equal([4, 0, 0], LendingRules.Recall([4, 3, 1], [0, 0, 9], [4, 0, 0], 8, shares: false));
        Assert.Equal([2, 0, 0], LendingRules.Recall([4, 3, 1], [0, 0, 2], [4, 0, 0], 8, shares: false));
        // Nobody asks, or what is free is enough.
        Assert.Equal([0, 0, 0], LendingRules.Recall([4, 3, 1], [0, 0, 0], [4, 0, 0], 8, shares: true));
        Assert.Equal([0, 0, 0], LendingRules.Recall([4, 3, 1], [0, 0, 2], [4, 0, 0], 10, shares: true));
        // What is not idle is asked for as far as the shares go.
        Assert.Equal([1, 2, 0], LendingRules.Recall([1, 6, 1], [0, 0, 9], [1, 0, 0], 8, shares: true));
        for (var seed = 1; seed <= 2000; seed++)
        {
            var random = new Random(seed);
            var count = random.Next(1, 9);
            var lent = Enumerable.Range(0, count).Select(_ => random.Next(6)).ToArray();
            var idle = lent.Select(has => random.Next(has + 1)).ToArray();
            var asked = Enumerable.Range(0, count).Select(_ => random.Next(3) == 0 ? random.Next(1, 9) : 0).ToArray();
            var limit = lent.Sum() + random.Next(3);
            var back = LendingRules.Recall(lent, asked, idle, limit, shares: false);
            for (var i = 0; i < count; i++) Assert.InRange(back[i], 0, idle[i]);
            Assert.Equal(Math.Max(0, Math.Min(idle.Sum(), asked.Sum() - limit + lent.Sum())), back.Sum());
        }
    }

    [Fact]
    public void ManyPartitionsThatAskForMuch_CostByWhatIsLent()
    {
        var (lots, _) = LendingRules.Share(new int[1024], [.. Enumerable.Repeat(LendingRules.Lot, 1024)], 1_000_000, 7);
        Assert.All(lots, lot => Assert.Equal(LendingRules.Lot, lot));
        Assert.Equal(1, LendingRules.Recall([.. Enumerable.Repeat(2, 1024), 0], [.. new int[1024], 1024], new int[1025], 2048, shares: true).Sum());
    }
}
