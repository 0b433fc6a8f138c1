using System.Collections.Immutable;
using OrleansJobs.Workers;

namespace OrleansJobs.Records;

/// <summary>
/// What has happened to a job so far: a value, replaced at every transition. Waiting jobs store it only where it differs from
/// <see cref="Fresh"/>; leases and outcomes carry it within.
/// </summary>
internal sealed record JobTrack
{
    public const int MaxHistory = 20;

    /// <inheritdoc cref="JobStatus.Changes"/>
    public const int MaxChanges = 20;

    public static readonly JobTrack Fresh = new();

    /// <summary>Apart, so that the transitions of a plain job do not copy it.</summary>
    private readonly FewTrack _few = FewTrack.None;

    /// <summary>All that is said apart, at once: each change of one of its members copies it.</summary>
    private FewTrack Few { get => _few; init => _few = value; }

    /// <summary>Grows at every transition, counted from the submit: see <see cref="Partitions.JobVersion"/>.</summary>
    public long Version { get; init; } = 1;

    /// <summary>Failed attempts; what the retry policy counts.</summary>
    public int Failures { get; init; }
    public int Crashes { get; init; }

    /// <summary>The silos that were lost with it, as addresses, the oldest first, but for those whose loss is known to be another's fault.</summary>
    public ImmutableArray<string> Losses { get => _few.Losses; init => _few = _few.Losses == value ? _few : _few with { Losses = value }; }

    /// <summary>What the running attempt's worker has said of its company.</summary>
    public TrialState Trial { get; init; }
    public Progress Progress { get => _few.Progress; init => _few = _few.Progress == value ? _few : _few with { Progress = value }; }

    /// <summary>An attempt may have left a checkpoint or progress with the job's grain.</summary>
    public bool HasGrainState { get; init; }

    /// <summary>Somebody asked for its end; it is not started again.</summary>
    public bool CancelRequested { get; init; }
    public string? CancelReason { get => _few.CancelReason; init => _few = _few.CancelReason == value ? _few : _few with { CancelReason = value }; }

    /// <summary>It waits because an attempt ended without an outcome, not because it never ran.</summary>
    public bool IsRetrying { get; init; }

    /// <summary>It was present at so many crashes that it waits, or waited, in the lane of those that run apart. Decided when it began to wait.</summary>
    public bool IsSuspect { get; init; }

    /// <summary>Jobs follow this one, or did: they are told of its end.</summary>
    public bool HasFollowers { get; init; }

    /// <summary>Something is remembered of it beside its own records: steps, children, signals.</summary>
    public bool HasMemory { get; init; }

    /// <summary>It is a flow that has begun: its state is PROGRESS until it ends, whether it runs or waits.</summary>
    public bool IsFlow { get; init; }

    /// <summary>Lines of its attempts are kept beside its own records.</summary>
    public bool HasLogs { get; init; }

    /// <summary>Its last attempt goes on outside: it waits until somebody reports, or its due time, by which somebody should have.</summary>
    public bool IsHeld { get; init; }

    /// <summary>The flow that it is a child of has no use for it any more: it is kept as long as any job.</summary>
    public bool IsOrphan { get; init; }

    /// <summary>Its flow does not wait for it any more, whatever becomes of that: it was cancelled, and does not run again with what had failed.</summary>
    public bool IsDismissed { get; init; }

    /// <summary>The round of its flow that it runs for, where that is later than the one it was started in.</summary>
    public int Round { get => _few.Round; init => _few = _few.Round == value ? _few : _few with { Round = value }; }

    /// <summary>The round of which it has told its flow an end already: whatever it comes to in that one, run again by somebody, the flow knows its end.</summary>
    public int? ToldRound { get => _few.ToldRound; init => _few = _few.ToldRound == value ? _few : _few with { ToldRound = value }; }

    /// <summary>Somebody had it run again when its deadline had passed: it counts no more.</summary>
    public bool IsDeadlineLifted { get; init; }

