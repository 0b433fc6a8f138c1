using OrleansJobs.Workers;

namespace OrleansJobs.Logs;

/// <summary>
/// The lines of one attempt that its partition has not acknowledged: as many as a job keeps, the newest. Made with the attempt's first line. Safe to use from any thread.
/// </summary>
/// <param name="isHeldBack">Nothing is sent before <see cref="Release"/>: it is not known yet whose the lease is.</param>
internal sealed class AttemptLog(LeaseName lease, int partition, LogCarrier carrier, LogOptions options, bool isHeldBack = false)
{
    private readonly Queue<LogLine> _lines = new();
    private long _next = 1;
    private long _bytes;
    private bool _isListed;
    private bool _isClosed;
    private bool _isHeldBack = isHeldBack;

    public LeaseName Lease { get; } = lease;
    public int Partition { get; } = partition;

    /// <summary>Lines wait that may be sent.</summary>
    public bool HasLines
    {
        get { lock (_lines) return !_isClosed && !_isHeldBack && _lines.Count > 0; }
    }

    /// <summary>Adds a line with the attempt's next number.</summary>
    public void Add(long at, JobLogLevel level, string text, string? errorType = null, string? errorMessage = null)
    {
        // A level of .NET's that is none of ours, made from its number.
        var line = new LogLine(0, at, level > JobLogLevel.Critical ? JobLogLevel.Critical : level, text, errorType, errorMessage).Clipped(options.MaxLineLength);
        lock (_lines)
        {
            if (_isClosed) return;
            Keep(line with { Number = _next++ });
            if (_isListed || _isHeldBack) return;
            _isListed = true;
        }

        carrier.Changed(this);
    }

    /// <summary>Adds lines that have numbers already; those that were added before are passed over.</summary>
    public void AddNumbered(IReadOnlyList<LogLine> lines)
    {
        lock (_lines)
        {
            if (_isClosed) return;
            var before = _next;
            foreach (var line in lines)
            {
                if (line.Number < _next) continue;
                _next = line.Number + 1;
                Keep(line.Clipped(options.MaxLineLength));
            }

            if (_isListed || _isHeldBack || _next == before) return;
            _isListed = true;
        }

        carrier.Changed(this);
    }

    /// <summary>What was said so far may be sent.</summary>
    public void Release()
    {
        lock (_lines)
        {
            if (!_isHeldBack) return;
            _isHeldBack = false;
            if (_isClosed || _isListed || _lines.Count == 0) return;
            _isListed = true;
        }

        carrier.Changed(this);
    }

    /// <summary>What waits, the oldest first; it goes on waiting until it is <see cref="Settled"/>. Null: nothing does.</summary>
    public LogLines? Peek()
    {
        lock (_lines)
        {
            if (_isClosed || _lines.Count == 0)
            {
                _isListed = false;
                return null;
            }

            return new(Lease, [.. _lines]);
        }
    }

    /// <summary>What became of lines that were sent.</summary>
    /// <param name="through">The number of the last of them.</param>
    /// <param name="answer">Null: there was none.</param>
    /// <returns>Whether there is more to send, or the same again.</returns>
    public bool Settled(long through, LogAnswer? answer)
    {
        lock (_lines)
        {
            if (answer is LogAnswer.Stale)
            {
                _isClosed = true;
                Clear();
            }

            if (answer is LogAnswer.Stored)
            {
                while (_lines.TryPeek(out var line) && line.Number <= through) Drop();
            }

            _isListed = !_isClosed && _lines.Count > 0;
            return _isListed;
        }
    }

    /// <summary>The attempt is over: what is left goes with its report, and nothing that is said from now on is kept.</summary>
    public LogLines? Close()
    {
        lock (_lines)
        {
            if (_isClosed) return null;
            _isClosed = true;
            if (_lines.Count == 0) return null;
            var left = new LogLines(Lease, [.. _lines]);
            Clear();
            return left;
        }
    }

    private void Keep(LogLine line)
    {
        _lines.Enqueue(line);
        _bytes += line.Size;
        carrier.Weigh(line.Size);
        // Where the silo has as many as it may, whoever speaks loses its own oldest.
        while (_lines.Count > 1 && (_lines.Count > options.MaxLines || _bytes > options.MaxBytes || carrier.IsFull)) Drop();
    }

    private void Drop()
    {
        var size = _lines.Dequeue().Size;
        _bytes -= size;
        carrier.Weigh(-size);
    }

    private void Clear()
    {
        while (_lines.Count > 0) Drop();
    }
}
