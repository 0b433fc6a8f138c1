namespace OrleansJobs.Bench.Brokers;

/// <summary>Which messages have been handled, and how many of them the broker has been told of. Safe from any thread.</summary>
internal sealed class Ledger
{
    /// <summary>A bit each: 8 MB, of which only what is touched is there.</summary>
    public const long Capacity = 1L << 26;

    private readonly long[] _seen = new long[Capacity / 64];
    private readonly Lock _lock = new();
    private readonly List<(long Count, TaskCompletionSource Reached)> _waiting = [];
    private long _handled;
    private long _twice;
    private long _sum;
    private long _settled;
    private Exception? _fault;

    /// <summary>Different messages that have been handled.</summary>
    public long Handled => Interlocked.Read(ref _handled);

    /// <summary>How often a message came that had been handled before.</summary>
    public long Twice => Interlocked.Read(ref _twice);

    /// <summary>Sum of the numbers of all that have been handled, by which several ledgers together show whether each number is in one of them.</summary>
    public long Sum => Interlocked.Read(ref _sum);

    /// <summary>Messages that will not come again.</summary>
    public long Settled => Interlocked.Read(ref _settled);

    /// <summary>One has been handled.</summary>
    public void Note(long number)
    {
        if (number is < 0 or >= Capacity) throw new ArgumentOutOfRangeException(nameof(number), number, $"Only {Capacity} messages can be told apart.");
        var bit = 1L << (int)(number & 63);
        if ((Interlocked.Or(ref _seen[number >> 6], bit) & bit) != 0)
        {
            Interlocked.Increment(ref _twice);
            return;
        }

        Interlocked.Increment(ref _handled);
        Interlocked.Add(ref _sum, number);
    }

    /// <summary>The broker has been told of so many more.</summary>
    public void Settle(long count)
    {
        var settled = Interlocked.Add(ref _settled, count);
        lock (_lock)
        {
            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].Count > settled) continue;
                _waiting[i].Reached.TrySetResult();
                _waiting.RemoveAt(i);
            }
        }
    }

    /// <summary>Nothing more will come: whoever waits is told why.</summary>
    public void Fail(Exception fault)
    {
        lock (_lock)
        {
            _fault ??= fault;
            foreach (var (_, reached) in _waiting) reached.TrySetException(_fault);
            _waiting.Clear();
        }
    }

    /// <summary>Waits until so many are settled.</summary>
    public Task WhenSettledAsync(long count)
    {
        lock (_lock)
        {
            if (_fault is not null) return Task.FromException(_fault);
            if (Settled >= count) return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((count, reached));
            return reached.Task;
        }
    }
}