    /// <summary>What it waits for beside time, a worker and its queue.</summary>
    public ImmutableArray<WaitReason> WaitsFor { get => _few.WaitsFor; init => _few = _few.WaitsFor == value ? _few : _few with { WaitsFor = value }; }

    /// <summary>An attempt's handler was called, or may have been: an instant by which it was to start is of no account any more.</summary>
    public bool HasStarted { get; init; }

    /// <summary>The running or last attempt: its token, start and silo. Token 0: never started.</summary>
    public long Token { get; init; }
    public long StartedAt { get; init; }
    public string? Silo { get; init; }

    /// <summary>Of a lease: the batch that it runs in, by the token of the first in it; 0: it runs by itself.</summary>
    public long Batch { get => _few.Batch; init => _few = _few.Batch == value ? _few : _few with { Batch = value }; }

    /// <summary>What the attempt that has ended last did on its way, where the history does not tell of it.</summary>
    public AttemptMarks? Marks { get => _few.Marks; init => _few = _few.Marks == value ? _few : _few with { Marks = value }; }

    /// <summary>Attempts that the policy in force allows, as the worker said; 0: not known yet.</summary>
    public int MaxAttempts { get; init; }

    /// <summary>When a waiting job is due, if not at the time its submit said.</summary>
    public long? DueAt { get => _few.DueAt; init => _few = _few.DueAt == value ? _few : _few with { DueAt = value }; }

    /// <summary>Its priority, where that is not what its submit said.</summary>
    public int? Priority { get => _few.Priority; init => _few = _few.Priority == value ? _few : _few with { Priority = value }; }

    /// <summary>Its queue, where that is not what its submit said.</summary>
    public string? Queue { get => _few.Queue; init => _few = _few.Queue == value ? _few : _few with { Queue = value }; }

    /// <summary>Where it has a key and stands in its line by another instant than that at which it is due: see <see cref="Keys.KeySeat"/>.</summary>
    public long? Seat { get => _few.Seat; init => _few = _few.Seat == value ? _few : _few with { Seat = value }; }

    /// <summary>It is the only one of its unique value no more.</summary>
    public bool IsUniqueOver { get; init; }
    public ImmutableArray<JobAttempt> History { get => _few.History; init => _few = _few.History == value ? _few : _few with { History = value }; }

    /// <summary>Attempts before it was last run again by hand.</summary>
    public int Earlier { get => _few.Earlier; init => _few = _few.Earlier == value ? _few : _few with { Earlier = value }; }

    /// <summary>What was asked for from outside and done: the newest <see cref="MaxChanges"/>, oldest first.</summary>
    public ImmutableArray<JobChangeEntry> Changes { get => _few.Changes; init => _few = _few.Changes == value ? _few : _few with { Changes = value }; }

    /// <summary>Something follows from its end, so that books other than that of jobs are told of it.</summary>
    public bool IsFollowed => HasFollowers || HasMemory;

    /// <summary>It goes on although it has no slot: its state is PROGRESS.</summary>
    public bool IsUnderWay => IsFlow || IsHeld;

    /// <summary>The number of the running attempt, or of the next one.</summary>
    public int Attempt => Earlier + Failures + Crashes + 1;

    /// <summary>There was an attempt that the history does not tell of: the running one, or where the job has ended, the one that it ended with.</summary>
    public bool HasOpenAttempt => Token != 0 && !(History is [.., var last] && last.Token == Token);

    /// <summary>As if the running attempt, which its worker has never heard of, had not been.</summary>
    public JobTrack WithoutAttempt() => History is [.., var last]
        ? this with { Token = last.Token, StartedAt = last.StartedAt.ToUnixTimeMilliseconds(), Silo = last.Silo }
        : this with { Token = 0, StartedAt = 0, Silo = null };

