namespace OrleansJobs.Workers;

/// <summary>
/// Counts the slots of a silo. A lease goes through it so: reserved (asked for, not here yet), waiting (here, no slot yet), running, and
/// stuck where its job ended without its handler. Reserved and waiting ones may exceed the slots by <see cref="Ahead"/>, running and stuck
/// ones never do; nor does what is held for limited jobs, which are asked for only where a slot is free, and find it free when they come.
/// Safe to call from any thread.
/// </summary>
internal sealed class SlotPool
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, QueueSlots>? _queues;
    private readonly HashSet<string> _paused = new(StringComparer.Ordinal);
    private string[] _pausedNames = [];
    private int _ahead;
    private int _reserved;

    /// <summary>Of those that are reserved: so many are for slots that were free, and stay so until the answer.</summary>
    private int _held;
    private int _waiting;
    private int _running;
    private int _stuck;
    private bool _suspect;
    private bool _suspectWelcome;
    private long _openings;

    /// <param name="caps">Queues served, each with its slots at most; null or empty: all queues, with all slots.</param>
    public SlotPool(int total, IReadOnlyDictionary<string, int>? caps = null)
    {
        Total = total;
        if (caps is { Count: > 0 }) _queues = caps.ToDictionary(cap => cap.Key, cap => new QueueSlots(cap.Value), StringComparer.Ordinal);
        Queues = _queues is null ? null : [.. _queues.Keys.Order(StringComparer.Ordinal)];
    }

    public int Total { get; }

    /// <summary>Queues that are served; null: all.</summary>
    public string[]? Queues { get; }

    /// <summary>Leases that may be held beyond the slots, because slots come free faster than leases come in.</summary>
    public int Ahead
    {
        get { lock (_gate) return _ahead; }
        set { lock (_gate) _ahead = value; }
    }

    /// <summary>How many more leases could be taken now.</summary>
    public int Free
    {
        get { lock (_gate) return FreeNow(); }
    }

    /// <summary>How many slots nobody has now: jobs that are given to them need not wait for others.</summary>
    public int FreeSlots
    {
        get { lock (_gate) return FreeSlotsNow(); }
    }

    public SlotCounts Counts
    {
        get { lock (_gate) return new(Total, _reserved, _waiting, _running, _stuck); }
    }

    /// <summary>Counts how often a queue that was closed has opened, or the place for a suspect has come free.</summary>
    public long Openings
    {
        get { lock (_gate) return _openings; }
    }

    /// <summary>Whether a suspect is here, or may be on its way.</summary>
    public bool HasSuspect
    {
        get { lock (_gate) return _suspect; }
    }

    /// <summary>Whether the next answer may bring a suspect among others; over when one has come.</summary>
    public bool SuspectWelcome
    {
        get { lock (_gate) return _suspectWelcome; }
        set { lock (_gate) _suspectWelcome = value; }
    }

    /// <summary>The queues that are paused from now on, all of them.</summary>
    public void SetPaused(string[] queues)
    {
        lock (_gate)
        {
            if (_paused.Except(queues).Any()) _openings++;
            _paused.Clear();
            _paused.UnionWith(queues);
            _pausedNames = [.. _paused.Order(StringComparer.Ordinal)];
        }
    }

    public bool IsPaused(string queue)
    {
        lock (_gate) return _paused.Contains(queue);
    }

    /// <summary>Whether no lease of this queue may come now: it is paused, not served, or has all its own slots taken.</summary>
    public bool IsClosed(string queue)
    {
        lock (_gate) return _paused.Contains(queue) || (_queues is not null && (SlotsOf(queue) is not { } slots || FreeOf(slots) == 0));
    }

    /// <summary>Queues that no lease may come from now: paused, or with all their own slots taken.</summary>
    public string[] Closed()
    {
        lock (_gate) return ClosedNow();
    }

    /// <summary>Sets slots aside for leases of one queue.</summary>
    /// <param name="isLimited">Only slots that are free now, for jobs that something limits.</param>
    /// <param name="before">So many of these slots are for others, which go first.</param>
    public int TryReserve(string queue, int wanted, bool isLimited = false, int before = 0)
    {
        lock (_gate)
        {
            if (wanted <= 0 || _paused.Contains(queue)) return 0;
            var granted = Math.Min(wanted, isLimited ? FreeSlotsNow(before) : FreeOverall());
            if (_queues is not null)
            {
                if (!_queues.TryGetValue(queue, out var slots)) return 0;
                granted = Math.Min(granted, isLimited ? Math.Min(FreeOf(slots), SlotsOf(slots)) : FreeOf(slots));
                slots.Reserved += Math.Max(0, granted);
                if (isLimited) slots.Held += Math.Max(0, granted);
            }

            if (granted <= 0) return 0;
            _reserved += granted;
            if (isLimited) _held += granted;
            return granted;
        }
    }

    /// <summary>Gives back what was set aside for a queue and is not needed.</summary>
    public void Release(string queue, int count, bool isLimited = false)
    {
        lock (_gate)
        {
            _reserved = Math.Max(0, _reserved - count);
            if (isLimited) _held = Math.Max(0, _held - count);
            GiveBack(queue, count, isLimited ? count : 0);
        }
    }

    /// <summary>
    /// Sets slots aside for leases of whatever queue, and the chance to get a suspect where one is welcome and nobody else has it. A queue with a
    /// cap has the whole of its room set aside, so that no two answers can fill it twice.
    /// </summary>
    /// <param name="forSuspect">The answer brings a suspect or nothing.</param>
    /// <param name="hasSuspects">
    /// Whoever is asked has suspects, as far as is known. The one place for them does not go out with other questions: whoever has one would be asked without
    /// it, and its return would be news to all.
    /// </param>
    /// <param name="takesSlots">
    /// Whoever is asked has limited jobs, as far as is known: slots that are free are kept so until it answers. Where nothing is leased ahead, all that is set
    /// aside is free anyway.
    /// </param>
    /// <param name="share">The most of them that are kept: others may come for the rest meanwhile.</param>
    public Reservation Reserve(int wanted, bool forSuspect = false, bool hasSuspects = false, bool takesSlots = false, double share = 1)
    {
        lock (_gate)
        {
            var count = Math.Min(wanted, FreeNow());
            if (count <= 0) return Reservation.None(ClosedNow());
            var closed = ClosedNow();
            var suspect = !_suspect && (forSuspect || (hasSuspects && _suspectWelcome));
            // A suspect may be limited.
            var slots = _ahead == 0 ? count : takesSlots ? Math.Min(count, ShareOf(FreeSlotsNow(), share)) : suspect ? Math.Min(1, FreeSlotsNow()) : 0;
            QueueRoom[]? room = null;
            if (_queues is not null)
            {
                room = RoomFor(count, onlySlots: slots > 0 && _ahead > 0);
                foreach (var (queue, jobs) in room)
                {
                    _queues[queue].Reserved += jobs;
                    _queues[queue].Held += Math.Min(jobs, slots);
                }
            }

            _reserved += count;
            _held += slots;
            _suspect |= suspect;
            return new Reservation(count, room, closed, suspect) { Slots = slots };
        }
    }

    /// <summary>What was kept free for an answer is so no longer: whatever it brings waits for the next slot.</summary>
    public Reservation LetSlotsGo(Reservation reservation)
    {
        lock (_gate)
        {
            _held -= reservation.Slots;
            foreach (var (queue, jobs) in reservation.Room ?? []) GiveBack(queue, 0, Math.Min(jobs, reservation.Slots));
        }

        return reservation with { Slots = 0 };
    }

    /// <summary>An answer has come: its leases wait from now on, and what else was set aside is free. Leases beyond what was set aside wait as well.</summary>
    /// <returns>Whether a suspect is among them and has the place for it.</returns>
    public bool Settle(Reservation reservation, IReadOnlyList<Lease> leases)
    {
        lock (_gate)
        {
            _reserved -= reservation.Count;
            _held -= reservation.Slots;
            var suspect = false;
            foreach (var lease in leases)
            {
                suspect |= lease.IsSuspect;
                _waiting++;
                if (SlotsOf(lease.Queue) is { } slots) slots.Waiting++;
            }

            foreach (var (queue, jobs) in reservation.Room ?? []) GiveBack(queue, jobs, Math.Min(jobs, reservation.Slots));
            if (!reservation.MayBringSuspect) return suspect && TakeSuspect();
            if (suspect) _suspectWelcome = false;
            else FreeSuspect();
            return suspect;
        }
    }

    /// <summary>Leases of a queue whose slots were set aside have come.</summary>
    public void Admit(string queue, bool isLimited = false)
    {
        lock (_gate)
        {
            _reserved = Math.Max(0, _reserved - 1);
            if (isLimited) _held = Math.Max(0, _held - 1);
            _waiting++;
            if (SlotsOf(queue) is not { } slots) return;
            slots.Reserved = Math.Max(0, slots.Reserved - 1);
            if (isLimited) slots.Held = Math.Max(0, slots.Held - 1);
            slots.Waiting++;
        }
    }

    /// <summary>A waiting lease takes a slot, where there is one.</summary>
    public bool TryStart(string queue)
    {
        lock (_gate)
        {
            var slots = SlotsOf(queue);
            if (_running + _stuck + _held >= Total || (slots is not null && SlotsOf(slots) == 0)) return false;
            _waiting--;
            _running++;
            if (slots is null) return true;
            slots.Waiting--;
            slots.Running++;
            return true;
        }
    }

    /// <summary>A waiting lease goes without having run.</summary>
    public void Drop(string queue)
    {
        lock (_gate)
        {
            _waiting--;
            Change(queue, static slots => slots.Waiting--);
        }
    }

    /// <summary>A handler has returned.</summary>
    public void Finish(string queue)
    {
        lock (_gate)
        {
            _running--;
            Change(queue, static slots => slots.Running--);
        }
    }

    /// <summary>A job ended without its handler, which keeps the slot.</summary>
    public void Stick(string queue)
    {
        lock (_gate)
        {
            _running--;
            _stuck++;
            if (SlotsOf(queue) is not { } slots) return;
            slots.Running--;
            slots.Stuck++;
        }
    }

    /// <summary>The handler of a stuck slot has returned after all.</summary>
    public void Unstick(string queue)
    {
        lock (_gate)
        {
            _stuck--;
            Change(queue, static slots => slots.Stuck--);
        }
    }

    /// <summary>Takes the one place for a suspect, where it is free.</summary>
    public bool TryTakeSuspect()
    {
        lock (_gate) return TakeSuspect();
    }

    /// <summary>The suspect is done, or did not come.</summary>
    public void ReleaseSuspect()
    {
        lock (_gate) FreeSuspect();
    }

    private bool TakeSuspect()
    {
        if (_suspect) return false;
        _suspect = true;
        return true;
    }

    private void FreeSuspect()
    {
        _suspect = false;
        _openings++;
    }

    private void GiveBack(string queue, int reserved, int held)
    {
        if (SlotsOf(queue) is not { } slots) return;
        var wasClosed = FreeOf(slots) == 0;
        slots.Reserved = Math.Max(0, slots.Reserved - reserved);
        slots.Held = Math.Max(0, slots.Held - held);
        NoticeOpening(slots, wasClosed);
    }

    /// <summary>Changes the books of a queue with a cap, and notices where that opens it.</summary>
    private void Change(string queue, Action<QueueSlots> change)
    {
        if (SlotsOf(queue) is not { } slots) return;
        var wasClosed = FreeOf(slots) == 0;
        change(slots);
        NoticeOpening(slots, wasClosed);
    }

    private void NoticeOpening(QueueSlots slots, bool wasClosed)
    {
        var isMissedNoMore = slots.IsMissed && SlotsOf(slots) > 0;
        if (isMissedNoMore) slots.IsMissed = false;
        if (isMissedNoMore || (wasClosed && FreeOf(slots) > 0)) _openings++;
    }

    /// <param name="onlySlots">What comes is to find a slot of its queue free.</param>
    private QueueRoom[] RoomFor(int count, bool onlySlots)
    {
        var room = new List<QueueRoom>(_queues!.Count);
        foreach (var (queue, slots) in _queues)
        {
            if (_paused.Contains(queue)) continue;
            var free = FreeOf(slots);
            if (onlySlots)
            {
                free = Math.Min(free, SlotsOf(slots));
                slots.IsMissed |= free == 0;
            }

            if (free > 0) room.Add(new QueueRoom(queue, Math.Min(count, free)));
        }

        return [.. room];
    }

    private QueueSlots? SlotsOf(string queue) => _queues is not null && _queues.TryGetValue(queue, out var slots) ? slots : null;

    private int FreeOverall() => Math.Max(0, Total + _ahead - _reserved - _waiting - _running - _stuck);

    private int FreeOf(QueueSlots slots) =>
        Math.Max(0, slots.Cap + (int)((long)_ahead * slots.Cap / Total) - slots.Reserved - slots.Waiting - slots.Running - slots.Stuck);

    private int FreeNow()
    {
        var free = FreeOverall();
        if (_queues is null || free == 0) return free;
        var room = 0;
        foreach (var (queue, slots) in _queues)
        {
            if (!_paused.Contains(queue)) room += FreeOf(slots);
        }

        return Math.Min(free, room);
    }

    private static int ShareOf(int slots, double share) => Math.Min(slots, (int)Math.Ceiling(slots * share));

    /// <param name="before">So many slots are for others, which are reserved already.</param>
    private int FreeSlotsNow(int before = 0)
    {
        var free = Math.Min(FreeNow(), Math.Max(0, Total - _held - _running - _stuck - before));
        if (_queues is null || free == 0) return free;
        var room = 0;
        foreach (var (queue, slots) in _queues)
        {
            if (!_paused.Contains(queue)) room += Math.Min(FreeOf(slots), SlotsOf(slots));
        }

        return Math.Min(free, room);
    }

    /// <summary>Slots of the queue's own that nobody has.</summary>
    private static int SlotsOf(QueueSlots slots) => Math.Max(0, slots.Cap - slots.Held - slots.Running - slots.Stuck);

    private string[] ClosedNow()
    {
        if (_queues is null) return _pausedNames;
        return [.. _paused.Union(_queues.Where(queue => FreeOf(queue.Value) == 0).Select(queue => queue.Key)).Order(StringComparer.Ordinal)];
    }

    private sealed class QueueSlots(int cap)
    {
        public int Cap { get; } = cap;
        public int Reserved { get; set; }
        public int Held { get; set; }

        /// <summary>Limited jobs could not be asked for, because it had no slot of its own for them.</summary>
        public bool IsMissed { get; set; }
        public int Waiting { get; set; }
        public int Running { get; set; }
        public int Stuck { get; set; }
    }
}

/// <summary>The slots of a silo at one moment.</summary>
internal readonly record struct SlotCounts(int Total, int Reserved, int Waiting, int Running, int Stuck);

/// <summary>Slots set aside for the answer of one exchange.</summary>
/// <param name="Room">Per queue with a cap, how many of them may be of it; null: no caps.</param>
/// <param name="Closed">Queues that nothing may come from.</param>
/// <param name="MayBringSuspect">The answer may bring a suspect.</param>
internal sealed record Reservation(int Count, QueueRoom[]? Room, string[] Closed, bool MayBringSuspect)
{
    /// <summary>There may be jobs that it has no place for, whatever its count.</summary>
    public bool IsRestricted => Room is not null || Closed.Length > 0;

    /// <summary>So many of them are free, and are kept so for it: as many limited jobs may come. The others are leased ahead of slots.</summary>
    public int Slots { get; init; }

    public static Reservation None(string[] closed) => new(0, null, closed, false);
}
