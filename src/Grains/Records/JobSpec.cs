namespace OrleansJobs.Records;

/// <summary>What was submitted. Stored once, never changed. All instants are Unix milliseconds.</summary>
internal sealed class JobSpec
{
    /// <summary>Low bits of a stamp, which tell the submits of one millisecond apart. Redis takes stamps for doubles: with twelve they are exact until September 2039.</summary>
    public const int StampShift = 12;

    /// <summary>Apart, so that a plain job, of which there may be millions in memory, has no room for it.</summary>
    private FewSpec? _few;

    public required string Type { get; init; }
    public required string Queue { get; init; }
    public int Priority { get; init; } = JobLimits.DefaultPriority;
    public required byte[] Args { get; init; }
    public long SubmittedAt { get; init; }

    /// <summary>The job's place among the submits of its partition: strictly growing, and about the time of submit.</summary>
    public long Stamp { get; init; }

    /// <summary>When it was to start at first.</summary>
    public long DueAt { get; init; }
    public long? ExpiresAt { get => _few?.ExpiresAt; init => Few(value is not null)?.ExpiresAt = value; }

    /// <summary>By when it must have ended, whatever it is doing.</summary>
    public long? DeadlineAt { get => _few?.DeadlineAt; init => Few(value is not null)?.DeadlineAt = value; }
    public RetryPolicy? Retry { get => _few?.Retry; init => Few(value is not null)?.Retry = value; }

    /// <summary>Where there is no policy of the submit's own: how often the job runs by the handler's.</summary>
    public int? Attempts { get => _few?.Attempts; init => Few(value is not null)?.Attempts = value; }
    public long? Timeout { get => _few?.Timeout; init => Few(value is not null)?.Timeout = value; }
    public long? Retention { get => _few?.Retention; init => Few(value is not null)?.Retention = value; }
    public JobTag[] Tags { get; init; } = [];
    public string? TraceParent { get; init; }
    public byte[]? Fingerprint { get; init; }

    /// <summary>The flow that it is a child of.</summary>
    public JobParent? Parent { get; init; }

    /// <summary>Jobs that must end before it starts.</summary>
    public JobDependency[] After { get => _few?.After ?? []; init => Few(value.Length > 0)?.After = value; }
    public bool CancelIfUnmet { get => _few?.CancelIfUnmet ?? false; init => Few(value)?.CancelIfUnmet = value; }

    /// <summary>Who is called when it ends.</summary>
    public JobNotice[] Notify { get => _few?.Notify ?? []; init => Few(value.Length > 0)?.Notify = value; }

    /// <summary>Whose limits, order and turns it goes by; null: nobody's.</summary>
    public string? Key { get; init; }

    /// <summary>How many turns its key has for one of others, where no rule says it.</summary>
    public int? Weight { get => _few?.Weight; init => Few(value is not null)?.Weight = value; }

    /// <summary>That it is the only one of its value; null: it need not be.</summary>
    public JobUnique? Unique { get => _few?.Unique; init => Few(value is not null)?.Unique = value; }

    /// <summary>The schedule whose occurrence it is; null: none.</summary>
    public ScheduledRun? Scheduled { get => _few?.Scheduled; init => Few(value is not null)?.Scheduled = value; }

    /// <summary>Of a flow that was posted: whose share of lanes those of its children take.</summary>
    public string? Owner { get => _few?.Owner; init => Few(value is not null)?.Owner = value; }

    /// <summary>Of a job of an event that may be published again: up to which one its bindings were known. Each of those that fits had its job made then.</summary>
    public long? BindingsKnown { get => _few?.BindingsKnown; init => Few(value is not null)?.BindingsKnown = value; }

    /// <summary>Something follows from its end, so that books other than that of jobs are told of it.</summary>
    public bool IsFollowed => Parent is not null || _few is { } few && (few.Scheduled is not null || few.Notify.Length > 0);

    /// <summary>The lowest stamp of a millisecond.</summary>
    public static long StampAt(long milliseconds) => milliseconds << StampShift;