    /// <summary>It waits for something else than before, and has come further.</summary>
    public JobTrack Waiting(ImmutableArray<WaitReason> waitsFor, Progress progress) =>
        Few.WaitsFor == waitsFor && Few.Progress == progress ? this : this with { Few = Few with { WaitsFor = waitsFor, Progress = progress } };

    /// <summary>A flow that has got somewhere: what failed before is overcome, so that one of months is not convicted for three deploys.</summary>
    public JobTrack Overcome() => this is { IsFlow: true, HasMemory: true, Failures: 0, Crashes: 0, Losses.IsEmpty: true } ? this : this with { IsFlow = true, HasMemory = true, Earlier = Earlier + Failures + Crashes, Failures = 0, Crashes = 0, Losses = [] };

    public JobTrack WithEnded(string outcome, JobError? error, long now)
    {
        var attempt = new JobAttempt
        {
            Number = Attempt, Silo = Silo, Token = Token, Outcome = outcome, Error = error, Marks = Marks,
            StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(StartedAt), EndedAt = DateTimeOffset.FromUnixTimeMilliseconds(now),
        };
        var history = History.Length < MaxHistory ? History : History.RemoveAt(0);
        return this with { History = WithoutTexts(history, error).Add(attempt) };
    }

    /// <summary>Of a failure that is followed by another the place is kept, and no stack trace.</summary>
    /// <param name="next">What it failed with after these.</param>
    public static ImmutableArray<JobAttempt> WithoutTexts(ImmutableArray<JobAttempt> history, JobError? next)
    {
        if (next?.Trace?.Text is null || history is not [.., { Error: { Trace.Text: not null } error } last]) return history;
        return history.SetItem(history.Length - 1, last with { Error = error with { Trace = error.Trace with { Text = null } } });
    }

    /// <summary>The queue that a job is in.</summary>
    public string QueueOf(JobSpec spec) => Queue ?? spec.Queue;

    /// <param name="queue">The queue that it is put into; null: it stays in its own.</param>
    public JobTrack WithChange(string what, ChangeOrder order, long now, string? queue = null)
    {
        var changes = Changes.Length < MaxChanges ? Changes : Changes.RemoveAt(0);
        return this with { Changes = changes.Add(new(what, order.By, DateTimeOffset.FromUnixTimeMilliseconds(now), order.Reason) { Action = order.Part?.Id, ActionSubmitted = order.Part?.Submitted ?? 0, Queue = queue }) };
    }

    public byte[] Encode()
    {
        var writer = new RecordWriter(128);
        Write(ref writer);
        return writer.ToArray();
    }

    public void Write(ref RecordWriter writer)
    {
        writer.Number(1, Version);
        writer.Number(2, Failures);
        writer.Number(3, Crashes);
        writer.Number(4, Progress.Sequence);
        writer.Signed(5, Progress.Sequence == 0 ? null : Progress.Current);
        writer.Signed(6, Progress.Sequence == 0 ? null : Progress.Total);
        writer.Text(7, Progress.Message);
        writer.Number(8, (HasGrainState ? 1 : 0) | (CancelRequested ? 2 : 0) | (IsRetrying ? 4 : 0) | (IsSuspect ? 8 : 0) | (HasStarted ? 16 : 0) |
            (HasFollowers ? 32 : 0) | (HasMemory ? 64 : 0) | (IsFlow ? 128 : 0) | (IsOrphan ? 256 : 0) | (IsDeadlineLifted ? 512 : 0) | (IsUniqueOver ? 1024 : 0) |
            (IsDismissed ? 2048 : 0) | (IsHeld ? 4096 : 0) | (HasLogs ? 8192 : 0));
        writer.Text(9, CancelReason);
        writer.Number(10, Token);
        writer.Number(11, StartedAt);
        writer.Text(12, Silo);
        writer.Number(13, MaxAttempts);
        writer.Signed(14, DueAt);
        foreach (var attempt in History) writer.Bytes(15, Encode(attempt));
        writer.Number(16, Earlier);
        foreach (var silo in Losses) writer.Text(17, silo);
        writer.Number(18, (int)Trial);
        foreach (var change in Changes) writer.Bytes(19, Encode(change));
        foreach (var reason in WaitsFor) writer.Bytes(21, WaitRecord.Encode(reason));
        if (Progress.Data is { } data) writer.Bytes(20, data);
        writer.Number(22, Round);
        writer.Signed(23, ToldRound);
        writer.Signed(24, Seat);
        writer.Number(25, Batch);
        if (Marks is { } marks) writer.Bytes(26, MarksRecord.Encode(marks));
        writer.Signed(30, Priority);
        writer.Text(31, Queue);
    }

