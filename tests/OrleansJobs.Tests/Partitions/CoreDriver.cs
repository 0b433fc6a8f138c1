using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Partitions;

/// <summary>Plays a partition's part: commits what the core decides, to a store in memory, under a clock of its own.</summary>
internal sealed class CoreDriver
{
    public static readonly SiloAddress SiloA = SiloAddress.FromParsableString("127.0.0.1:11111@1");
    public static readonly SiloAddress SiloB = SiloAddress.FromParsableString("127.0.0.1:11112@1");

    private readonly IPartitionStore _store;
    private readonly JobRows _rows;

    public CoreDriver(JobGridOptions? options = null, IPartitionStore? store = null)
    {
        Options = options ?? new JobGridOptions { Partitions = 1 };
        _store = store ?? new MemoryPartitionStore(GridLayout.Layout);
        _rows = new JobRows(_store, 0);
        Core = Open();
    }

    public JobGridOptions Options { get; }
    public PartitionCore Core { get; private set; }
    public long Now { get; set; } = 1_700_000_000_000;

    public static WorkerProfile Worker(SiloAddress? silo = null, params string[] types) =>
        new() { Silo = silo ?? SiloA, SiloName = "test", Types = types.Length == 0 ? ["work"] : types };

    public LiveJob Submit(string id, Func<JobSubmission, JobSubmission>? with = null)
    {
        var submission = new JobSubmission { Id = id, Type = "work", Args = "{}"u8.ToArray() };
        return Core.Jobs.Submit(with is null ? submission : with(submission), Now);
    }

    public CommitOutcome Commit()
    {
        var changes = Core.Changes.Seal();
        if (changes.Commit.IsEmpty)
        {
            Core.Changes.Applied(changes);
            return CommitOutcome.Applied;
        }

        var outcome = _store.CommitAsync(changes.Commit).AsTask().Result;
        if (outcome == CommitOutcome.Applied) Core.Changes.Applied(changes);
        if (outcome == CommitOutcome.Full) Core.Changes.Refused(changes);
        return outcome;
    }

    public List<Lease> Take(WorkerProfile? worker = null, int want = 1)
    {
        ReadPages();
        var unread = new List<LiveJob>();
        var leases = Core.Dispatch.Take(worker ?? Worker(), want, Now, unread);
        if (unread.Count > 0)
        {
            foreach (var job in unread) Core.Jobs.LoadSpec(job, Stored(job.Id)!);
            leases.AddRange(Core.Dispatch.Take(worker ?? Worker(), want - leases.Count, Now, []));
        }

        Commit();
        return leases;
    }

    public bool Report(Lease lease, ReportKind kind, byte[]? result = null, JobError? error = null, TimeSpan delay = default, bool isStuck = false)
    {
        var taken = Core.Attempts.Report(new JobReport { Id = lease.Id, Token = lease.Token, Kind = kind, Result = result, Error = error, Delay = delay, IsStuck = isStuck }, Now);
        Commit();
        return taken;
    }

    public void ReadPages()
    {
        while (Core.Jobs.Index.TakeLow() is { } lane)
        {
            var (after, limit) = (lane.BeginRead(), Core.Jobs.Index.WindowLimit);
            var page = _rows.ReadLaneAsync(lane.Name, after, limit, Core.Jobs.Windows.PageBudget(reads: 32)).AsTask().Result;
            Core.Jobs.Windows.EndRead(lane, page, page.Length < limit);
        }
    }

    public StoredRows Rows(RowRead read, string key) => _store.ReadRowsAsync(0, read, [key]).AsTask().Result[0];

    public PagedLine[] ReadLetters(SetName set, SetPlace after) => _store.ReadPageAsync(0, set, after, 100, new RowRead(GridLayout.Letters.Rows) with { ByteBudget = 1 << 20 }).AsTask().Result;

    public StoredJob? Stored(string id) => _rows.ReadAsync(id).AsTask().Result;

    public JobStatus? Status(string id) => Stored(id) is { } stored ? StatusOf.Stored(id, stored, Now) : null;

    /// <summary>A job with its record in memory.</summary>
    public LiveJob Bring(string id)
    {
        if (Core.Jobs.Find(id) is { } job)
        {
            if (job.Spec is null) Core.Jobs.LoadSpec(job, Stored(id)!);
            return job;
        }

        return Core.Jobs.Load(id, Stored(id)!);
    }

    /// <summary>The activation is lost; another one opens the partition.</summary>
    public void Reopen() => Core = Open();

    private PartitionCore Open()
    {
        var opening = _store.OpenAsync(0).AsTask().Result;
        var core = new PartitionCore(0, opening, Options);
        foreach (var (id, _) in opening.Rows(GridLayout.Jobs.Leases)) core.Jobs.Load(id, Stored(id)!);
        var (schedules, unserved) = (GridLayout.Schedules, GridLayout.Schedules.Lists[ScheduleTables.UnservedList]);
        foreach (var line in _store.ReadSetAsync(0, unserved, new(long.MinValue, long.MaxValue, 100)).AsTask().Result) core.Schedules.Listed(line.Member, Rows(new(schedules.Records, schedules.States), line.Member));
        return core;
    }
}
