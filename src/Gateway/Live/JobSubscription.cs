namespace OrleansJobs.Gateway.Live;

/// <summary>One reader's interest in one job: a mark that says whether there is something new, so that what waits for a slow reader never grows.</summary>
/// <param name="seen">The version that the reader has already.</param>
/// <param name="hub">Whose watch it is; null: one of the reader's own.</param>
internal sealed class JobSubscription(JobWatch watch, EventReader reader, long seen, WatchHub? hub = null)
{
    private JobWatch? _watch = watch;
    private int _signalled;
    private long _sent = seen;

    /// <summary>Null once everything has been sent, so that a stream which goes on for other jobs does not keep it.</summary>
    public JobWatch? Watch => Volatile.Read(ref _watch);

    /// <summary>The version that was sent last.</summary>
    public long Sent
    {
        get => Volatile.Read(ref _sent);
        set => Volatile.Write(ref _sent, value);
    }

    /// <summary>Everything that there will be has been sent.</summary>
    public bool IsDone => Watch is null;

    public void Signal()
    {
        if (Interlocked.Exchange(ref _signalled, 1) == 0) reader.Enqueue(this);
    }

    /// <summary>Called before the newest is looked at: what comes later signals again.</summary>
    /// <remarks>A full fence: the look must not begin before the mark is down, or what comes in between is neither seen nor signalled.</remarks>
    public void Taken() => Interlocked.Exchange(ref _signalled, 0);

    /// <summary>Nobody wants it any more; a watch that nobody else reads ends with it.</summary>
    public void End()
    {
        if (hub is null) Leave();
        else hub.Unsubscribe(this);
    }

    /// <summary>Leaves the watch and no more; see <see cref="End"/>.</summary>
    /// <returns>The watch, where this was its last reader.</returns>
    public JobWatch? Leave() => Interlocked.Exchange(ref _watch, null) is { } left && left.Remove(this) ? left : null;
}
