namespace OrleansJobs.Workers;

/// <summary>Send an exchange to this partition, asking for so many jobs.</summary>
internal readonly record struct Ask(int Partition, int Want)
{
    /// <summary>It has limited jobs, as far as is known: slots that are free stay so until it answers.</summary>
    public bool TakesSlots => SlotShare > 0;

    /// <summary>Its part of those slots, the others being for whoever else may have something; 0: none are kept for it.</summary>
    public double SlotShare { get; init; }
}

/// <summary>What an answer says of limited jobs, which are not leased ahead of slots.</summary>
internal enum SlotNeed : byte
{
    /// <summary>It brought none, and it is the turn of none.</summary>
    None,

    /// <summary>It brought some.</summary>
    Given,

    /// <summary>It is the turn of one for which no slot was free.</summary>
    Missing,
}

/// <summary>
/// Decides whom to ask, with how much, and when. Reports go out at once, one exchange per partition at a time, and ask back as many jobs as
/// they end; other free slots go in turn to the partitions that are known to have something, those of this silo first and more often: a job
/// from there crosses no wire. So that no partition with a backlog keeps the slots it once got, a turn comes before reports now and then. A
/// partition that said it has nothing is not asked again until it hints. One whose next job is limited is asked when a slot is free. Where keys take turns, partitions take them by <see cref="PartitionTurns"/>, near or far.
/// Not thread-safe; time is milliseconds of whatever clock.
/// </summary>
internal sealed class AskPlan
{
    /// <summary>Jobs that one exchange asks for at most.</summary>
    public const int MaxWant = 1000;

    /// <summary>While partitions here have work, one turn in so many goes to one elsewhere: its jobs must not wait until all others are done.</summary>
    public const int FarTurn = 4;

    /// <summary>While several partitions have work, about one ask in so many is a turn: the slots of finished jobs do not all go back to where these came from.</summary>
    public const int FairTurn = 4;

    /// <summary>
    /// Turns come before reports once in so many milliseconds at most. Where jobs are shorter, exchanges are many, and one more now and then is soon enough for
    /// those who wait.
    /// </summary>
    public const int FairPause = 5;

    /// <summary>
    /// Where partitions take turns by weight, slots stay free for so many milliseconds at most for one that has not answered yet; for one whose answers take longer,
    /// none does.
    /// </summary>
    public const int TurnPatience = 50;

    private const int FirstBackoff = 50;
    private const int MaxBackoff = 5000;

    private readonly Line[] _lines;
    private readonly PartitionTurns _byWeight;
    private readonly Standing[] _standings;
    private readonly Queue<int> _due = new();
    private readonly Queue<int> _near = new();
    private readonly Queue<int> _far = new();
    private readonly List<int> _delayed = [];
    private readonly HashSet<int> _holders = [];

    /// <summary>Partitions whose next job is limited and waits for a free slot, in the order of their tickets: in which they said so.</summary>
    private readonly List<int> _slotless = [];
    private long _tickets;
    private long _loosenings;
    private int _turns;

    /// <summary>Decides when the next turn is due. Jobs that take equally long end in the same order again and again, and an even count would always meet the same slots.</summary>
    private readonly Random _chance = new(1);

    /// <summary>Asks out of turn that may still be made while others have work, until it is somebody's turn.</summary>
    private int _untilTurn = FairTurn;
    private long _lastTurn;
    private bool _stopping;

    /// <summary>Slots stay free until then for a partition whose turn it is and whose answer is on its way.</summary>
    private long _waitsUntil = long.MaxValue;

    public AskPlan(int partitions)
    {
        _lines = new Line[partitions];
        _byWeight = new PartitionTurns(partitions);
        _standings = new Standing[partitions];
        for (var partition = 0; partition < partitions; partition++) _lines[partition] = new Line();
    }

    /// <summary>All slots, and what may be leased ahead of them.</summary>
    public int Slots { get; set; }

    /// <summary>Slots that nobody has: what may be leased ahead is not among them.</summary>
    public int FreeSlots { get; set; }

    /// <summary>The next job of some partition is limited, and waits for a free slot.</summary>
    public bool NeedsSlots => _slotless.Count > 0;

