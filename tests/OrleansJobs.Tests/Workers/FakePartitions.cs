using System.Collections.Concurrent;
using System.Text;
using OrleansJobs.Flows;
using OrleansJobs.Logs;
using OrleansJobs.Records;
using OrleansJobs.Trials;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>The partitions and job grains of a grid in memory, as a worker sees them: first in, first out, with the contract kept to the letter.</summary>
internal sealed class FakePartitions : IWorkerGrid
{
    private readonly FakePartition[] _partitions;

    public FakePartitions(int partitions) => _partitions = [.. Enumerable.Range(0, partitions).Select(number => new FakePartition(this, number))];

    public ConcurrentDictionary<string, FakeFeed> Feeds { get; } = new();

    public SemaphoreSlim Reported { get; } = new(0);

    /// <summary>Called when a job becomes ready and a worker was told to be called.</summary>
    public Action<int> Hint { get; set; } = _ => { };

    public IEnumerable<JobReport> Reports => _partitions.SelectMany(partition => partition.Reports);

    public int LeasedCount => _partitions.Sum(partition => partition.LeasedCount);

    public FakePartition this[int partition] => _partitions[partition];

    IPartitionWork IWorkerGrid.Partition(int partition) => _partitions[partition];

    IJobFeed IWorkerGrid.Feed(string id) => Feed(id);

    ILogIntake IWorkerGrid.LogsOf(int partition) => Logs ?? throw new NotSupportedException();

    ITrialGrain IWorkerGrid.Trials => Trials;

    IPartitionFlows IWorkerGrid.Flows(int partition) => Flows ?? throw new NotSupportedException();

    IJobPartitionGrain IWorkerGrid.Jobs(int partition) => Jobs ?? throw new NotSupportedException();

    ValueTask<TypeDefaults> IWorkerGrid.DefaultsOfAsync(string type, CancellationToken cancellation) => new(TypeDefaults.None);

    TypeDefaults? IWorkerGrid.KnownDefaultsOf(string type) => null;

    public FakeTrials Trials { get; } = new();

    /// <summary>What all partitions remember of flows.</summary>
    public IPartitionFlows? Flows { get; set; }

    /// <summary>Where all partitions take lines in.</summary>
    public ILogIntake? Logs { get; set; }

    /// <summary>What clients are told.</summary>
    public IJobPartitionGrain? Jobs { get; set; }

    /// <summary>Leases that are stored as alone on their silo.</summary>
    public IEnumerable<LeaseName> Alone => _partitions.SelectMany(partition => partition.Alone);

    /// <summary>Called as a lease is stored as alone.</summary>
    public Action<LeaseName> StoredAsAlone { get; set; } = _ => { };

    public FakeFeed Feed(string id) => Feeds.GetOrAdd(id, _ => new FakeFeed());

    /// <summary>Waits for so many reports and gives them.</summary>
    public async Task<JobReport[]> WaitForReports(int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (!await Reported.WaitAsync(TimeSpan.FromSeconds(30))) Assert.Fail($"Only {i} of {count} reports came.");
        }

        return [.. Reports];
    }
}

internal sealed class FakePartition(FakePartitions grid, int number) : IPartitionWork
{
    private readonly Lock _gate = new();
    private readonly List<Lease> _ready = [];
    private readonly Dictionary<LeaseName, Lease> _leased = [];
    private readonly List<JobReport> _reports = [];
    private readonly List<JobReport> _returned = [];
    private readonly Dictionary<LeaseName, TrialState> _trials = [];
    private readonly List<ExchangeRequest> _requests = [];
    private bool _hungry;
    private long _counter;
    private long _lastSequence;

    /// <summary>Runs before an exchange is heard; may throw.</summary>
    public Func<ExchangeRequest, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs after an exchange has taken effect and before its answer; may throw.</summary>
    public Func<ExchangeRequest, Task> After { get; set; } = _ => Task.CompletedTask;

    public long Generation { get; set; } = 1;

    /// <summary>How often a worker had met a later generation, so that the partition had to open anew above it.</summary>
    public int Succeeded { get; private set; }

    /// <summary>A lease that is handed back is given out again, and is no report to see.</summary>
    public bool TakesBack { get; set; }

    public IReadOnlyList<JobReport> Reports
    {
        get { lock (_gate) return [.. _reports]; }
    }