    public static JobSpec Of(JobSubmission submission, long now, long stamp, long due, ScheduledRun? scheduled = null) => new()
    {
        Type = submission.Type, Queue = submission.Queue, Priority = submission.Priority, Args = submission.Args,
        SubmittedAt = now, Stamp = stamp, DueAt = due, Retry = submission.Retry, Attempts = submission.Attempts, Timeout = submission.Timeout,
        ExpiresAt = submission.ExpiresAt ?? (submission.ExpiresAfter is { } after ? now + after : null),
        DeadlineAt = submission.DeadlineAt ?? (submission.DeadlineAfter is { } deadline ? now + deadline : null),
        Retention = submission.Retention, Tags = submission.Tags, TraceParent = submission.TraceParent, Fingerprint = submission.Fingerprint,
        Parent = submission.Parent, After = submission.After, CancelIfUnmet = submission.CancelIfUnmet, Scheduled = scheduled,
        Notify = submission.Notify,
        Key = submission.Key is { } key ? Names.Same(key) : null, Weight = submission.Weight, Unique = submission.Unique,
        BindingsKnown = submission.BindingsKnown, Owner = submission.Type == FlowGraph.JobType ? submission.Owner : null,
    };

    public byte[] Encode()
    {
        var writer = new RecordWriter(Args.Length + 128);
        Write(ref writer);
        return writer.ToArray();
    }

    public void Write(ref RecordWriter writer)
    {
        writer.Text(1, Type);
        if (Queue != JobLimits.DefaultQueue) writer.Text(2, Queue);
        if (Priority != JobLimits.DefaultPriority) writer.Signed(3, Priority);
        writer.Bytes(RecordFields.SpecArgs, Args);
        writer.Number(5, SubmittedAt);
        writer.Signed(6, Stamp - StampAt(SubmittedAt));
        if (DueAt != SubmittedAt) writer.Signed(7, DueAt - SubmittedAt);
        if (ExpiresAt is { } expiry) writer.Signed(8, expiry - SubmittedAt);
        if (Retry is { } retry) writer.Bytes(9, Encode(retry));
        writer.Signed(10, Timeout);
        writer.Signed(11, Retention);
        foreach (var tag in Tags)
        {
            writer.Text(12, tag.Name);
            writer.Bytes(13, System.Text.Encoding.UTF8.GetBytes(tag.Value));
        }

        writer.Text(14, TraceParent);
        if (Fingerprint is not null) writer.Bytes(15, Fingerprint);
        if (Attempts is { } attempts) writer.Number(16, attempts);
        if (Scheduled is { } scheduled)
        {
            writer.Text(17, scheduled.Schedule);
            writer.Signed(18, scheduled.At - SubmittedAt);
            writer.Number(19, scheduled.Incarnation);
        }

        if (Parent is not null)
        {
            var parent = writer.Open(20);
            ParentRecord.Write(Parent, ref writer);
            writer.Close(parent);
        }

        foreach (var dependency in After)
        {
            writer.Text(21, dependency.Job);
            writer.Signed(22, (int)dependency.On);
        }

        if (CancelIfUnmet) writer.Number(23, 1);
        if (DeadlineAt is { } late) writer.Signed(24, late - SubmittedAt);
        foreach (var notice in Notify)
        {
            writer.Text(25, notice.Url);
            writer.Number(26, (long)notice.On);
        }

        writer.Text(27, Key);
        writer.Signed(28, Weight);
        if (Unique is { } unique)
        {
            writer.Text(29, unique.Value);
            writer.Number(30, (int)unique.Until);
            writer.Signed(31, unique.For);
        }

        writer.Signed(32, BindingsKnown);
        writer.Text(33, Owner);
    }