    /// <summary>Keys take turns, and those of some partition may have work: a slot is given in turn, and not to whoever comes by.</summary>
    public bool IsByTurns
    {
        get
        {
            if (!_byWeight.IsOn) return false;
            for (var partition = 0; partition < _lines.Length; partition++)
            {
                if (_byWeight.Has(partition) && _lines[partition] is { InFlight: true } or { MayHaveWork: true } or { NeedsSlot: true }) return true;
            }

            return false;
        }
    }

    /// <summary>Partitions with an exchange under way.</summary>
    public int InFlight { get; private set; }

    /// <summary>Nothing is under way, and nothing is to be said but to partitions that failed a moment ago.</summary>
    public bool IsQuiet => InFlight == 0 && _due.Count == 0;

    /// <summary>When to ask for the next exchange again though nothing has happened; null where nothing waits for that.</summary>
    public long? NextRetry
    {
        get
        {
            var retry = _delayed.Count == 0 ? long.MaxValue : _delayed.Min(partition => _lines[partition].NotBefore);
            return Math.Min(retry, _waitsUntil) is var next && next < long.MaxValue ? next : null;
        }
    }

    /// <summary>The partition has come to life and does not know us, or we it.</summary>
    public void Opened(int partition)
    {
        // If it is here, it will say so.
        _lines[partition].IsNear = false;
        Ask(partition);
    }

    private void Ask(int partition)
    {
        var line = _lines[partition];
        // Stands until the next exchange is sent: an answer that is under way may be older than this news, or of the activation before.
        line.Curious = true;
        line.NotBefore = 0;
        Queue(partition);
    }

    /// <summary>The partition has something for us. It is answered even where no slot is free, so that it can tell another worker.</summary>
    public void Hinted(int partition)
    {
        _lines[partition].Must = true;
        Ask(partition);
    }

    /// <summary>The partition is here, and has found no slot free. The next free one asks it; that it calls again meanwhile is no reason for more.</summary>
    /// <param name="isLimited">What has found none is limited, and comes for a free slot only.</param>
    public void HasBacklog(int partition, bool isLimited = false)
    {
        _lines[partition].IsNear = true;
        if (isLimited && _lines[partition].NeedsSlot) return;
        _lines[partition].Curious = true;
        Queue(partition);
    }

    /// <summary>The partition has jobs only of queues that are closed: it is asked when something has loosened.</summary>
    public void HeldBack(int partition) => _holders.Add(partition);

    /// <summary>The partition is to be spoken to, whether or not there is a report or a free slot.</summary>
    public void MustTell(int partition)
    {
        _lines[partition].Must = true;
        Queue(partition);
    }

    /// <summary>The partition has a suspect that may come among others: the next free slot asks it.</summary>
    public void MayBringSuspect(int partition)
    {
        _lines[partition].Curious = true;
        Queue(partition);
    }

    /// <summary>An exchange out of turn, which takes along what was to be said; null where one is under way, or it is too early to try again.</summary>
    public Ask? OutOfTurn(int partition, int want, long now)
    {
        var line = _lines[partition];
        if (line.InFlight) return null;
        if (line.NotBefore <= now) return Send(partition, 0, now) with { Want = want };
        Delay(partition);
        return null;
    }

    /// <summary>So many more reports wait for the partition.</summary>
    public void Reported(int partition, int reports = 1)
    {
        _lines[partition].Reports += reports;
        Queue(partition);
    }

    /// <summary>Queues that were closed are open, or the suspect is done: whoever held jobs back may be asked again.</summary>
    public void Loosened()
    {
        _loosenings++;
        foreach (var partition in _holders)
        {
            _lines[partition].Curious = true;
            Queue(partition);
        }

        _holders.Clear();
    }

    /// <summary>From now on nothing is asked for. Every partition is told.</summary>
    public void Stop()
    {
        _stopping = true;
        for (var partition = 0; partition < _lines.Length; partition++)
        {
            _lines[partition].Must = true;
            Queue(partition);
        }
    }

