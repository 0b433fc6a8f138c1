using FsCheck;
using FsCheck.Fluent;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class SlotPoolTests
{
    private static readonly string[] Names = ["a", "b", "c"];

    [Fact]
    public void TryReserve_GrantsNoMoreThanThereIs()
    {
        var pool = new SlotPool(3);
        Assert.Equal(2, pool.TryReserve("any", 2));
        Assert.Equal(1, pool.TryReserve("any", 5));
        Assert.Equal(0, pool.TryReserve("any", 1));
        pool.Release("any", 1);
        Assert.Equal(1, pool.TryReserve("any", 1));
    }

    [Fact]
    public void TryReserve_WhenTheQueueHasACap_KeepsToIt()
    {
        var pool = new SlotPool(10, new Dictionary<string, int> { ["a"] = 2, ["b"] = 10 });
        Assert.Equal(2, pool.TryReserve("a", 5));
        Assert.Equal(0, pool.TryReserve("unserved", 1));
        Assert.Equal(8, pool.TryReserve("b", 10));
    }

    [Fact]
    public void Reserve_WhenQueuesHaveCaps_LeavesNoRoomForASecondAnswerToFillThem()
    {
        var pool = new SlotPool(10, new Dictionary<string, int> { ["a"] = 1, ["b"] = 10 });
        var first = pool.Reserve(4);
        Assert.Equal([new QueueRoom("a", 1), new QueueRoom("b", 4)], first.Room!.OrderBy(room => room.Queue));
        var second = pool.Reserve(4);
        Assert.Equal(["a"], second.Closed);
        Assert.Equal([new QueueRoom("b", 4)], second.Room!);
    }

    [Fact]
    public void ASlotThatIsKeptForLimitedJobs_IsNotTakenByWhatIsLeasedAhead()
    {
        var pool = new SlotPool(2) { Ahead = 8 };
        var ahead = pool.Reserve(3);
        Assert.Equal((3, 0), (ahead.Count, ahead.Slots));
        var limited = pool.Reserve(5, takesSlots: true);
        Assert.Equal((5, 2), (limited.Count, limited.Slots));
        Assert.Equal(0, pool.FreeSlots);
        Assert.Equal(0, pool.TryReserve("any", 1, isLimited: true));
        pool.Settle(ahead, [Lease("any"), Lease("any"), Lease("any")]);
        Assert.False(pool.TryStart("any"));
        pool.Settle(limited, [Lease("any")]);
        Assert.True(pool.TryStart("any"));
        Assert.True(pool.TryStart("any"));
        Assert.False(pool.TryStart("any"));
    }

    [Fact]
    public void SlotsAreKept_AsManyAsItsShareIs_UntilTheyAreLetGo()
    {
        var pool = new SlotPool(16) { Ahead = 256 };
        var limited = pool.Reserve(68, takesSlots: true, share: 0.25);
        Assert.Equal((68, 4, 12), (limited.Count, limited.Slots, pool.FreeSlots));
        Assert.Equal(3, pool.Reserve(68, takesSlots: true, share: 0.2).Slots);
        limited = pool.LetSlotsGo(limited);
        Assert.Equal(13, pool.FreeSlots);
        pool.Settle(limited, [Lease("any")]);
        Assert.Equal(13, pool.FreeSlots);
        Assert.True(pool.TryStart("any"));
        Assert.Equal(12, pool.FreeSlots);
    }

    [Fact]
    public void AtHome_WhoGoesFirst_IsCountedBeforeALimitedJob()
    {
        var pool = new SlotPool(2) { Ahead = 8 };
        Assert.Equal(1, pool.TryReserve("any", 1));
        Assert.Equal(1, pool.TryReserve("any", 5, isLimited: true, before: 1));
        Assert.Equal(0, pool.TryReserve("any", 5, isLimited: true, before: 1));
    }

    [Fact]
    public void ASuspectThatMayCome_HasASlot_SinceItMayBeLimited()
    {
        var pool = new SlotPool(4) { Ahead = 16, SuspectWelcome = true };
        Assert.Equal(0, pool.Reserve(5).Slots);
        Assert.Equal(1, pool.Reserve(5, hasSuspects: true).Slots);
        Assert.Equal(0, pool.Reserve(5, hasSuspects: true).Slots);
    }

    [Fact]
    public void WhereNothingIsLeasedAhead_AllThatIsSetAsideIsFree()
    {
        var pool = new SlotPool(3);
        Assert.Equal(3, pool.Reserve(5).Slots);
        Assert.Equal(0, pool.FreeSlots);
    }

    [Fact]
    public void WhereQueuesHaveCaps_LimitedJobsAreAskedFor_WhereTheirQueueHasASlot()
    {
        var pool = new SlotPool(4, new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 }) { Ahead = 16 };
        Assert.Equal(1, pool.TryReserve("a", 4, isLimited: true));
        pool.Admit("a", isLimited: true);
        Assert.True(pool.TryStart("a"));
        Assert.Equal(2, pool.FreeSlots);
        var reservation = pool.Reserve(10, takesSlots: true);
        Assert.Equal([new QueueRoom("b", 2)], reservation.Room!);
        // Nothing of it could be asked for, though what is leased ahead has room: that it has a slot again is news.
        var openings = pool.Openings;
        pool.Finish("a");
        Assert.Equal(openings + 1, pool.Openings);
        pool.Settle(reservation, []);
        Assert.Equal(3, pool.FreeSlots);
    }

    [Fact]
    public void Reserve_WhereASuspectIsWelcome_OffersTheOnePlaceForItOnce()
    {
        var pool = new SlotPool(10);
        Assert.False(pool.Reserve(1, hasSuspects: true).MayBringSuspect);
        pool.SuspectWelcome = true;
        Assert.False(pool.Reserve(1).MayBringSuspect);
        var first = pool.Reserve(1, hasSuspects: true);
        var second = pool.Reserve(1, hasSuspects: true);
        Assert.True(first.MayBringSuspect);
        Assert.False(second.MayBringSuspect);
        Assert.True(pool.Settle(first, [Lease("any", suspect: true)]));
        Assert.False(pool.Settle(second, []));
        Assert.False(pool.SuspectWelcome);
        Assert.False(pool.Reserve(1, forSuspect: true).MayBringSuspect);
        pool.ReleaseSuspect();
        Assert.False(pool.Reserve(1, hasSuspects: true).MayBringSuspect);
        Assert.True(pool.Reserve(1, forSuspect: true).MayBringSuspect);
    }

    [Fact]
    public void Settle_WhenASuspectComesUnasked_HasNoPlaceForItBesideAnother()
    {
        var pool = new SlotPool(10);
        Assert.True(pool.TryTakeSuspect());
        Assert.False(pool.Settle(pool.Reserve(1), [Lease("any", suspect: true)]));
    }

    [Fact]
    public void Stick_KeepsTheSlot_UntilTheHandlerReturns()
    {
        var pool = new SlotPool(1);
        pool.TryReserve("any", 1);
        pool.Admit("any");
        Assert.True(pool.TryStart("any"));
        pool.Stick("any");
        Assert.Equal(new SlotCounts(1, 0, 0, 0, 1), pool.Counts);
        Assert.Equal(0, pool.TryReserve("any", 1));
        pool.Unstick("any");
        Assert.Equal(1, pool.TryReserve("any", 1));
    }

    [Fact]
    public void Openings_GrowsWhenAClosedQueueOpens_AndNotOtherwise()
    {
        var pool = new SlotPool(10, new Dictionary<string, int> { ["a"] = 1, ["b"] = 10 });
        var before = pool.Openings;
        pool.TryReserve("b", 1);
        pool.Release("b", 1);
        Assert.Equal(before, pool.Openings);
        pool.TryReserve("a", 1);
        pool.Release("a", 1);
        Assert.Equal(before + 1, pool.Openings);
        pool.SetPaused(["b"]);
        Assert.Equal(before + 1, pool.Openings);
        pool.SetPaused([]);
        Assert.Equal(before + 2, pool.Openings);
    }

    [Fact]
    public void Paused_GrantsNothing()
    {
        var pool = new SlotPool(10);
        pool.SetPaused(["a"]);
        Assert.Equal(0, pool.TryReserve("a", 1));
        Assert.Equal(["a"], pool.Reserve(1).Closed);
    }

    /// <summary>Whatever happens in whatever order: no more run than there are slots, no queue has more than its cap, nothing goes below zero, and in the end all is free.</summary>
    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 7)]
    [InlineData(true, 7)]
    public void AnyHistory_KeepsTheBooks(bool capped, int ahead) =>
        Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), steps => Run(steps, capped, ahead)).Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(300));

    private static void Run(int[] steps, bool capped, int ahead)
    {
        var caps = capped ? new Dictionary<string, int> { ["a"] = 1, ["b"] = 3, ["c"] = 6 } : null;
        var pool = new SlotPool(6, caps) { Ahead = ahead };
        var history = new History(pool, caps);
        foreach (var step in steps) history.Step(step & int.MaxValue);
        history.End();
        Assert.Equal(new SlotCounts(6, 0, 0, 0, 0), pool.Counts);
        Assert.Equal(6 + ahead, pool.Free);
        Assert.False(pool.HasSuspect);
    }

    private static Lease Lease(string queue, bool suspect = false) =>
        new() { Id = "id", Partition = 0, Token = 1, Type = "type", Queue = queue, Args = [], Attempt = 1, IsSuspect = suspect };

    private sealed class History(SlotPool pool, Dictionary<string, int>? caps)
    {
        private readonly List<string> _reserved = [];
        private readonly List<string> _waiting = [];
        private readonly List<string> _running = [];
        private readonly List<string> _stuck = [];
        private readonly List<Reservation> _asked = [];

        public void Step(int step)
        {
            var queue = Names[step / 10 % 3];
            switch (step % 9)
            {
                case 0:
                    var granted = pool.TryReserve(queue, (step / 30 % 4) + 1);
                    for (var i = 0; i < granted; i++) _reserved.Add(queue);
                    break;
                case 1 when Pick(_reserved, step) is { } name:
                    pool.Release(name, 1);
                    break;
                case 2 when Pick(_reserved, step) is { } name:
                    pool.Admit(name);
                    _waiting.Add(name);
                    break;
                case 3:
                    _asked.Add(pool.Reserve((step / 30 % 5) + 1));
                    break;
                case 4 when _asked.Count > 0:
                    Settle(step);
                    break;
                case 5 when _waiting.Count > 0:
                    var next = _waiting[step / 30 % _waiting.Count];
                    if (!pool.TryStart(next)) break;
                    _waiting.Remove(next);
                    _running.Add(next);
                    break;
                case 6 when Pick(_running, step) is { } name:
                    pool.Finish(name);
                    break;
                case 7 when Pick(_running, step) is { } name:
                    pool.Stick(name);
                    _stuck.Add(name);
                    break;
                case 8 when Pick(_stuck, step) is { } name:
                    pool.Unstick(name);
                    break;
            }

            Check();
        }

        public void End()
        {
            while (Pick(_reserved, 0) is { } reserved) pool.Release(reserved, 1);
            foreach (var asked in _asked) pool.Settle(asked, []);
            while (Pick(_waiting, 0) is { } waiting) pool.Drop(waiting);
            while (Pick(_running, 0) is { } running) pool.Finish(running);
            while (Pick(_stuck, 0) is { } stuck) pool.Unstick(stuck);
        }

        private void Settle(int step)
        {
            var reservation = _asked[step / 30 % _asked.Count];
            _asked.Remove(reservation);
            var leases = new List<Lease>();
            foreach (var room in reservation.Room ?? [new QueueRoom(Names[step % 3], reservation.Count)])
            {
                for (var i = 0; i < room.Jobs && leases.Count < Math.Min(reservation.Count, step / 90 % 5); i++) leases.Add(Lease(room.Queue));
            }

            pool.Settle(reservation, leases);
            _waiting.AddRange(leases.Select(lease => lease.Queue));
        }

        private void Check()
        {
            var counts = pool.Counts;
            Assert.Equal(new SlotCounts(6, _reserved.Count + _asked.Sum(asked => asked.Count), _waiting.Count, _running.Count, _stuck.Count), counts);
            Assert.True(counts.Running + counts.Stuck <= 6);
            Assert.True(counts.Reserved + counts.Waiting + counts.Running + counts.Stuck <= 6 + pool.Ahead);
            foreach (var (queue, cap) in caps ?? []) Assert.True(_running.Concat(_stuck).Count(name => name == queue) <= cap);
        }

        private static string? Pick(List<string> names, int step)
        {
            if (names.Count == 0) return null;
            var name = names[step / 30 % names.Count];
            names.Remove(name);
            return name;
        }
    }
}
