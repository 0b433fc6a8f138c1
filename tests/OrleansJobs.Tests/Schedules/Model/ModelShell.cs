using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Client;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Schedules.Model;

/// <summary>One activation of the partition, as far as its schedules need one, with a worker that does as it is told.</summary>
internal sealed class ModelShell : IPartitionShell
{
    private static readonly ReportKind[] Kinds = [ReportKind.Succeeded, ReportKind.Failed, ReportKind.FailedOnce];

    private readonly Random _random;
    private readonly TimeSpan _ahead;
    private readonly bool _carriesLetters;
    private readonly JobRows _rows;
    private readonly JobRows _rowsNow;
    private readonly CancellationTokenSource _closing = new();
    private readonly PartitionSchedules _schedules;

    /// <param name="carriesLetters">Those to this partition; where it does not, its letters wait until somebody takes them.</param>
    public ModelShell(DrawnStore store, JobGridOptions options, ManualTime time, GridHealth health, JobMeters meters, Random random, TimeSpan ahead, bool carriesLetters = false)
    {
        (_random, _ahead, _carriesLetters) = (random, ahead, carriesLetters);
        (Store, Options, Time) = (store, options, time);
        (_rows, _rowsNow) = (new JobRows(store, 0), new JobRows(store.Inner, 0));
        var opening = store.OpenAsync(0).AsTask().Result;
        Core = new PartitionCore(0, opening, options);
        Commits = new CommitLoop(Core.Changes, store, time, health, meters, new BrokenLog(this), _closing.Token)
        {
            Ended = outcome =>
            {
                if (!IsDead) Failure ??= new InvalidOperationException($"The commits are over: {outcome}");
            },
        };
        foreach (var (id, _) in opening.Rows(GridLayout.Jobs.Leases)) Core.Jobs.Load(id, _rowsNow.ReadAsync(id).AsTask().Result!);
        _schedules = new PartitionSchedules(this);
        Calls = new ScheduleCalls(this, _schedules);
        Opened = OpenAsync();
    }

    public int Partition => 0;
    public PartitionCore Core { get; }
    public CommitLoop Commits { get; }
    public IPartitionStore Store { get; }
    public JobGridOptions Options { get; }
    public TimeProvider Time { get; }
    public ScheduleCalls Calls { get; }

    /// <summary>Nothing is asked of it before.</summary>
    public Task Opened { get; }
    public bool IsDead { get; private set; }

    /// <summary>Running jobs whose worker is to hear that they are cancelled.</summary>
    public List<string> Told { get; } = [];

    /// <summary>What other partitions say of their jobs.</summary>
    public Func<string[], Task<JobStatus?[]>> Listed { get; set; } = _ => throw new NotSupportedException();

    /// <summary>What no store can be blamed for.</summary>
    public Exception? Failure { get; private set; }
    public long Now => (Time.GetUtcNow() + _ahead).ToUnixTimeMilliseconds();
    public bool IsClockRight { get; set; } = true;
    public bool IsStoreFull => false;

    public Task DeliverAsync(int receiver, LetterBatch letters) => throw new NotSupportedException();

    public Task<bool> ExistsAsync(string id) => throw new NotSupportedException();

    public Task<JobStatus?[]> GetListedAsync(int partition, string[] ids) => partition == Partition ? ListHereAsync(ids) : Listed(ids);

    public Task PauseAsync(TimeSpan span) => throw new NotSupportedException();

    public Task CommittedInTimeAsync() => InTurn(Commits.Committed()).WaitAsync(Options.SubmitDeadline, Time);

    public void TellNews(LiveJob job) => throw new NotSupportedException();

    public long NewIncarnation() => _random.NextInt64(1, 1L << 40);

    public void Die()
    {
        IsDead = true;
        _closing.Cancel();
    }

    public void OnDue()
    {
        if (Opened.IsCompletedSuccessfully) _schedules.ServeDue();
    }

    /// <summary>What the grain does once a minute.</summary>
    public void OnMinute()
    {
        if (Opened.IsCompletedSuccessfully) _schedules.LookForLost();
    }

    /// <summary>Forgets jobs whose retention is over.</summary>
    public async Task SweepAsync()
    {
        foreach (var id in await _rows.ReadExpiredAsync(Now, 20))
        {
            Core.Jobs.Pin(id);
            try
            {
                if (await BringAsync(id) is { Place: JobPlace.Finished, Outcome: { } outcome } job && outcome.RetainUntil <= Now) Core.Orders.Delete(job, Now);
            }
            finally
            {
                Core.Jobs.Unpin(id);
            }
        }

        Pump();
    }

