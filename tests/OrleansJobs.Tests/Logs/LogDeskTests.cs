using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Logs;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;
using LogLine = OrleansJobs.Logs.LogLine;

namespace OrleansJobs.Tests.Logs;

/// <summary>What a partition answers to those who bring lines: nothing is acknowledged that is not kept.</summary>
public sealed class LogDeskTests : IDisposable
{
    private static readonly RowRead Pages = new(GridLayout.Logs.Pages);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly IPartitionStore _store = new MemoryPartitionStore(GridLayout.Layout);
    private readonly CoreDriver _driver;
    private readonly Shell _shell;
    private readonly LogDesk _desk;

    public LogDeskTests()
    {
        _driver = new CoreDriver(store: _store);
        _shell = new Shell(_driver, _store, _services);
        _desk = new LogDesk(_shell);
    }

    public void Dispose() => _services.Dispose();

    [Fact]
    public async Task ALogThatMemoryWouldLetGoOf_WhileAnotherIsRead_IsKept()
    {
        var leases = Enumerable.Range(0, LogBook.MostKept + 2).Select(i => Start($"j{i}")).ToList();
        foreach (var lease in leases) Append(lease, 1, "first");
        // As many as memory keeps are there; of the others nothing is.
        var known = leases.FindAll(lease => !_driver.Core.Logs.IsToLoad(Job(lease)));
        var unknown = leases.FindAll(lease => _driver.Core.Logs.IsToLoad(Job(lease)));
        Assert.True(known.Count >= 1 && unknown.Count >= 2, $"{known.Count}, {unknown.Count}");
        _driver.Core.Logs.Load(Job(unknown[0]), [_driver.Rows(Pages, LogPage.KeyOf(unknown[0].Id, 1))[0]!]);
        // Its commit is under way, and is in the store by the time that the other one has been read.
        var (a, b) = (known[0], unknown[1]);
        _driver.Core.Logs.Append(Job(a), Lines(a, 2, "second"));
        var underWay = _driver.Core.Changes.Seal();
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(underWay.Commit));
        _shell.OnRead(() => _driver.Core.Changes.Applied(underWay));

        JobReport[] reports = [Ended(a, Lines(a, 3, "third")), Ended(b, Lines(b, 2, "second"))];
        while (_desk.IsToPrepare(reports)) await _desk.PrepareAsync(reports);
        Assert.All(reports, report => Assert.True(_driver.Core.Attempts.Report(report, _driver.Now)));
        Assert.Equal(CommitOutcome.Applied, _driver.Commit());

