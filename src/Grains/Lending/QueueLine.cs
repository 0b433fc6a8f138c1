using OrleansJobs.Partitions;

namespace OrleansJobs.Lending;

/// <summary>A queue with limits, as a partition has it whose jobs start with what the queue's home lends.</summary>
internal sealed class QueueLine(string queue, QueueLimitSetting setting, long join) : IHeapItem
{
    public string Queue { get; } = queue;
    public QueueLimitSetting Setting { get; } = setting;
    public QueueLimits Limits => Setting.Limits!;

    /// <summary>What is booked of it, stored; null: nothing is yet.</summary>
    public RowEntry? Row { get; set; }

    /// <summary>Under which number it speaks with the home; what was said under one before it counts no more.</summary>
    public long Join { get; set; } = join;

    /// <summary>Nothing has been lent of these limits: what runs began before they were put, and counts.</summary>
    public bool IsNew { get; set; } = true;

    /// <summary>What runs has not been counted yet.</summary>
    public bool IsUncounted { get; set; }

    /// <summary>It is as an activation before has left it.</summary>
    public bool IsInherited { get; set; }

    /// <summary>The home has been told of what there is.</summary>
    public bool HasJoined { get; set; }

    /// <summary>The home is to be told, though there is nothing to ask for.</summary>
    public bool MustJoin { get; set; } = true;

    /// <summary>Permits that this partition has been lent, those of attempts that run among them. Where the limits are a rate alone there are none.</summary>
    public int Permits { get; set; }

    /// <summary>How many more it has asked for.</summary>
    public int Asked { get; set; }

    /// <summary>How many permits the home wants back.</summary>
    public int Recalled { get; set; }

    /// <summary>How many permits lie idle here as far as the home has been told.</summary>
    public int SaidIdle { get; set; }

    /// <summary>Attempts that have not been given up.</summary>
    public int Running { get; set; }

    /// <summary>With a rate: how many may start by what was lent. Not stored: what is lost was not started.</summary>
    public int Starts { get; set; }

    /// <summary>When <see cref="Starts"/> lapse.</summary>
    public long StartsUntil { get; set; }

    /// <summary>When the first of them was lent, and by which activation of the home.</summary>
    public LendingInstant StartsFrom { get; set; }

    /// <summary>With a rate: attempts that this activation has given out by what was lent, each with when the first of those was lent among which its start was. Null: there was none yet.</summary>
    public Dictionary<object, LendingInstant>? Begun { get; set; }

    /// <summary>Starts that have lapsed, of which the home has not been told.</summary>
    public int Lapsed { get; set; }

    /// <summary>When the first of those was lent.</summary>
    public LendingInstant LapsedFrom { get; set; }

    /// <summary>Since when nothing has been started although there are permits.</summary>
    public long? IdleSince { get; set; }

    /// <summary>Since when there have been permits and jobs that nobody takes.</summary>
    public long? UnusedSince { get; set; }

    /// <summary>
    /// For how long that has been so before, in milliseconds, since something was started last: where permits go round, they are asked back sooner than anybody could tell that nobody takes
    /// them here.
    /// </summary>
    public long Unused { get; set; }

    /// <summary>Nothing is asked for before, unless a worker comes that would take it: what was lent last, nobody took. Null: it does not rest.</summary>
    public long? RestsUntil { get; set; }

    /// <summary>How long the next rest is.</summary>
    public long RestSpan { get; set; } = LendingRules.Rest;

    /// <summary>What of the queue is ready, one for each type.</summary>
    public List<ReadyQueue> Queues { get; } = [];

    /// <summary>It is to be looked at.</summary>
    public bool IsTouched { get; set; }

    /// <summary>As the index knows it; see <see cref="QueueLimitBook"/>.</summary>
    public QueueStanding Standing { get; set; }

    /// <summary>Somebody waits for what is lent next.</summary>
    public TaskCompletionSource? Awaited { get; set; }

    /// <summary>How many may start now.</summary>
    public int Room
    {
        get
        {
            var room = Limits.Concurrency is null ? int.MaxValue : Permits - Running;
            return Math.Max(0, Limits.Rate is null ? room : Math.Min(room, Starts));
        }
    }

    /// <summary>How many workers may come for: of what rests one, since its permits are asked for when somebody comes.</summary>
    public int Offered => Standing == QueueStanding.Resting ? 1 : Room;

    /// <inheritdoc/>
    public int HeapIndex { get; set; } = -1;

    public long WakeAt { get; set; }
}

/// <summary>What workers can have of a queue with limits.</summary>
internal enum QueueStanding : byte
{
    /// <summary>Nothing until the home lends something.</summary>
    Held,

    /// <summary>Nothing now, but who comes is worth asking the home for.</summary>
    Resting,
    Open,
}

/// <summary>When something was lent, by the bucket of the home, and by which generation of it.</summary>
internal readonly record struct LendingInstant(long At, long Home);