    /// <summary>Jobs begin to run.</summary>
    public void Lease(int want)
    {
        while (Core.Jobs.Index.TakeLow() is { } lane)
        {
            var (after, limit) = (lane.BeginRead(), Core.Jobs.Index.WindowLimit);
            var page = _rowsNow.ReadLaneAsync(lane.Name, after, limit, Core.Jobs.Windows.PageBudget(reads: 32)).AsTask().Result;
            Core.Jobs.Windows.EndRead(lane, page, page.Length < limit);
        }

        var unread = new List<LiveJob>();
        Core.Dispatch.Take(CoreDriver.Worker(), want, Now, unread);
        foreach (var job in unread) Core.Jobs.LoadSpec(job, _rowsNow.ReadAsync(job.Id).AsTask().Result!);
        Pump();
    }

    /// <summary>A job that runs ends, or fails and is tried again.</summary>
    public void Report()
    {
        var running = Core.Jobs.Leased.Where(job => job.IsSettled).ToList();
        if (running.Count == 0) return;
        var job = running[_random.Next(running.Count)];
        var kind = job.Track.CancelRequested ? ReportKind.Cancelled : Kinds[_random.Next(Kinds.Length)];
        Core.Attempts.Report(new JobReport
        {
            Id = job.Id, Token = job.Track.Token, Kind = kind, Result = kind == ReportKind.Succeeded ? "1"u8.ToArray() : null,
            Error = kind is ReportKind.Failed or ReportKind.FailedOnce ? new(JobErrorCodes.Error, null, "no") : null, Delay = kind == ReportKind.FailedOnce ? TimeSpan.FromSeconds(_random.Next(100)) : default,
        }, Now);
        Pump();
    }

    public void Background(Func<Task> work, string what) => _ = BackgroundAsync(work);

    public Task ForgetStateAsync(string id) => Task.CompletedTask;

    public void Pump()
    {
        if (!Commits.IsOver && Core.Changes.HasAny) _ = Commits.Committed();
    }

    public async Task<LiveJob?> BringAsync(string id)
    {
        if (Core.Jobs.Find(id) is { Spec: not null, IsSketch: false } ready) return ready;
        var stored = await _rows.ReadAsync(id);
        if (Core.Jobs.Find(id) is { } job)
        {
            if ((job.Spec is null || job.IsSketch) && stored is not null) Core.Jobs.LoadSpec(job, stored);
            return job.Spec is null ? null : job;
        }

        return stored is not null ? Core.Jobs.Load(id, stored) : null;
    }

    public void TellCancelled(LiveJob job) => Told.Add(job.Id);

    // What is awaited with a deadline goes on in the thread pool, unless it completes in a turn.
    private static async Task InTurn(Task task) => await task;

    private async Task OpenAsync()
    {
        while (true)
        {
            try
            {
                await _schedules.LoadOpenAsync(_closing.Token);
                break;
            }
            catch (IOException)
            {
            }
        }

        if (!_carriesLetters) return;
        var occurrences = new OccurrenceDesk(this);
        new LetterCarrier(
            this,
            new Dictionary<LetterKind, ILetterReader> { [LetterKind.StartOccurrence] = occurrences, [LetterKind.OccurrenceEnded] = occurrences, [LetterKind.CancelOccurrence] = occurrences },
            new BrokenLog(this)).Start();
    }

    /// <summary>As the store has them, but for those whose retention is over.</summary>
    private async Task<JobStatus?[]> ListHereAsync(string[] ids)
    {
        var stored = await _rows.ReadListedAsync(ids, int.MaxValue);
        return [.. stored.Select((job, i) =>
            job is null || (job.Outcome is { } ended && JobOutcome.Decode(ended).RetainUntil <= Now) ? null : StatusOf.Stored(ids[i], job, Now, withResult: false))];
    }

    private async Task BackgroundAsync(Func<Task> work)
    {
        while (!IsDead && !Commits.IsOver)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception exception) when (exception is IOException or OrleansException or TimeoutException or OperationCanceledException)
            {
            }
            catch (Exception exception)
            {
                Failure = exception;
                return;
            }
        }
    }

    /// <summary>What is logged as an error is one.</summary>
    private sealed class BrokenLog(ModelShell shell) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) shell.Failure ??= exception ?? new InvalidOperationException(formatter(state, exception));
        }
    }
}
