namespace OrleansJobs.Gateway.Live;

/// <summary>One job of a stream that follows a filter: watched while it runs, told of otherwise. Used by one stream's turns, one at a time.</summary>
internal sealed class FollowedJob
{
    private readonly EventReader _reader;
    private readonly JobWatch _told;
    private readonly JobSubscription _telling;
    private JobSubscription? _watching;

    public FollowedJob(JobStatus status, EventReader reader)
    {
        _reader = reader;
        SubmittedAt = status.SubmittedAt;
        _told = new JobWatch(status.Id) { OutlivesEnd = true };
        _telling = new JobSubscription(_told, reader, 0);
        _told.Add(_telling);
    }

    public DateTimeOffset SubmittedAt { get; }

    /// <summary>Its watch has yet to tell something.</summary>
    public bool IsWatched => _watching is { IsDone: false };

    /// <param name="status">As a list or a partition has it, without a result.</param>
    public void Take(JobStatus status, WatchHub hub)
    {
        // Its watch tells all there is, the end with the result.
        if (IsWatched) return;
        if (status.State == JobState.Progress) _watching = hub.Subscribe(status.Id, _reader, Sent);
        else Tell(hub.Refine(status));
    }

    /// <summary>It fits the filter no longer. Where it has ended and is watched, its watch goes on to tell the end, and has still to be left.</summary>
    public void Part(JobStatus status, WatchHub hub)
    {
        if (status.IsFinished && IsWatched) return;
        Leave(hub);
        Tell(status);
    }

    public void Leave(WatchHub hub)
    {
        if (_watching is { } watching) hub.Unsubscribe(watching);
    }

    private long Sent => Math.Max(_telling.Sent, _watching?.Sent ?? 0);

    private void Tell(JobStatus status)
    {
        if (status.Version <= Math.Max(Sent, _told.Latest?.Version ?? 0)) return;
        _told.TellListed(status);
    }
}