    /// <summary>Words that the handlers of attempts have returned that had ended without them.</summary>
    public IReadOnlyList<JobReport> Returned
    {
        get { lock (_gate) return [.. _returned]; }
    }

    public IReadOnlyList<ExchangeRequest> Requests
    {
        get { lock (_gate) return [.. _requests]; }
    }

    public int LeasedCount
    {
        get { lock (_gate) return _leased.Count; }
    }

    public IReadOnlyList<LeaseName> Alone
    {
        get { lock (_gate) return [.. _trials.Where(trial => trial.Value is TrialState.Alone && _leased.ContainsKey(trial.Key)).Select(trial => trial.Key)]; }
    }

    /// <summary>A lease is no longer what it was, as if its silo had been given up.</summary>
    public void Lose(Lease lease)
    {
        lock (_gate) _leased.Remove(new LeaseName(lease.Id, lease.Token));
    }

    /// <summary>Puts jobs in without telling anybody.</summary>
    public Lease Add(string type, string args = "null", string queue = "default", Func<Lease, Lease>? with = null)
    {
        lock (_gate)
        {
            var token = FencingToken.Make(Generation, ++_counter);
            var lease = new Lease
            {
                Id = $"p{number}-{_counter}", Partition = number, Token = token, Type = type, Queue = queue, Args = Encoding.UTF8.GetBytes(args), Attempt = 1,
            };
            lease = with?.Invoke(lease) ?? lease;
            _ready.Add(lease);
            return lease;
        }
    }

    /// <summary>Puts a job in that is leased to the worker from the start, as a partition of the same silo does.</summary>
    public Lease AddLeased(string type, string args = "null", string queue = "default", Func<Lease, Lease>? with = null)
    {
        var lease = Add(type, args, queue, with);
        lock (_gate)
        {
            _ready.Remove(lease);
            _leased.Add(new LeaseName(lease.Id, lease.Token), lease);
        }

        return lease;
    }

    /// <summary>Puts a job in and calls the worker where it said to be called.</summary>
    public Lease Submit(string type, string args = "null", string queue = "default", Func<Lease, Lease>? with = null)
    {
        var lease = Add(type, args, queue, with);
        bool hungry;
        lock (_gate) (hungry, _hungry) = (_hungry, false);
        if (hungry) grid.Hint(number);
        return lease;
    }

    public async Task<ExchangeReply> Exchange(ExchangeRequest request)
    {
        await Task.Yield();
        await Before(request);
        var reply = Apply(request);
        await After(request);
        return reply;
    }

    public Task Lost(SiloAddress session, long sequence, long generation) => throw new NotSupportedException();

    public Task<bool> Wake(SiloAddress home, MembershipVersion version) => Task.FromResult(true);

    public Task<SecondLook> LookAgain(string id, long version) => throw new NotSupportedException();

    public Task<JobStatus?> Raise(string id, long token) => throw new NotSupportedException();

    public Task<bool> IsCurrent(string id, long token)
    {
        lock (_gate) return Task.FromResult(_leased.ContainsKey(new LeaseName(id, token)));
    }

    public Task Explained(string[] silos) => Task.CompletedTask;

    private bool Say(TrialWord word)
    {
        var state = word.IsOver ? TrialState.Over : TrialState.Alone;
        if (!_leased.ContainsKey(word.Lease) || _trials.GetValueOrDefault(word.Lease) > state) return false;
        _trials[word.Lease] = state;
        if (!word.IsOver) grid.StoredAsAlone(word.Lease);
        return true;
    }

