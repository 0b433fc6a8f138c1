using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Live;

/// <summary>
/// What is known of one job that somebody watches, and who does. There is one for each job in this process, however many watch: the grid
/// is asked once, the JSON is written once, and each reader takes the newest when it is ready for it.
/// </summary>
internal sealed class JobWatch(string id)
{
    private readonly Lock _lock = new();
    private readonly HashSet<JobSubscription> _readers = [];
    private JobEvent? _latest;

    public string Id => id;

    /// <summary>Ends the asking once nobody watches any more.</summary>
    public CancellationTokenSource Stopped { get; } = new();

    /// <summary>Null: nothing is known yet.</summary>
    public JobEvent? Latest => Volatile.Read(ref _latest);

    /// <summary>There is no such job, or it cannot be followed; there will be no more events.</summary>
    public bool IsOver { get; private set; }

    public void Add(JobSubscription reader)
    {
        lock (_lock)
        {
            _readers.Add(reader);
        }

        if (Latest is not null || IsOver) reader.Signal();
    }

    /// <returns>Whether it was the last one.</returns>
    public bool Remove(JobSubscription reader)
    {
        lock (_lock)
        {
            return _readers.Remove(reader) && _readers.Count == 0;
        }
    }

    public void Tell(JobStatus status)
    {
        var json = JsonBuffer.Rent();
        StatusJson.Write(json.Writer, status);
        var bytes = json.ToArray();
        // A handler's result may have line breaks between its tokens; in an event they would end the line.
        bytes.AsSpan().Replace((byte)'\n', (byte)' ');
        bytes.AsSpan().Replace((byte)'\r', (byte)' ');
        Volatile.Write(ref _latest, new(status, bytes));
        SignalAll();
    }

    public void End()
    {
        IsOver = true;
        SignalAll();
    }

    private void SignalAll()
    {
        lock (_lock)
        {
            foreach (var reader in _readers) reader.Signal();
        }
    }
}

/// <summary>A status and its JSON, written once for all who read it.</summary>
internal sealed record JobEvent(JobStatus Status, byte[] Json);

/// <summary>One reader's interest in one job: a mark that says whether there is something new, so that what waits for a slow reader never grows.</summary>
/// <param name="seen">The version that the reader has already.</param>
internal sealed class JobSubscription(JobWatch watch, EventReader reader, long seen)
{
    private int _signalled;

    public JobWatch Watch => watch;

    /// <summary>The version that was sent last.</summary>
    public long Sent { get; set; } = seen;

    /// <summary>Everything that there will be has been sent.</summary>
    public bool IsDone { get; set; }

    public void Signal()
    {
        if (Interlocked.Exchange(ref _signalled, 1) == 0) reader.Enqueue(this);
    }

    /// <summary>Called before the newest is looked at: what comes later signals again.</summary>
    public void Taken() => Volatile.Write(ref _signalled, 0);
}