    /// <summary>The next exchange to send; null where there is none to send now.</summary>
    /// <param name="free">Slots that could be set aside.</param>
    public Ask? Next(int free, long now)
    {
        Wake(now);
        _waitsUntil = long.MaxValue;
        if (FreeSlots > 0 && NextForSlot(free, now) is { } slotless) return slotless;
        if (!_byWeight.IsOn && _untilTurn <= 0 && now - _lastTurn >= FairPause && NextInTurn(free, now) is { } fair) return fair;
        while (_due.TryDequeue(out var partition))
        {
            var line = _lines[partition];
            line.IsDue = false;
            if (line.InFlight || !line.HasToSay) continue;
            if (line.NotBefore > now) Delay(partition);
            else return Send(partition, WantOf(partition, free, now), now);
        }

        return _byWeight.IsOn ? NextByWeight(free, now) : NextInTurn(free, now);
    }

    /// <summary>A slot is free: whoever waited for one is asked, before anything else takes it.</summary>
    private Ask? NextForSlot(int free, long now)
    {
        if (_stopping || free <= 0 || _slotless.Count == 0) return null;
        var next = _slotless[0];
        if (_byWeight.IsOn) next = _slotless.MinBy(_byWeight.TagOf);
        var line = _lines[next];
        var wasCurious = line.Curious;
        line.Curious = true;
        if (WantOf(next, free, now, inTurn: true) is > 0 and var want) return Send(next, want, now);
        line.Curious = wasCurious;
        return null;
    }

    private Ask? NextByWeight(int free, long now)
    {
        if (_stopping || free <= 0) return null;
        var parties = LookRound(now);
        return parties.Next >= 0 && WantByWeight(parties.Next, free, parties) is > 0 and var want ? Send(parties.Next, want, now) : null;
    }

    private Ask? NextInTurn(int free, long now)
    {
        while (!_stopping && free > 0 && NextTurn() is { } partition)
        {
            var line = _lines[partition];
            line.IsHungry = false;
            if (line.InFlight || !line.MayHaveWork) continue;
            if (line.NotBefore > now) Delay(partition);
            else
            {
                (_untilTurn, _lastTurn) = (_chance.Next(FairTurn - 2, FairTurn + 1), now);
                return Send(partition, WantOf(partition, free, now, inTurn: true), now, inTurn: true);
            }
        }

        return null;
    }

    private int? NextTurn()
    {
        var isFar = _near.Count == 0 || (_far.Count > 0 && ++_turns % FarTurn == 0);
        return (isFar ? _far : _near).TryDequeue(out var partition) ? partition : null;
    }

    /// <summary>The exchange was answered.</summary>
    /// <param name="got">Attempts that it gave.</param>
    /// <param name="weight">Of the keys that have something ready beyond what it gave; 0: there are none.</param>
    /// <param name="need">Of limited jobs.</param>
    /// <param name="slots">So many were kept free for it.</param>
    public void Answered(int partition, int wanted, int got, int ready, bool heldBack, long now, int weight = 0, SlotNeed need = SlotNeed.None, int slots = 0)
    {
        var line = Back(partition);
        _byWeight.Gave(partition, got - line.Charged);
        _byWeight.Weigh(partition, weight);
        line.Took = now - line.SentAt;
        // By weight, slots may be left free, and what held jobs back was the room of this very request: nothing would loosen.
        var again = heldBack && (line.SentAtLoosening != _loosenings || (_byWeight.IsOn && wanted > 0 && got >= wanted));
        // It promised more than it gave: ask again, but not in a tight circle.
        line.Failures = wanted > 0 && got == 0 && (ready > 0 || again) ? line.Failures + 1 : 0;
        line.NotBefore = line.Failures > 0 ? now + Backoff(line.Failures) : 0;
        line.Ready = ready;
        line.Curious |= again;
        line.TakesSlots = need is not SlotNeed.None || (line.TakesSlots && got == 0);
        if (slots > 0) line.Ticket = 0;
        if (need is SlotNeed.Missing) AwaitSlot(partition, line);
        else if (wanted > 0) line.Ticket = 0;
        if (heldBack && !again) _holders.Add(partition);
        Queue(partition);
    }

    private void AwaitSlot(int partition, Line line)
    {
        line.NeedsSlot = true;
        if (line.Ticket == 0) line.Ticket = ++_tickets;
        var place = _slotless.Count;
        while (place > 0 && _lines[_slotless[place - 1]].Ticket > line.Ticket) place--;
        _slotless.Insert(place, partition);
    }

