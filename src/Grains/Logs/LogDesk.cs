using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Logs;

/// <summary>What a partition does about the logs of its jobs, for workers and for those who read.</summary>
internal sealed class LogDesk(IPartitionShell shell)
{
    /// <summary>Jobs whose pages are read together.</summary>
    private const int JobsPerRead = 16;

    /// <summary>Lines that a report may bring while the store is nearly full.</summary>
    private const int LinesOfFull = 5;

    private static readonly RowRead Pages = new(GridLayout.Logs.Pages);

    private readonly Dictionary<string, HashSet<Reader>> _readers = new(StringComparer.Ordinal);

    private LogBook Book => shell.Core.Logs;

    /// <inheritdoc cref="ILogIntake.AppendLogs"/>
    public async Task<LogAnswer[]> AppendAsync(LogLines[] attempts)
    {
        if (shell.IsStoreFull) return Array.ConvertAll(attempts, static _ => LogAnswer.Later);
        // Others have their turn meanwhile, and memory may let go of one while another is read.
        while (Array.Exists(attempts, IsToLoad)) await LoadAsync(attempts);
        var answers = Array.ConvertAll(attempts, lines =>
        {
            if (Leased(lines.Lease) is not { } job) return LogAnswer.Stale;
            return Book.Append(job, lines, shell.Now) ? LogAnswer.Stored : LogAnswer.Later;
        });
        await shell.Commits.Committed();
        return answers;
    }

    /// <summary>Logs of jobs whose reports bring lines are not all in memory: see <see cref="PrepareAsync"/>, and ask again.</summary>
    public bool IsToPrepare(JobReport[] reports)
    {
        foreach (var report in reports)
        {
            if (report.Logs is { } lines && IsToLoad(lines)) return true;
        }

        return false;
    }

    /// <summary>Brings the logs of jobs whose reports bring lines into memory; that they stay is certain only until somebody else has a turn.</summary>
    public Task PrepareAsync(JobReport[] reports) => LoadAsync([.. reports.Where(static report => report.Logs is not null).Select(static report => report.Logs!)]);

    /// <summary>Where the store is nearly full, its room belongs to the ends: of what a report brings only the last lines are kept, which say why it ended.</summary>
    public JobReport[] Spared(JobReport[] reports) => !shell.IsStoreFull ? reports : Array.ConvertAll(reports, static report =>
        report.Logs is { Lines.Length: > LinesOfFull } logs ? report with { Logs = logs with { Lines = logs.Lines[^LinesOfFull..] } } : report);

    /// <summary>Lines of a job as they are stored.</summary>
    /// <param name="job">As it was stored before this is called.</param>
    public async Task<JobLogPage> ReadAsync(JobStatus job, long? after, int limit)
    {
        if (!job.HasLogs) return new JobLogPage { Next = after ?? 0, IsOver = job.IsFinished, Queue = job.Queue, Tags = job.Tags, SubmittedAt = job.SubmittedAt };
        var rows = await shell.Store.ReadRowsAsync(shell.Partition, Pages, LogPage.KeysOf(job.Id));
        var lines = LogPage.Newest(rows.Where(static row => row.Exist).Select(static row => LogPage.Decode(row[0])), shell.Options.Logs);
        var from = after is { } seen ? lines.FindIndex(line => line.Number > seen) : Math.Max(0, lines.Count - limit);
        var page = from < 0 ? [] : lines.GetRange(from, Math.Min(limit, lines.Count - from));
        var isLast = page.Count == 0 || page[^1].Number == lines[^1].Number;
        return new JobLogPage { Lines = [.. page], Next = page.Count > 0 ? page[^1].Number : after ?? 0, IsOver = job.IsFinished && isLast, Queue = job.Queue, Tags = job.Tags, SubmittedAt = job.SubmittedAt };
    }

    /// <summary>Hears of it when more is stored of a job's log, or of the job; to be asked for before one looks.</summary>
    /// <param name="after">The line behind which more is waited for.</param>
    public Reader Listen(string id, long after)
    {
        var reader = new Reader(id, after, _readers);
        if (!_readers.TryGetValue(id, out var readers)) _readers.Add(id, readers = []);
        readers.Add(reader);
        return reader;
    }

    /// <summary>Tells those who wait for what is in the store by now. Costs nothing where nobody does.</summary>
    public void Tell(SealedCommit commit)
    {
        if (_readers.Count == 0) return;
        foreach (var (entry, _) in commit.Entries)
        {
            if (entry is LogEntry log)
            {
                if (_readers.TryGetValue(log.Id, out var readers)) Tell(readers, log.Newest?.Last ?? long.MaxValue);
            }
            // Of the job itself nothing matters but that it has ended, or is gone.
            else if (entry is LiveJob { Place: JobPlace.Finished or JobPlace.Gone } job && _readers.TryGetValue(job.Id, out var readers)) Tell(readers, long.MaxValue);
        }
    }

    /// <summary>Nobody waits here any more.</summary>
    public void TellAll()
    {
        foreach (var readers in _readers.Values) Tell(readers, long.MaxValue);
    }

    private static void Tell(HashSet<Reader> readers, long last)
    {
        foreach (var reader in readers)
        {
            if (last > reader.After) reader.Tell();
        }
    }

    private LiveJob? Leased(LeaseName lease) => shell.Core.Jobs.FindLeased(lease.Id) is { } job && job.Track.Token == lease.Token ? job : null;

    private bool IsToLoad(LogLines lines) => Leased(lines.Lease) is { } job && Book.IsToLoad(job);

    private async Task LoadAsync(LogLines[] attempts)
    {
        var named = attempts.Select(lines => Leased(lines.Lease)).OfType<LiveJob>().Distinct().ToList();
        var toLoad = named.FindAll(Book.IsToLoad);
        // Others have their turn meanwhile: what memory comes to know goes before what was read, and is kept until then, as are the logs that are there.
        foreach (var job in named) shell.Core.Jobs.Pin(job.Id);
        var read = new List<(LiveJob Job, List<byte[]> Rows)>(toLoad.Count);
        try
        {
            foreach (var some in toLoad.Chunk(JobsPerRead))
            {
                var rows = await shell.Store.ReadRowsAsync(shell.Partition, Pages, [.. some.SelectMany(static job => LogPage.KeysOf(job.Id))]);
                for (var i = 0; i < some.Length; i++)
                    read.Add((some[i], [.. rows.Skip(i * LogPage.Slots).Take(LogPage.Slots).Where(static row => row.Exist).Select(static row => row[0]!)]));
            }

            foreach (var (job, rows) in read)
            {
                if (shell.Core.Jobs.FindLeased(job.Id) == job) Book.Load(job, rows);
            }
        }
        finally
        {
            foreach (var job in named) shell.Core.Jobs.Unpin(job.Id);
        }
    }

    /// <summary>Somebody who waits for more of a log; to be disposed of in the turns of the partition.</summary>
    internal sealed class Reader(string id, long after, Dictionary<string, HashSet<Reader>> readers) : IDisposable
    {
        private readonly TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long After { get; } = after;

        public Task News => _news.Task;

        public void Tell() => _news.TrySetResult();

        public void Dispose()
        {
            if (readers.TryGetValue(id, out var all) && all.Remove(this) && all.Count == 0) readers.Remove(id);
        }
    }
}
