using OrleansJobs.Partitions;

namespace OrleansJobs.Logs;

/// <summary>What the jobs of a partition log while they run. A job that logs nothing is not known here.</summary>
internal sealed class LogBook
{
    /// <summary>Logs of running jobs that memory keeps; beyond it the newest page of one is read again before lines are added.</summary>
    public const int MostKept = 512;

    private readonly JobBook _jobs;
    private readonly PendingChanges _changes;
    private readonly LogOptions _options;
    private readonly Dictionary<string, LogEntry> _known = new(StringComparer.Ordinal);

    public LogBook(JobBook jobs, PendingChanges changes, LogOptions options)
    {
        (_jobs, _changes, _options) = (jobs, changes, options);
        jobs.LogRests = Rest;
        jobs.LogGoes = Forget;
        jobs.Unpinned = LetGo;
    }

    /// <summary>Logs in memory.</summary>
    public int Known => _known.Count;

    /// <summary>Lines cannot be added to the log of this job before what is stored of it is loaded.</summary>
    public bool IsToLoad(LiveJob job) => job.Track.HasLogs && !_known.ContainsKey(job.Id);

    /// <summary>Brings the log of a job into memory.</summary>
    /// <param name="rows">Its pages as they are stored, in any order.</param>
    public void Load(LiveJob job, IEnumerable<byte[]> rows)
    {
        if (IsToLoad(job)) _known.Add(job.Id, new LogEntry(job.Id, this, rows.Select(static row => LogPage.Decode(row)).MaxBy(static page => page.Number)));
    }

    /// <summary>Keeps the lines of an attempt that are new.</summary>
    /// <param name="now">Where the job goes on: those who watch it are told that there is a log.</param>
    /// <returns>False where they could not be kept, since the log is not in memory.</returns>
    public bool Append(LiveJob job, LogLines lines, long? now = null)
    {
        if (_options.MaxLines == 0 || lines.Lines.Length == 0) return true;
        if (IsToLoad(job)) return false;
        if (!_known.TryGetValue(job.Id, out var log)) _known.Add(job.Id, log = new LogEntry(job.Id, this, null));
        log.IsOver = false;
        if (!log.Append(lines.Lines, lines.Lease.Token, job.Track.Attempt, _options)) return true;
        if (job.Track.HasLogs)
        {
            _changes.Mark(log);
            return true;
        }

        // That there is a log, so that it goes with the job, is stored with its first lines.
        using var together = _changes.Together();
        _changes.Mark(log);
        _jobs.Note(job, job.Track with { HasLogs = true, Version = now is { } instant ? JobVersion.NextUnheard(job, instant) : job.Track.Version });
        return true;
    }

    /// <summary>Memory lets go of a log where it need not keep it.</summary>
    public void LetGo(LogEntry log)
    {
        if (!log.IsSettled || !(log.IsOver || _known.Count > MostKept) || _jobs.IsPinned(log.Id)) return;
        if (_known.GetValueOrDefault(log.Id) == log) _known.Remove(log.Id);
    }

    /// <summary>Nobody has pinned the job any more. One that runs is left to its next commit: whoever let go may be about to add to its log.</summary>
    private void LetGo(string id)
    {
        if (_known.Count > 0 && _known.TryGetValue(id, out var log) && log.IsOver) LetGo(log);
    }

    private void Rest(LiveJob job)
    {
        if (!_known.TryGetValue(job.Id, out var log)) return;
        log.IsOver = true;
        LetGo(log);
    }

    private void Forget(LiveJob job)
    {
        _known.Remove(job.Id, out var log);
        _changes.Mark((log ?? new LogEntry(job.Id, this, null)).Forget());
    }
}