        Assert.Equal(["first", "second", "third"], Texts(a));
        Assert.Equal(["first", "second"], Texts(b));
    }

    [Fact]
    public async Task WhileTheStoreIsFull_LinesWait_AndAReportBringsTheLastOnes()
    {
        var lease = Start("a");
        _shell.IsStoreFull = true;
        Assert.Equal([LogAnswer.Later], await _desk.AppendAsync([Lines(lease, 1, "one")]));
        var texts = Enumerable.Range(1, 200).Select(i => $"line {i}").ToArray();
        var report = Assert.Single(_desk.Spared([new JobReport { Id = "a", Token = lease.Token, Kind = ReportKind.Failed, Error = new("error", null, "no"), Logs = Lines(lease, 1, texts) }]));
        Assert.True(_driver.Core.Attempts.Report(report, _driver.Now));
        _driver.Commit();
        Assert.Equal(JobState.Failure, _driver.Status("a")!.State);
        Assert.Equal(texts[^5..], Texts(lease));
        // Numbers say that there were more.
        Assert.Equal([196, 197, 198, 199, 200], Newest(lease).Select(line => line.Number));
    }

    [Fact]
    public void WhileThereIsRoom_AReportBringsAll()
    {
        var lease = Start("a");
        var reports = new[] { new JobReport { Id = "a", Token = lease.Token, Kind = ReportKind.Succeeded, Logs = Lines(lease, 1, "1", "2", "3", "4", "5", "6", "7") } };
        Assert.Same(reports, _desk.Spared(reports));
    }

    [Fact]
    public void WhoWaits_IsToldOfLinesBehindThoseThatItHas_AndOfTheEnd()
    {
        var lease = Start("a");
        using var far = _desk.Listen("a", 1000);
        using var near = _desk.Listen("a", 0);
        Tell(() => _driver.Core.Logs.Append(Job(lease), Lines(lease, 1, "one")));
        Assert.Equal((true, false), (near.News.IsCompleted, far.News.IsCompleted));
        Tell(() => _driver.Core.Attempts.Report(new JobReport { Id = "a", Token = lease.Token, Kind = ReportKind.Succeeded }, _driver.Now));
        Assert.True(far.News.IsCompleted);
    }

    private void Tell(Action change)
    {
        change();
        var commit = _driver.Core.Changes.Seal();
        Assert.Equal(CommitOutcome.Applied, _store.CommitAsync(commit.Commit).AsTask().Result);
        _driver.Core.Changes.Applied(commit);
        _desk.Tell(commit);
    }

    private Lease Start(string id)
    {
        _driver.Submit(id);
        _driver.Commit();
        return _driver.Take().Single();
    }

    private static JobReport Ended(Lease lease, LogLines lines) => new() { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Succeeded, Logs = lines };

    private LiveJob Job(Lease lease) => _driver.Core.Jobs.FindLeased(lease.Id)!;

    private static LogLines Lines(Lease lease, long from, params string[] texts) => new(
        new(lease.Id, lease.Token), [.. texts.Select((text, index) => new LogLine(from + index, 1_700_000_000_000, JobLogLevel.Information, text))]);

    private void Append(Lease lease, long from, string text)
    {
        Assert.True(_driver.Core.Logs.Append(Job(lease), Lines(lease, from, text)));
        Assert.Equal(CommitOutcome.Applied, _driver.Commit());
    }

    private List<JobLogLine> Newest(Lease lease) => LogPage.Newest(
        LogPage.KeysOf(lease.Id).Select(key => _driver.Rows(Pages, key)).Where(row => row.Exist).Select(row => LogPage.Decode(row[0])), _driver.Options.Logs);

    private string[] Texts(Lease lease) => [.. Newest(lease).Select(line => line.Text)];

    /// <summary>A store of which the test is told when rows are read.</summary>
    public class HookedStore : DispatchProxy
    {
        internal IPartitionStore Inner { get; set; } = null!;
        internal Action? OnRead { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(IPartitionStore.ReadRowsAsync) && OnRead is { } read)
            {
                OnRead = null;
                read();
            }

            return targetMethod.Invoke(Inner, args);
        }
    }

    /// <summary>Of the grain what its logs need.</summary>
    private sealed class Shell : IPartitionShell
    {
        private readonly CoreDriver _driver;
        private readonly HookedStore _hook;

        public Shell(CoreDriver driver, IPartitionStore store, ServiceProvider services)
        {
            _driver = driver;
            Store = DispatchProxy.Create<IPartitionStore, HookedStore>();
            _hook = (HookedStore)(object)Store;
            _hook.Inner = store;
            var health = new GridHealth(TimeProvider.System);
            Commits = new(
                driver.Core.Changes, store, TimeProvider.System, health, new JobMeters(services.GetRequiredService<IMeterFactory>(), TimeProvider.System, Microsoft.Extensions.Options.Options.Create(driver.Options), health),
                NullLogger.Instance, CancellationToken.None);
        }

        public int Partition => 0;
        public PartitionCore Core => _driver.Core;
        public CommitLoop Commits { get; }
        public IPartitionStore Store { get; }
        public JobGridOptions Options => _driver.Options;
        public TimeProvider Time => TimeProvider.System;
        public long Now => _driver.Now;
        public bool IsClockRight => true;
        public bool IsStoreFull { get; set; }

        public void OnRead(Action read) => _hook.OnRead = read;

        public Task DeliverAsync(int receiver, LetterBatch letters) => throw new NotSupportedException();

        public Task<bool> ExistsAsync(string id) => throw new NotSupportedException();

        public Task<JobStatus?[]> GetListedAsync(int partition, string[] ids) => throw new NotSupportedException();

        public long NewIncarnation() => throw new NotSupportedException();

        public Task CommittedInTimeAsync() => throw new NotSupportedException();

        public Task<LiveJob?> BringAsync(string id) => throw new NotSupportedException();

        public Task ForgetStateAsync(string id) => throw new NotSupportedException();

        public Task PauseAsync(TimeSpan span) => throw new NotSupportedException();

        public void Pump()
        {
        }

        public void Background(Func<Task> work, string what) => throw new NotSupportedException();

        public void TellCancelled(LiveJob job) => throw new NotSupportedException();

        public void TellNews(LiveJob job) => throw new NotSupportedException();
    }
}