    public static JobSpec Decode(ReadOnlySpan<byte> record)
    {
        string type = "", queue = JobLimits.DefaultQueue;
        var priority = JobLimits.DefaultPriority;
        byte[] args = [];
        long submitted = 0, stamp = 0, due = 0;
        long? expires = null, deadline = null, timeout = null, retention = null;
        RetryPolicy? retry = null;
        List<JobTag>? tags = null;
        string tagName = "";
        string? trace = null;
        byte[]? fingerprint = null;
        int? attempts = null;
        JobParent? parent = null;
        List<JobDependency>? after = null;
        string named = "";
        var cancelIfUnmet = false;
        string? schedule = null;
        long at = 0, incarnation = 0;
        List<JobNotice>? notify = null;
        string? key = null, unique = null;
        int? weight = null;
        var until = UniqueUntil.End;
        long? uniqueFor = null, bindings = null;
        string? owner = null;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: type = Names.Same(reader.Text); break;
                case 2: queue = Names.Same(reader.Text); break;
                case 3: priority = (int)reader.Signed; break;
                case RecordFields.SpecArgs: args = reader.Bytes.ToArray(); break;
                case 5: submitted = reader.Number; break;
                case 6: stamp = reader.Signed; break;
                case 7: due = reader.Signed; break;
                case 8: expires = reader.Signed; break;
                case 9: retry = DecodeRetry(reader.Bytes); break;
                case 10: timeout = reader.Signed; break;
                case 11: retention = reader.Signed; break;
                case 12: tagName = reader.Text; break;
                case 13: (tags ??= []).Add(new(tagName, reader.Text)); break;
                case 14: trace = reader.Text; break;
                case 15: fingerprint = reader.Bytes.ToArray(); break;
                case 16: attempts = (int)reader.Number; break;
                case 17: schedule = reader.Text; break;
                case 18: at = reader.Signed; break;
                case 19: incarnation = reader.Number; break;
                case 20: parent = ParentRecord.Decode(reader.Bytes); break;
                case 21: named = reader.Text; break;
                case 22: (after ??= []).Add(new(named, (DependencyOn)reader.Signed)); break;
                case 23: cancelIfUnmet = reader.Number != 0; break;
                case 24: deadline = reader.Signed; break;
                case 25: named = reader.Text; break;
                case 26: (notify ??= []).Add(new(named, (NoticeOn)reader.Number)); break;
                case 27: key = Names.Same(reader.Text); break;
                case 28: weight = (int)reader.Signed; break;
                case 29: unique = reader.Text; break;
                case 30: until = (UniqueUntil)reader.Number; break;
                case 31: uniqueFor = reader.Signed; break;
                case 32: bindings = reader.Signed; break;
                case 33: owner = reader.Text; break;
            }
        }

        return new JobSpec
        {
            Type = type, Queue = queue, Priority = priority, Args = args, SubmittedAt = submitted, Stamp = StampAt(submitted) + stamp,
            DueAt = submitted + due, ExpiresAt = expires is { } instant ? submitted + instant : null, Retry = retry, Timeout = timeout,
            DeadlineAt = deadline is { } late ? submitted + late : null, Retention = retention, Tags = tags is null ? [] : [.. tags], TraceParent = trace, Fingerprint = fingerprint,
            Attempts = attempts, Parent = parent, After = after is null ? [] : [.. after], CancelIfUnmet = cancelIfUnmet,
            Notify = notify is null ? [] : [.. notify],
            Scheduled = schedule is null ? null : new(schedule, incarnation, submitted + at), Key = key, Weight = weight,
            Unique = unique is null ? null : new() { Value = unique, Until = until, For = uniqueFor },
            BindingsKnown = bindings, Owner = owner,
        };
    }

    /// <returns>Where to keep what is said; null: it is what is so of most, and nothing is kept.</returns>
    private FewSpec? Few(bool isSaid) => isSaid ? _few ??= new() : null;

    private static byte[] Encode(RetryPolicy retry)
    {
        var writer = new RecordWriter(64);
        writer.Number(1, retry.Attempts);
        writer.Number(2, (long)retry.FirstDelay.TotalMilliseconds);
        writer.Double(3, retry.Factor);
        writer.Number(4, (long)retry.Ceiling.TotalMilliseconds);
        writer.Double(5, retry.Jitter);
        return writer.ToArray();
    }

    private static RetryPolicy DecodeRetry(ReadOnlySpan<byte> record)
    {
        int attempts = 0;
        long first = 0, ceiling = 0;
        double factor = 1, jitter = 0;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: attempts = (int)reader.Number; break;
                case 2: first = reader.Number; break;
                case 3: factor = reader.Double; break;
                case 4: ceiling = reader.Number; break;
                case 5: jitter = reader.Double; break;
            }
        }

        return new RetryPolicy
        {
            Attempts = attempts, FirstDelay = TimeSpan.FromMilliseconds(first), Factor = factor, Ceiling = TimeSpan.FromMilliseconds(ceiling), Jitter = jitter,
        };
    }
}

/// <summary>Which occurrence of a schedule a job is.</summary>
/// <param name="At">The instant that it was for.</param>
internal sealed record ScheduledRun(string Schedule, long Incarnation, long At);