    /// <summary>The exchange failed: nobody knows whether it was heard. It is said again, after a while, with what was said.</summary>
    public void Failed(int partition, int reports, long now)
    {
        var line = Back(partition);
        _byWeight.Gave(partition, -line.Charged);
        _byWeight.Weigh(partition, 0);
        line.Failures++;
        line.NotBefore = now + Backoff(line.Failures);
        line.Reports += reports;
        line.Must = true;
        line.Curious = true;
        // Until it answers, nothing is kept free for it.
        line.TakesSlots = false;
        line.Ticket = 0;
        Queue(partition);
    }

    private static long Backoff(int failures) => Math.Min(MaxBackoff, FirstBackoff << Math.Min(10, failures - 1));

    private Line Back(int partition)
    {
        var line = _lines[partition];
        line.InFlight = false;
        InFlight--;
        return line;
    }

    private Ask Send(int partition, int want, long now, bool inTurn = false)
    {
        var line = _lines[partition];
        want = _stopping ? 0 : Math.Min(want, MaxWant);
        var slotShare = line.TakesSlots && want > 0 ? SlotShareOf(partition, now) : 0;
        line.Reports = 0;
        line.Ready = 0;
        line.Must = line.Curious = false;
        if (line.NeedsSlot)
        {
            _slotless.Remove(partition);
            // Who is asked for something else meanwhile keeps its place.
            if (FreeSlots > 0 && want > 0) line.Ticket = 0;
        }

        line.NeedsSlot = false;
        line.SentAtLoosening = _loosenings;
        line.InFlight = true;
        line.SentAt = now;
        line.Charged = _byWeight.IsOn ? want : 0;
        _byWeight.Gave(partition, line.Charged);
        InFlight++;
        if (!inTurn && want > 0 && _near.Count + _far.Count > 0) _untilTurn--;
        return new Ask(partition, want) { SlotShare = slotShare };
    }

    /// <summary>What is a partition's part of something that all have use for who may be asked now.</summary>
    private double SlotShareOf(int partition, long now)
    {
        var all = 0L;
        for (var other = 0; other < _lines.Length; other++)
        {
            var line = _lines[other];
            if (other == partition || (!line.InFlight && line.NotBefore <= now && (line.MayHaveWork || line.NeedsSlot))) all += WeightOf(other);
        }

        return (double)WeightOf(partition) / all;
    }

    private int WeightOf(int partition) => _byWeight.IsOn ? _byWeight.WeightOf(partition) : 1;

    /// <summary>How many jobs to ask for.</summary>
    /// <param name="inTurn">Not because of its reports.</param>
    private int WantOf(int partition, int free, long now, bool inTurn = false)
    {
        if (_byWeight.IsOn && !_stopping) return free <= 0 ? 0 : WantByWeight(partition, free, LookRound(now));
        return Math.Min(free, WantByShare(_lines[partition], free, inTurn));
    }

    private int WantByShare(Line line, int free, bool inTurn)
    {
        var (near, far) = (_near.Count, _far.Count);
        if (line is { IsHungry: true, IsNear: true }) near = Math.Max(0, near - 1);
        else if (line.IsHungry) far = Math.Max(0, far - 1);
        // A slot that a job from elsewhere leaves is for those here; whoever is elsewhere has its turn.
        if (!line.IsNear && !inTurn && near > 0) return 0;
        if (!line.MayHaveWork) return near + far > 0 ? 0 : line.Reports;
        var others = line.IsNear ? near : near + far;
        var share = (free + others) / (others + 1);
        var want = Math.Max(1, Math.Max(share, line.Reports));
        return line.Curious ? want : Math.Min(want, Math.Max(line.Ready, line.Reports));
    }

    private int WantByWeight(int partition, int free, Parties parties)
    {
        var line = _lines[partition];
        if (!line.MayHaveWork) return parties.Count > (_standings[partition] is Standing.Out ? 0 : 1) ? 0 : Math.Min(free, line.Reports);
        var want = _byWeight.Want(partition, _standings, free, Math.Max(Slots, free), line.Reports);
        if (want == 0 && parties.Oldest < long.MaxValue) _waitsUntil = Math.Min(_waitsUntil, parties.Oldest + TurnPatience);
        return line.Curious ? want : Math.Min(want, Math.Max(line.Ready, line.Reports));
    }

