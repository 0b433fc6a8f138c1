using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class AskPlanTests
{
    /// <summary>What may be leased ahead is nothing for it.</summary>
    [Fact]
    public void WhoWaitsForASlot_IsAskedOnceThereIsOne_InTheOrderInWhichTheySaidSo()
    {
        var plan = new AskPlan(3) { Slots = 20 };
        for (var partition = 0; partition < 3; partition++) plan.Opened(partition);
        for (var i = 0; i < 3; i++) plan.Answered(plan.Next(10, 0)!.Value.Partition, 3, 0, ready: 0, heldBack: false, 0, need: i == 0 ? SlotNeed.None : SlotNeed.Missing);
        Assert.True(plan.NeedsSlots);
        Assert.Null(plan.Next(10, 0));
        plan.FreeSlots = 1;
        var first = plan.Next(10, 0)!.Value;
        Assert.True(first.TakesSlots);
        plan.FreeSlots = 0;
        Assert.Null(plan.Next(10, 0));
        plan.Answered(first.Partition, first.Want, 1, ready: 0, heldBack: false, 0, need: SlotNeed.Missing);
        plan.FreeSlots = 1;
        var second = plan.Next(10, 0)!.Value;
        Assert.NotEqual(first.Partition, second.Partition);
        plan.Answered(second.Partition, second.Want, 1, ready: 0, heldBack: false, 0, need: SlotNeed.Given);
        Assert.Equal(first.Partition, plan.Next(10, 0)!.Value.Partition);
        Assert.False(plan.NeedsSlots);
        // One that gave limited jobs last is asked with its slot, whatever else it is asked for.
        plan.Hinted(second.Partition);
        Assert.True(plan.Next(10, 0)!.Value.TakesSlots);
    }

    [Fact]
    public void WhoWaitsForASlot_KeepsItsPlace_WhenItIsAskedWithout()
    {
        var plan = Opened(2);
        for (var i = 0; i < 2; i++) plan.Answered(plan.Next(10, 0)!.Value.Partition, 5, 0, ready: 0, heldBack: false, 0, need: SlotNeed.Missing);
        plan.FreeSlots = 1;
        var first = plan.Next(10, 0)!.Value;
        plan.FreeSlots = 0;
        plan.Answered(first.Partition, first.Want, 1, ready: 0, heldBack: false, 0, need: SlotNeed.Missing, slots: 1);

        var second = 1 - first.Partition;
        // What waits for a slot there has company: nothing to be asked for.
        plan.HasBacklog(second, isLimited: true);
        Assert.Null(plan.Next(10, 0));
        plan.HasBacklog(second);
        Assert.Equal(second, plan.Next(10, 0)!.Value.Partition);
        plan.Answered(second, 10, 0, ready: 0, heldBack: false, 0, need: SlotNeed.Missing);
        // Reports alone ask for nothing, and say nothing of it.
        plan.Reported(second);
        Assert.Equal(0, plan.Next(0, 0)!.Value.Want);
        plan.Answered(second, 0, 0, ready: 3, heldBack: false, 0);
        Assert.Equal(second, plan.Next(10, 0)!.Value.Partition);
        plan.Answered(second, 3, 0, ready: 0, heldBack: false, 0, need: SlotNeed.Missing);

        plan.FreeSlots = 1;
        Assert.Equal(second, plan.Next(10, 0)!.Value.Partition);
        Assert.Equal(first.Partition, plan.Next(10, 0)!.Value.Partition);
    }

    /// <summary>Whoever does not answer keeps all of them empty otherwise.</summary>
    [Fact]
    public void SlotsAreKeptFree_ByShares_AndForNobodyWhoHasFailed()
    {
        var plan = Opened(4);
        for (var i = 0; i < 4; i++) plan.Answered(plan.Next(272, 0)!.Value.Partition, 68, 0, ready: 0, heldBack: false, 0, need: i == 0 ? SlotNeed.Given : SlotNeed.None);
        for (var partition = 0; partition < 4; partition++) plan.Hinted(partition);
        var ask = plan.Next(272, 0)!.Value;
        Assert.Equal(0.25, ask.SlotShare);
        plan.Failed(ask.Partition, 0, 0);
        plan.Hinted(ask.Partition);
        for (var i = 0; i < 4; i++) Assert.Equal(0, plan.Next(272, 0)!.Value.SlotShare);
    }

    [Fact]
    public void Next_WhenAllAreNew_SharesTheFreeSlotsAmongThem()
    {
        var plan = Opened(4);
        Assert.Equal([2, 2, 2, 2], Enumerable.Range(0, 4).Select(i => plan.Next(8 - (2 * i), 0)!.Value.Want));
        Assert.Null(plan.Next(8, 0));
    }

    [Fact]
    public void Next_WhenFewSlotsAreFree_AsksInTurnUntilEveryoneWasAsked()
    {
        var plan = Opened(3);
        var asked = new List<int>();
        while (plan.Next(1, 0) is { } ask)
        {
            Assert.Equal(1, ask.Want);
            asked.Add(ask.Partition);
            plan.Answered(ask.Partition, 1, 0, 0, heldBack: false, 0);
        }

        Assert.Equal([0, 1, 2], asked);
    }

    [Fact]
    public void Next_WhenNoSlotIsFree_AsksNobody()
    {
        var plan = Opened(3);
        Assert.Null(plan.Next(0, 0));
    }

    [Fact]
    public void Reported_GoesOutAtOnce_AndAsksBackWhatItEnded()
    {
        var plan = Idle(4);
        plan.Reported(2, 3);
        Assert.Equal(new Ask(2, 3), plan.Next(10, 0));
    }

    [Fact]
    public void Reported_WhenNoSlotIsFree_GoesOutAllTheSame()
    {
        var plan = Idle(4);
        plan.Reported(2);
        Assert.Equal(new Ask(2, 0), plan.Next(0, 0));
    }

    [Fact]
    public void Reported_WhileAnExchangeIsUnderWay_GathersForTheNext()
    {
        var plan = Idle(4);
        plan.Reported(2);
        plan.Next(10, 0);
        plan.Reported(2);
        plan.Reported(2);
        Assert.Null(plan.Next(10, 0));
        plan.Answered(2, 1, 1, 0, heldBack: false, 0);
        Assert.Equal(new Ask(2, 2), plan.Next(10, 0));
    }

    [Fact]
    public void Reported_ToOneWithoutBacklog_LeavesItsSlotToThoseWithBacklog()
    {
        var plan = Idle(4);
        plan.HasBacklog(3);
        plan.Reported(2);
        Assert.Equal(new Ask(2, 0), plan.Next(1, 0));
        Assert.Equal(new Ask(3, 1), plan.Next(1, 0));
    }

    [Fact]
    public void Answered_WithNothingMore_IsNotAskedAgainUntilItHints()
    {
        var plan = Idle(1);
        Assert.Null(plan.Next(10, 0));
        plan.Hinted(0);
        Assert.Equal(new Ask(0, 10), plan.Next(10, 0));
    }

    [Fact]
    public void Answered_WithMore_IsAskedForThatMuch()
    {
        var plan = Opened(1);
        plan.Next(2, 0);
        plan.Answered(0, 2, 2, ready: 3, heldBack: false, 0);
        Assert.Equal(new Ask(0, 3), plan.Next(10, 0));
    }

    [Fact]
    public void Answered_WithLessThanItPromised_IsNotAskedInATightCircle()
    {
        var plan = Opened(1);
        plan.Next(2, 0);
        plan.Answered(0, 2, 0, ready: 3, heldBack: false, now: 100);
        Assert.Null(plan.Next(10, 100));
        Assert.InRange(plan.NextRetry!.Value, 101, 1100);
        Assert.NotNull(plan.Next(10, plan.NextRetry!.Value));
    }

    [Fact]
    public void Hinted_WhenNoSlotIsFree_AnswersSo_SoThatAnotherIsTold()
    {
        var plan = Idle(2);
        plan.Hinted(1);
        Assert.Equal(new Ask(1, 0), plan.Next(0, 0));
    }

    [Fact]
    public void Hinted_WhileAnExchangeIsUnderWay_AsksOnceMore()
    {
        var plan = Idle(2);
        plan.Reported(1);
        plan.Next(10, 0);
        plan.Hinted(1);
        plan.Answered(1, 1, 0, 0, heldBack: false, 0);
        Assert.NotNull(plan.Next(10, 0));
        plan.Answered(1, 10, 0, 0, heldBack: false, 0);
        Assert.Null(plan.Next(10, 0));
    }

    [Fact]
    public void HasBacklog_WhileAnExchangeIsUnderWay_WaitsForAFreeSlot_InsteadOfTalkingInCircles()
    {
        var plan = Idle(2);
        plan.Reported(1);
        plan.Next(0, 0);
        plan.HasBacklog(1);
        plan.Answered(1, 0, 0, 5, heldBack: false, 0);
        Assert.Null(plan.Next(0, 0));
        Assert.Equal(new Ask(1, 3), plan.Next(3, 0));
    }

    [Fact]
    public void Next_WhilePartitionsHereHaveWork_AsksThoseElsewhereEveryFourthTime()
    {
        var plan = Idle(4);
        plan.HasBacklog(0);
        plan.HasBacklog(1);
        plan.Hinted(2);
        plan.Hinted(3);
        // Their hints are answered, for the sake of other workers; their work waits for its turn.
        var asked = new List<int>();
        for (var i = 0; i < 24; i++)
        {
            var ask = plan.Next(1, 0)!.Value;
            if (ask.Want > 0) asked.Add(ask.Partition);
            plan.Answered(ask.Partition, ask.Want, ask.Want, ready: 100, heldBack: false, 0);
        }

        Assert.Equal([0, 1, 0, 2, 1, 0, 1, 3, 0, 1, 0, 2], asked.Take(12));
        Assert.Equal(22, asked.Count);
    }

    [Fact]
    public void Reported_ToOneElsewhere_LeavesItsSlotToThoseHereAndIsNotForgotten()
    {
        var plan = Idle(2);
        plan.HasBacklog(0);
        plan.Reported(1, 3);
        Assert.Equal(new Ask(1, 0), plan.Next(3, 0));
        plan.Answered(1, 0, 0, ready: 5, heldBack: false, 0);
        Assert.Equal(new Ask(0, 3), plan.Next(3, 0));
        plan.Answered(0, 3, 3, ready: 0, heldBack: false, 0);
        Assert.Equal(new Ask(1, 3), plan.Next(3, 0));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, 4)]
    [InlineData(2, 16)]
    [InlineData(5, 20)]
    [InlineData(32, 16)]
    public void Reported_WhileOthersHereHaveWork_DoesNotKeepTheSlotsForGood(int partitions, int slots)
    {
        var plan = Idle(partitions);
        plan.HasBacklog(0);
        var got = Drain(plan, slots, rounds: 0, new int[partitions]);
        Assert.Equal(slots, got[0]);
        for (var partition = 1; partition < partitions; partition++) plan.HasBacklog(partition);
        const int Rounds = 40_000;
        got = Drain(plan, slots, Rounds, got);
        Assert.All(got, jobs => Assert.InRange(jobs, Rounds / partitions / 2, Rounds / partitions * 2));
    }

    [Fact]
    public void Reported_WhileOneElsewhereHasWork_LeavesItATurnNowAndThen()
    {
        var plan = Idle(3);
        plan.HasBacklog(0);
        plan.HasBacklog(1);
        plan.Hinted(2);
        var got = Drain(plan, slots: 16, rounds: 10_000, new int[3]);
        Assert.InRange(got[2], 10_000 / 20, 10_000 / 4);
        Assert.InRange(got[0], got[1] / 2, got[1] * 2);
    }

    [Fact]
    public void Reported_WhileJobsAreShort_LeavesATurnToOthersOnceInAWhile()
    {
        var plan = Idle(2);
        plan.HasBacklog(0);
        var got = Drain(plan, slots: 1, rounds: 0, new int[2]);
        plan.HasBacklog(1);
        got = Drain(plan, slots: 1, rounds: 10_000, got, pause: 1);
        Assert.All(got, jobs => Assert.InRange(jobs, 10_000 / 4, 10_000 * 3 / 4));
    }

    [Fact]
    public void Reported_WhileTurnsComeByThemselves_GoesBeforeThem()
    {
        var plan = Idle(2);
        plan.HasBacklog(0);
        plan.HasBacklog(1);
        for (var i = 0; i < 1000; i++)
        {
            plan.Reported(0);
            Assert.Equal(0, plan.Next(1, 0)?.Partition);
            // While that is under way, another slot has come free.
            Assert.Equal(new Ask(1, 1), plan.Next(1, 0));
            foreach (var partition in new[] { 0, 1 }) plan.Answered(partition, 1, 1, ready: 100, heldBack: false, 0);
        }
    }

    [Fact]
    public void Opened_WhenItHasMoved_IsNoLongerHere()
    {
        var plan = Idle(2);
        plan.HasBacklog(0);
        plan.HasBacklog(1);
        plan.Opened(0);
        plan.Reported(0, 2);
        Assert.Equal(new Ask(0, 0), plan.Next(2, 0));
        Assert.Equal(new Ask(1, 2), plan.Next(2, 0));
    }

    [Fact]
    public void Failed_IsSentAgainLater_WithItsReports_AndEverLater()
    {
        var plan = Idle(1);
        plan.Reported(0, 2);
        var waits = new List<long>();
        var now = 0L;
        for (var i = 0; i < 12; i++)
        {
            Assert.Equal(2, plan.Next(2, now)?.Want);
            plan.Failed(0, 2, now);
            Assert.Null(plan.Next(2, now));
            waits.Add(plan.NextRetry!.Value - now);
            now = plan.NextRetry.Value;
        }

        Assert.Equal(waits.Order(), waits);
        Assert.Equal(50, waits[0]);
        Assert.Equal(5000, waits[^1]);
    }

    [Fact]
    public void Failed_WithoutReports_IsSentAgainEvenWithNoFreeSlot_BecauseALeaseMayBeLost()
    {
        var plan = Opened(1);
        plan.Next(1, 0);
        plan.Failed(0, 0, 0);
        Assert.Equal(new Ask(0, 0), plan.Next(0, 50));
    }

    [Fact]
    public void Loosened_AsksThoseWhoHeldBack()
    {
        var plan = Opened(2);
        plan.Next(2, 0);
        plan.Next(2, 0);
        plan.Answered(0, 1, 0, 0, heldBack: true, 0);
        plan.Answered(1, 1, 0, 0, heldBack: false, 0);
        Assert.Null(plan.Next(2, 0));
        plan.Loosened();
        Assert.Equal(0, plan.Next(2, 0)?.Partition);
        Assert.Null(plan.Next(2, 0));
    }

    [Fact]
    public void Loosened_WhileTheQuestionWasUnderWay_CountsToo()
    {
        var plan = Opened(1);
        plan.Next(2, 0);
        plan.Loosened();
        plan.Answered(0, 2, 0, 0, heldBack: true, 0);
        Assert.Null(plan.Next(2, 0));
        Assert.NotNull(plan.Next(2, plan.NextRetry!.Value));
    }

    [Fact]
    public void Stop_TellsEveryPartition_AndAsksForNothing()
    {
        var plan = Opened(3);
        plan.Next(9, 0);
        plan.Stop();
        var told = new List<int>();
        while (plan.Next(9, 0) is { } ask)
        {
            Assert.Equal(0, ask.Want);
            told.Add(ask.Partition);
        }

        Assert.Equal([1, 2], told);
        plan.Answered(0, 3, 3, 9, heldBack: false, 0);
        Assert.Equal(new Ask(0, 0), plan.Next(9, 0));
        Assert.False(plan.IsQuiet);
        for (var i = 0; i < 3; i++) plan.Answered(i, 0, 0, 9, heldBack: false, 0);
        Assert.Null(plan.Next(9, 0));
        Assert.True(plan.IsQuiet);
    }

    [Fact]
    public void Next_NeverAsksForMoreThanIsFree()
    {
        var random = new Random(1);
        var plan = Opened(5);
        var busy = new Dictionary<int, Ask>();
        for (var i = 0; i < 100_000; i++)
        {
            var partition = random.Next(5);
            switch (random.Next(8))
            {
                case 0: plan.Reported(partition, random.Next(1, 4)); break;
                case 1: plan.Hinted(partition); break;
                case 2: plan.HasBacklog(partition); break;
                case 3: plan.Loosened(); break;
                case 4 when busy.Remove(partition, out var ask):
                    plan.Answered(partition, ask.Want, random.Next(ask.Want + 1), random.Next(3), random.Next(2) == 0, i);
                    break;
                case 5 when busy.Remove(partition, out var ask):
                    plan.Failed(partition, 0, i);
                    break;
                default:
                    var free = random.Next(4);
                    if (plan.Next(free, i) is not { } next) break;
                    Assert.InRange(next.Want, 0, free);
                    Assert.True(busy.TryAdd(next.Partition, next), "Two exchanges with one partition.");
                    break;
            }

            Assert.Equal(busy.Count, plan.InFlight);
        }
    }

    /// <summary>Fills the slots, and fills them again as their jobs end, one after the other; every partition always has more.</summary>
    /// <param name="got">Jobs that each partition has given so far.</param>
    /// <param name="pause">Milliseconds from the end of one job to that of the next.</param>
    private static int[] Drain(AskPlan plan, int slots, int rounds, int[] got, int pause = 10)
    {
        var now = 0L;
        var running = new Queue<int>(Enumerable.Range(0, got.Length).SelectMany(partition => Enumerable.Repeat(partition, got[partition])));
        Fill(slots - running.Count);
        for (var round = 0; round < rounds; round++)
        {
            now += pause;
            plan.Reported(running.Dequeue());
            Fill(1);
        }

        return got;

        void Fill(int free)
        {
            while (free > 0)
            {
                var sent = new List<Ask>();
                for (; plan.Next(free, now) is { } ask; free -= ask.Want) sent.Add(ask);
                Assert.NotEmpty(sent);
                foreach (var (partition, want) in sent)
                {
                    for (var i = 0; i < want; i++) running.Enqueue(partition);
                    got[partition] += want;
                    plan.Answered(partition, want, want, ready: 100, heldBack: false, now);
                }
            }
        }
    }

    private static AskPlan Opened(int partitions)
    {
        var plan = new AskPlan(partitions);
        for (var i = 0; i < partitions; i++) plan.Opened(i);
        return plan;
    }

    private static AskPlan Idle(int partitions)
    {
        var plan = Opened(partitions);
        while (plan.Next(1, 0) is { } ask) plan.Answered(ask.Partition, 1, 0, 0, heldBack: false, 0);
        return plan;
    }
}