    private ExchangeReply Apply(ExchangeRequest request)
    {
        lock (_gate)
        {
            _requests.Add(request);
            if (request.Generation > Generation)
            {
                Succeeded++;
                Generation = request.Generation + 1;
                throw new OrleansException("The partition was opened elsewhere.");
            }

            var overtaken = request.Sequence < _lastSequence;
            _lastSequence = Math.Max(_lastSequence, request.Sequence);
            var taken = request.Reports.Select(Take).ToArray();
            var stored = request.Trial is { } word && Say(word);
            var leases = new List<Lease>();
            if (request.Held is { } held) leases.AddRange(_leased.Values.Where(lease => !held.Contains(new LeaseName(lease.Id, lease.Token))));
            var room = request.Room?.ToDictionary(entry => entry.Queue, entry => entry.Jobs);
            var wish = request.Worker.Suspects;
            var (given, ready, heldBack, suspects, suspectsLeft) = (0, 0, false, 0, false);
            foreach (var lease in _ready.ToArray())
            {
                if (!request.Worker.Types.Contains(lease.Type) || request.Worker.Queues?.Contains(lease.Queue) == false) continue;
                if (lease.Batch != 0 && leases.Exists(given => given.Batch == lease.Batch))
                {
                    _ready.Remove(lease);
                    _leased.Add(new LeaseName(lease.Id, lease.Token), lease);
                    leases.Add(lease);
                    continue;
                }

                if (request.Worker.Closed.Contains(lease.Queue) || (room is not null && room.GetValueOrDefault(lease.Queue) <= 0))
                {
                    heldBack = true;
                }
                else if (lease.IsSuspect && (wish is SuspectWish.None || suspects > 0 || given >= request.Want))
                {
                    suspectsLeft = true;
                }
                else if (given < request.Want && !overtaken && (lease.IsSuspect || wish is not SuspectWish.OneAlone))
                {
                    given++;
                    if (lease.IsSuspect) suspects++;
                    if (room is not null) room[lease.Queue]--;
                    _ready.Remove(lease);
                    _leased.Add(new LeaseName(lease.Id, lease.Token), lease);
                    leases.Add(lease);
                }
                else
                {
                    ready++;
                }
            }

            _hungry = ready == 0 && request.Worker.Types.Length > 0;
            return new ExchangeReply { Leases = [.. leases], Taken = taken, Ready = ready, HeldBack = heldBack, Suspects = suspectsLeft, TrialStored = stored };
        }
    }

    private bool Take(JobReport report)
    {
        if (report.Kind is ReportKind.HandlerReturned)
        {
            _returned.Add(report);
            return true;
        }

        if (!_leased.Remove(new LeaseName(report.Id, report.Token), out var lease)) return false;
        if (report.Kind is ReportKind.Returned && TakesBack)
        {
            _ready.Add(lease with { Token = FencingToken.Make(Generation, ++_counter) });
            return true;
        }

        _reports.Add(report);
        grid.Reported.Release();
        return true;
    }
}

/// <summary>Whose turn it is to stand empty: always this one's, for as long as the test says.</summary>
internal sealed class FakeTrials : ITrialGrain
{
    private int _asked;
    private int _givenBack;

    public int Asked => Volatile.Read(ref _asked);
    public int GivenBack => Volatile.Read(ref _givenBack);

    /// <summary>Answers the question; may throw.</summary>
    public Func<Task<TimeSpan?>> Answer { get; set; } = () => Task.FromResult<TimeSpan?>(TimeSpan.FromMinutes(1));

    public async Task<TimeSpan?> Ask(SiloAddress silo)
    {
        await Task.Yield();
        Interlocked.Increment(ref _asked);
        return await Answer();
    }

    public Task GiveBack(SiloAddress silo)
    {
        Interlocked.Increment(ref _givenBack);
        return Task.CompletedTask;
    }

    public Task Explain(string[] silos) => Task.CompletedTask;

    public Task<string[]> GetExplained() => Task.FromResult<string[]>([]);
}

internal sealed class FakeFeed : IJobFeed
{
    private readonly Lock _gate = new();
    private readonly List<Progress> _progress = [];

    public SemaphoreSlim Told { get; } = new(0);
    public bool Watched { get; set; } = true;
    public byte[]? Saved { get; set; }
    public bool Refuses { get; set; }
    public Func<Task> Before { get; set; } = () => Task.CompletedTask;

    public IReadOnlyList<Progress> ProgressSeen
    {
        get { lock (_gate) return [.. _progress]; }
    }

    public async Task<bool> Progress(LeaseName lease, Progress progress)
    {
        await Before();
        lock (_gate) _progress.Add(progress);
        Told.Release();
        return Watched;
    }

    public async Task<bool> SaveCheckpoint(LeaseName lease, byte[] checkpoint)
    {
        await Before();
        if (Refuses) return false;
        Saved = checkpoint;
        return true;
    }

    public async Task<byte[]?> LoadCheckpoint(LeaseName lease)
    {
        await Before();
        return Saved;
    }

    public Task Forget() => Task.CompletedTask;
}