    /// <summary>Who takes part in the turns now.</summary>
    private Parties LookRound(long now)
    {
        var (next, count, oldest) = (-1, 0, long.MaxValue);
        for (var partition = 0; partition < _lines.Length; partition++)
        {
            var line = _lines[partition];
            switch (_standings[partition] = StandingOf(partition, now))
            {
                case Standing.MayBeAsked:
                    count++;
                    if (next < 0 || _byWeight.TagOf(partition) < _byWeight.TagOf(next)) next = partition;
                    break;
                case Standing.OnItsWay:
                    count++;
                    oldest = Math.Min(oldest, line.SentAt);
                    break;
                case Standing.Out when !line.InFlight && line.MayHaveWork:
                    Delay(partition);
                    break;
            }
        }

        return new(next, count, oldest);
    }

    private Standing StandingOf(int partition, long now)
    {
        var line = _lines[partition];
        if (!line.InFlight) return line.MayHaveWork && line.NotBefore <= now ? Standing.MayBeAsked : Standing.Out;
        return _byWeight.Has(partition) && line.Took < TurnPatience && now - line.SentAt < TurnPatience ? Standing.OnItsWay : Standing.Out;
    }

    private void Queue(int partition)
    {
        var line = _lines[partition];
        if (line.InFlight) return;
        if (line.HasToSay && !line.IsDue)
        {
            line.IsDue = true;
            _due.Enqueue(partition);
        }

        if (line.MayHaveWork && !line.IsHungry)
        {
            line.IsHungry = true;
            (line.IsNear ? _near : _far).Enqueue(partition);
        }
    }

    private void Delay(int partition)
    {
        if (!_delayed.Contains(partition)) _delayed.Add(partition);
    }

    private void Wake(long now)
    {
        for (var i = _delayed.Count - 1; i >= 0; i--)
        {
            var partition = _delayed[i];
            if (_lines[partition].NotBefore > now) continue;
            _delayed.RemoveAt(i);
            Queue(partition);
        }
    }

    /// <param name="Next">The one that goes first of those that may be asked; -1: none may.</param>
    /// <param name="Count">How many there are, those among them that have been asked and have not answered.</param>
    /// <param name="Oldest">When the first of these was asked.</param>
    private readonly record struct Parties(int Next, int Count, long Oldest);

    private sealed class Line
    {
        public bool InFlight { get; set; }

        /// <summary>It is on this silo, as far as is known.</summary>
        public bool IsNear { get; set; }

        /// <summary>Reports that wait for the next exchange.</summary>
        public int Reports { get; set; }

        /// <summary>It is to hear from us even without a report or a free slot.</summary>
        public bool Must { get; set; }

        /// <summary>It may have work; how much is not known.</summary>
        public bool Curious { get; set; }

        /// <summary>Jobs that it said it has for us beyond what it gave.</summary>
        public int Ready { get; set; }

        /// <summary>How often things had loosened when the exchange was sent.</summary>
        public long SentAtLoosening { get; set; }

        public long SentAt { get; set; }

        /// <summary>Milliseconds from the last exchange to its answer.</summary>
        public long Took { get; set; }

        /// <summary>Jobs that it was asked for in its turn, and counts as having given until it answers.</summary>
        public int Charged { get; set; }

        /// <summary>Its next job is limited, and no slot was free.</summary>
        public bool NeedsSlot { get; set; }

        /// <summary>Its place among those that wait for a slot, until it has been asked with one; 0: none.</summary>
        public long Ticket { get; set; }

        /// <summary>Jobs that came from it were limited when there were any last, or it waited for a slot.</summary>
        public bool TakesSlots { get; set; }

        public int Failures { get; set; }
        public long NotBefore { get; set; }
        public bool IsDue { get; set; }
        public bool IsHungry { get; set; }
        public bool HasToSay => Must || Reports > 0;
        public bool MayHaveWork => Curious || Ready > 0;
    }
}
