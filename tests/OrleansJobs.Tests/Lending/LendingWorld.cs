using OrleansJobs.Hosting;
using OrleansJobs.Lending;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Lending;

/// <summary>Several partitions that share the limits of a queue, over one store: letters that are late, repeated and in the wrong company, activations that are lost.</summary>
internal sealed class LendingWorld
{
    public const string Queue = "mail";

    private readonly MemoryPartitionStore _store = new(GridLayout.Layout);
    private readonly JobRows[] _rows;
    private int _count;
    private long _version;

    public LendingWorld(int partitions = 3, Action<JobGridOptions>? configure = null)
    {
        Options = new JobGridOptions { Partitions = partitions, WindowJobs = 16, ClockTolerance = TimeSpan.FromMilliseconds(1), PoisonCrashes = 100, PoisonCrashesInCompany = 100 };
        configure?.Invoke(Options);
        _rows = [.. Enumerable.Range(0, partitions).Select(partition => new JobRows(_store, partition))];
        Cores = [.. Enumerable.Range(0, partitions).Select(Open)];
    }

    public JobGridOptions Options { get; }
    public PartitionCore[] Cores { get; }
    public long Now { get; set; } = 1_700_000_000_000;
    public int Home => QueueLimitQuestions.HomeOf(Queue, Options.Partitions);

    /// <summary>Attempts that run, with where they do.</summary>
    public List<(int Partition, Lease Lease)> Running { get; } = [];

    /// <summary>When the home lent what it has lent since limits were put last, without what has lapsed since, and to whom.</summary>
    public List<(long At, int Partition)> Grants { get; } = [];

    /// <summary>Letters about permits so far.</summary>
    public int Letters { get; private set; }

    /// <summary>When attempts of the queue started.</summary>
    public List<long> Starts { get; } = [];

    public long Waiting => Cores.Sum(core => core.Jobs.Unfinished);

    public void Submit(int partition, Func<JobSubmission, JobSubmission>? with = null)
    {
        var job = new JobSubmission { Id = $"{_count++}", Type = "work", Queue = Queue, Args = "{}"u8.ToArray() };
        Cores[partition].Jobs.Submit(with is null ? job : with(job), Now);
        Commit(partition);
    }

    /// <summary>Puts one of the waiting jobs that a partition has in memory into another queue, if there is one.</summary>
    public void Transfer(int partition, Random random, string queue)
    {
        var core = Cores[partition];
        var waiting = core.Jobs.Index.All.SelectMany(lane => lane.Window).OrderBy(job => job.Id, StringComparer.Ordinal).ToList();
        if (waiting.Count == 0) return;
        var job = waiting[random.Next(waiting.Count)];
        if (job.Spec is null || job.IsSketch) core.Jobs.LoadSpec(job, Stored(partition, job.Id)!);
        Assert.Null(core.Orders.Transfer(job, queue, new("test"), Now));
        Assert.Equal(queue, job.Lane.Queue);
        Settle(partition);
    }

    /// <summary>As the home of the queue does when it is asked; the others hear of it by letter.</summary>
    public QueueLimitSetting Put(QueueLimits? limits)
    {
        var core = Cores[Home];
        var setting = core.QueueLimits.Settings.Next(Queue, limits, false, Now);
        Grants.Clear();
        _version = setting.Version;
        using (core.Changes.Together())
        {
            core.QueueLimits.Take(Queue, setting);
            for (var other = 0; other < Cores.Length; other++)
                if (other != Home) core.Letters.Send(other, LetterKind.QueueSetting, QueueSettingLetter.Encode(Queue, setting));
        }

        Settle(Home);
        return setting;
    }

    /// <summary>All have stored it: it is answered.</summary>
    public void PutEverywhere(QueueLimits? limits)
    {
        var setting = Put(limits);
        for (var partition = 0; partition < Cores.Length; partition++)
        {
            Cores[partition].QueueLimits.Take(Queue, setting);
            Settle(partition);
        }
    }

    /// <param name="isPatient">Where something may be lent that goes before what is there, the worker waits until all letters are delivered.</param>
    public List<Lease> Take(int partition, int want, bool isPatient = false, params string[] types)
    {
        var core = Cores[partition];
        ReadPages(partition);
        var unread = new List<LiveJob>();
        var worker = CoreDriver.Worker(null, types.Length > 0 ? types : ["work", "other"]);
        if (core.Dispatch.Awaken(worker, Now, null) is not null && isPatient) DeliverAll();
        var leases = core.Dispatch.Take(worker, want, Now, unread);
        foreach (var job in unread) core.Jobs.LoadSpec(job, Stored(partition, job.Id)!);
        if (unread.Count > 0) leases.AddRange(core.Dispatch.Take(worker, want - leases.Count, Now, []));
        Settle(partition);
        foreach (var lease in leases)
        {
            Running.Add((partition, lease));
            if (lease.Queue == Queue) Starts.Add(Now);
        }

        return leases;
    }

    public void Report((int Partition, Lease Lease) attempt, ReportKind kind, TimeSpan delay = default, bool isStuck = false)
    {
        Running.Remove(attempt);
        var report = new JobReport { Id = attempt.Lease.Id, Token = attempt.Lease.Token, Kind = kind, Delay = delay, IsStuck = isStuck, Error = kind is ReportKind.Failed or ReportKind.FailedOnce ? new("error", null, "no") : null };
        Assert.True(Cores[attempt.Partition].Attempts.Report(report, Now));
        Settle(attempt.Partition);
    }

