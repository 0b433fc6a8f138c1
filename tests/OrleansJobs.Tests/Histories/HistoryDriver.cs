using OrleansJobs.Diagnostics;
using OrleansJobs.Histories;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Histories;

/// <summary>Plays the grain's part for the history of one partition: commits, ticks, opens anew, and answers.</summary>
internal sealed class HistoryDriver
{
    public const long Start = 1_700_000_000_000;

    private readonly JobGridOptions _options = new() { Partitions = 1 };
    private readonly IPartitionStore _store;
    private readonly Dictionary<(string Queue, string Type), LaneFigures> _held = [];

    private HistoryDriver(IPartitionStore store) => _store = store;

    public PartitionCore Core { get; private set; } = null!;
    public HistoryBook Book => Core.History;
    public long Now { get; set; } = Start;

    /// <summary>Commits that were sent.</summary>
    public int Commits { get; private set; }

    public static async Task<HistoryDriver> OpenAsync(IPartitionStore? store = null)
    {
        var driver = new HistoryDriver(store ?? new MemoryPartitionStore(GridLayout.Layout));
        await driver.ReopenAsync();
        return driver;
    }

    /// <summary>As after a crash, or where the activation that was left had its last word: what was not stored is gone.</summary>
    public async Task ReopenAsync(bool load = true)
    {
        Core = new PartitionCore(0, await _store.OpenAsync(0), _options);
        Book.Held = () => _held;
        if (load) await LoadAsync();
    }

    public async Task LoadAsync()
    {
        foreach (var hour in Book.Load(await ReadAsync(Enumerable.Range(0, HistoryTables.MinutePlaces).Select(place => HistoryTables.MinuteKey(place))), Now))
            Book.MakeHour(hour, (await ReadAsync([HistoryTables.HourKey(hour)])).FirstOrDefault());
    }

    public void Hold(string queue, string type, long waiting) => _held[(queue, type)] = LaneFigures.None with { Waiting = waiting };

    public LiveJob Submit(string id, string queue = "default", string type = "work") =>
        Core.Jobs.Submit(new JobSubmission { Id = id, Type = type, Queue = queue, Args = "{}"u8.ToArray() }, Now);

    /// <summary>Submits, leases and ends a job, a commit each.</summary>
    public async Task RunAsync(string id, ReportKind kind = ReportKind.Succeeded, long waits = 0, long runs = 0, string type = "work")
    {
        Submit(id, type: type);
        await CommitAsync();
        Now += waits;
        var lease = await LeaseAsync(type);
        Now += runs;
        Core.Attempts.Report(new JobReport { Id = lease.Id, Token = lease.Token, Kind = kind, Error = kind is ReportKind.Failed or ReportKind.FailedOnce ? new("error", null, "bad") : null }, Now);
        await CommitAsync();
    }

    public async Task<Lease> LeaseAsync(string type = "work")
    {
        var worker = new WorkerProfile { Silo = SiloAddress.FromParsableString("127.0.0.1:11111@1"), SiloName = "test", Types = [type] };
        var lease = Assert.Single(Core.Dispatch.Take(worker, 1, Now, []));
        await CommitAsync();
        return lease;
    }

    public async Task<CommitOutcome> CommitAsync()
    {
        var changes = Core.Changes.Seal();
        if (changes.Commit.IsEmpty)
        {
            Core.Changes.Applied(changes);
            return CommitOutcome.Applied;
        }

        Commits++;
        var outcome = await _store.CommitAsync(changes.Commit);
        if (outcome != CommitOutcome.Applied) return outcome;
        Core.Changes.Applied(changes);
        Book.Count(changes, Now);
        return outcome;
    }

    /// <summary>What the grain's timer does every few seconds.</summary>
    public async Task TickAsync(bool mayWrite = true)
    {
        Book.Advance(Now, mayWrite);
        await CommitAsync();
    }

    public async Task LeaveAsync()
    {
        Book.Leave(Now);
        await CommitAsync();
    }

    public async Task<JobHistory> AskAsync(HistoryStep step = HistoryStep.Minute, string? type = null, string? queue = null)
    {
        var range = HistoryRange.Of(new() { Step = step }, DateTimeOffset.FromUnixTimeMilliseconds(Now), out _);
        return HistoryMerge.Merge(range, [await SliceAsync(new(step, range.First, range.Last, type, queue))]);
    }

    public async Task<HistorySlice> SliceAsync(HistoryQuestion question)
    {
        Book.Advance(Now);
        var rows = new List<byte[]>();
        for (var at = question.First; at <= question.Last; at++)
        {
            if ((question.Step == HistoryStep.Minute ? Book.Minute(at) : HourOf(at)) is { } row) rows.Add(row);
            else if (question.Step == HistoryStep.Hour) rows.AddRange(await ReadAsync([HistoryTables.HourKey(at)]));
        }

        return HistorySlice.Of(question, rows, question.Step == HistoryStep.Minute ? Book.Before(question.First) : null);
    }

    public async Task<List<byte[]>> ReadAsync(IEnumerable<string> keys) =>
        [.. (await _store.ReadRowsAsync(0, new RowRead(GridLayout.History.Rows), [.. keys])).Select(row => row[0]).OfType<byte[]>()];

    private byte[]? HourOf(long hour) =>
        Book.MinutesOf(hour) is { } minutes ? PeriodCounts.RollUp(hour, minutes.ConvertAll(static minute => PeriodCounts.Decode(minute))).Encode() : null;
}