    public static JobTrack Decode(ReadOnlySpan<byte> record)
    {
        var trial = TrialState.None;
        long version = 1, sequence = 0, current = 0, total = 0, flags = 0, token = 0, started = 0, batch = 0;
        int failures = 0, crashes = 0, maxAttempts = 0, earlier = 0, round = 0;
        int? told = null, priority = null;
        long? due = null, seat = null;
        AttemptMarks? marks = null;
        string? message = null, reason = null, silo = null, queue = null;
        byte[]? data = null;
        ImmutableArray<JobAttempt>.Builder? history = null;
        ImmutableArray<string>.Builder? losses = null;
        ImmutableArray<JobChangeEntry>.Builder? changes = null;
        ImmutableArray<WaitReason>.Builder? waits = null;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: version = reader.Number; break;
                case 2: failures = (int)reader.Number; break;
                case 3: crashes = (int)reader.Number; break;
                case 4: sequence = reader.Number; break;
                case 5: current = reader.Signed; break;
                case 6: total = reader.Signed; break;
                case 7: message = reader.Text; break;
                case 8: flags = reader.Number; break;
                case 9: reason = reader.Text; break;
                case 10: token = reader.Number; break;
                case 11: started = reader.Number; break;
                case 12: silo = reader.Text; break;
                case 13: maxAttempts = (int)reader.Number; break;
                case 14: due = reader.Signed; break;
                case 16: earlier = (int)reader.Number; break;
                case 17: (losses ??= ImmutableArray.CreateBuilder<string>()).Add(reader.Text); break;
                case 18: trial = (TrialState)reader.Number; break;
                case 19: (changes ??= ImmutableArray.CreateBuilder<JobChangeEntry>()).Add(DecodeChange(reader.Bytes)); break;
                case 21: (waits ??= ImmutableArray.CreateBuilder<WaitReason>()).Add(WaitRecord.Decode(reader.Bytes)); break;
                case 20: data = reader.Bytes.ToArray(); break;
                case 22: round = (int)reader.Number; break;
                case 23: told = (int)reader.Signed; break;
                case 24: seat = reader.Signed; break;
                case 25: batch = reader.Number; break;
                case 26: marks = MarksRecord.Decode(reader.Bytes); break;
                case 30: priority = (int)reader.Signed; break;
                case 31: queue = reader.Text; break;
                case 15: (history ??= ImmutableArray.CreateBuilder<JobAttempt>()).Add(DecodeAttempt(reader.Bytes)); break;
            }
        }

        return new JobTrack
        {
            Version = version, Failures = failures, Crashes = crashes, Progress = new(sequence, current, total, message, data),
            HasGrainState = (flags & 1) != 0, CancelRequested = (flags & 2) != 0, IsRetrying = (flags & 4) != 0, CancelReason = reason,
            IsSuspect = (flags & 8) != 0, HasStarted = (flags & 16) != 0,
            HasFollowers = (flags & 32) != 0, HasMemory = (flags & 64) != 0, IsFlow = (flags & 128) != 0, IsOrphan = (flags & 256) != 0, IsDeadlineLifted = (flags & 512) != 0,
            WaitsFor = waits?.ToImmutable() ?? [], Round = round, ToldRound = told, Seat = seat, IsUniqueOver = (flags & 1024) != 0, IsDismissed = (flags & 2048) != 0, IsHeld = (flags & 4096) != 0, HasLogs = (flags & 8192) != 0,
            Token = token, StartedAt = started, Silo = silo, MaxAttempts = maxAttempts, DueAt = due, Earlier = earlier, History = history?.ToImmutable() ?? [],
            Losses = losses?.ToImmutable() ?? [], Trial = trial, Batch = batch, Marks = marks, Priority = priority, Queue = queue,
            Changes = changes?.ToImmutable() ?? [],
        };
    }

    private static byte[] Encode(JobChangeEntry change)
    {
        var writer = new RecordWriter(128);
        writer.Text(1, change.What);
        writer.Text(2, change.By);
        writer.Number(3, change.At.ToUnixTimeMilliseconds());
        writer.Text(4, change.Reason);
        writer.Text(5, change.Action);
        if (change.ActionSubmitted > 0) writer.Number(6, change.ActionSubmitted);
        writer.Text(7, change.Queue);
        return writer.ToArray();
    }

    private static JobChangeEntry DecodeChange(ReadOnlySpan<byte> record)
    {
        string what = "", by = "";
        string? reason = null, action = null, queue = null;
        var (at, submitted) = (0L, 0L);
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: what = reader.Text; break;
                case 2: by = reader.Text; break;
                case 3: at = reader.Number; break;
                case 4: reason = reader.Text; break;
                case 5: action = reader.Text; break;
                case 6: submitted = reader.Number; break;
                case 7: queue = reader.Text; break;
            }
        }

        return new(what, by, DateTimeOffset.FromUnixTimeMilliseconds(at), reason) { Action = action, ActionSubmitted = submitted, Queue = queue };
    }

    private static byte[] Encode(JobAttempt attempt)
    {
        var writer = new RecordWriter(128);
        writer.Number(1, attempt.Number);
        writer.Text(2, attempt.Silo);
        writer.Number(3, attempt.StartedAt.ToUnixTimeMilliseconds());
        writer.Number(4, attempt.EndedAt.ToUnixTimeMilliseconds());
        writer.Text(5, attempt.Outcome);
        if (attempt.Error is { } error) writer.Bytes(6, JobOutcome.EncodeTraced(error));
        writer.Number(7, attempt.Token);
        if (attempt.Marks is { } marks) writer.Bytes(8, MarksRecord.Encode(marks));
        return writer.ToArray();
    }

    private static JobAttempt DecodeAttempt(ReadOnlySpan<byte> record)
    {
        long number = 0, started = 0, ended = 0, token = 0;
        string? silo = null;
        var outcome = "";
        JobError? error = null;
        AttemptMarks? marks = null;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: number = reader.Number; break;
                case 2: silo = reader.Text; break;
                case 3: started = reader.Number; break;
                case 4: ended = reader.Number; break;
                case 5: outcome = reader.Text; break;
                case 6: error = JobOutcome.DecodeError(reader.Bytes); break;
                case 7: token = reader.Number; break;
                case 8: marks = MarksRecord.Decode(reader.Bytes); break;
            }
        }

        return new JobAttempt
        {
            Number = (int)number, Silo = silo, Outcome = outcome, Error = error, Token = token, Marks = marks,
            StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(started), EndedAt = DateTimeOffset.FromUnixTimeMilliseconds(ended),
        };
    }
}

/// <summary>Whether an attempt is alone on its silo. Only goes on, never back.</summary>
internal enum TrialState : byte
{
    /// <summary>Others may run beside it.</summary>
    None,

    /// <summary>Nothing else runs there: if its silo is lost, it was this job.</summary>
    Alone,

    /// <summary>It was alone, or was to be, and others may run beside it again. An older word that it is alone comes too late.</summary>
    Over,
}