    /// <summary>What a partition has decided is committed, with what it asks for, lends and gives back.</summary>
    public void Settle(int partition)
    {
        ReadPages(partition);
        Cores[partition].Jobs.Index.TakeNews(Now);
        Cores[partition].QueueLimits.Settle(Now);
        Commit(partition);
    }

    /// <summary>Carries what one partition has for another.</summary>
    /// <param name="isAnswered">False: it is delivered, and the sender never hears of it.</param>
    public bool Deliver(int sender, int receiver, bool isAnswered = true)
    {
        var book = Cores[sender].Letters;
        if (book.Channels.FirstOrDefault(channel => channel.Receiver == receiver) is not { } channel) return false;
        if (channel.NeedsPage)
            channel.EndRead(_store.ReadPageAsync(sender, channel.Set, channel.BeginRead(), LetterChannel.Window, new RowRead(GridLayout.Letters.Rows) with { ByteBudget = 1 << 20 }).AsTask().Result, LetterChannel.Window, book);
        var letters = channel.Next();
        if (letters.Count == 0) return false;
        Apply(sender, receiver, letters);
        if (isAnswered)
        {
            book.Delivered(channel, letters);
            Commit(sender);
        }

        return true;
    }

    /// <summary>Delivers all that is on its way, and all that follows from it.</summary>
    /// <param name="except">What one partition writes to another stays on its way.</param>
    public void DeliverAll((int Sender, int Receiver)? except = null)
    {
        for (var (turns, any) = (0, true); any; turns++)
        {
            Assert.True(turns < 1000, "Partitions write to each other without an end.");
            any = false;
            for (var sender = 0; sender < Cores.Length; sender++)
            {
                Settle(sender);
                for (var receiver = 0; receiver < Cores.Length; receiver++) any |= except != (sender, receiver) && Deliver(sender, receiver);
            }
        }
    }

    /// <summary>The activation is lost with what it has not stored, and another opens the partition.</summary>
    public void Reopen(int partition)
    {
        Cores[partition] = Open(partition);
        // Attempts whose leases were never stored were never handed out.
        Running.RemoveAll(attempt => attempt.Partition == partition && Cores[partition].Jobs.FindLeased(attempt.Lease.Id)?.Track.Token != attempt.Lease.Token);
    }

    public void Commit(int partition)
    {
        var changes = Cores[partition].Changes.Seal();
        if (!changes.Commit.IsEmpty) Assert.Equal(CommitOutcome.Applied, _store.CommitAsync(changes.Commit).AsTask().Result);
        foreach (var (_, row) in changes.Commit.Of(GridLayout.Letters.Rows).Puts)
        {
            if (Letter.Decode(0, row) is not { Kind: LetterKind.QueueLot or LetterKind.QueueAsk } letter) continue;
            Letters++;
            var word = QueueWord.Decode(letter.Body);
            if (word.Version != _version) continue;
            if (letter.Kind == LetterKind.QueueLot) Grants.AddRange(Enumerable.Repeat((Now, word.Partition), word.More));
            else for (var lapsed = word.Lapsed; lapsed > 0; lapsed--) Grants.RemoveAt(Grants.FindLastIndex(grant => grant.Partition == word.Partition));
        }

        Cores[partition].Changes.Applied(changes);
    }

    private void Apply(int sender, int receiver, List<OutLetter> letters)
    {
        var core = Cores[receiver];
        var applied = core.Letters.AppliedOf(sender);
        var news = letters.Where(letter => letter.Letter.Number > applied).Select(letter => letter.Letter).ToList();
        if (news.Count == 0) return;
        core.Changes.Decide(() =>
        {
            foreach (var letter in news) Read(core, letter);
            core.Letters.Apply(sender, news[^1].Number);
        });
        Settle(receiver);
    }

    private void Read(PartitionCore core, Letter letter)
    {
        switch (letter.Kind)
        {
            case LetterKind.QueueSetting:
                var (queue, setting) = QueueSettingLetter.Decode(letter.Body);
                core.QueueLimits.Take(queue, setting);
                break;
            case LetterKind.QueueAsk: core.QueueLimits.Homes.Hear(QueueWord.Decode(letter.Body)); break;
            case LetterKind.QueueLot: core.QueueLimits.Hear(QueueWord.Decode(letter.Body), Now); break;
        }
    }

    private void ReadPages(int partition)
    {
        var core = Cores[partition];
        while (core.Jobs.Index.TakeLow() is { } lane)
        {
            var (after, limit) = (lane.BeginRead(), core.Jobs.Index.WindowLimit);
            var page = _rows[partition].ReadLaneAsync(lane.Name, after, limit, core.Jobs.Windows.PageBudget(reads: 32)).AsTask().Result;
            core.Jobs.Windows.EndRead(lane, page, page.Length < limit);
        }
    }

    private StoredJob? Stored(int partition, string id) => _rows[partition].ReadAsync(id).AsTask().Result;

    private PartitionCore Open(int partition)
    {
        var opening = _store.OpenAsync(partition).AsTask().Result;
        var core = new PartitionCore(partition, opening, Options);
        foreach (var (id, _) in opening.Rows(GridLayout.Jobs.Leases)) core.Jobs.Load(id, Stored(partition, id)!);
        return core;
    }
}
