using OrleansJobs.Batches;
using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Logs;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Trials;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>
/// The partitions of a grid as a worker sees them, with the books of real ones and a store in memory: what they give and say is decided by the product, in the order
/// in which the partition's grain asks for it.
/// </summary>
internal sealed class CorePartitions : IWorkerGrid
{
    private readonly CorePartition[] _partitions;
    private readonly FakeTrials _trials = new();

    public CorePartitions(int partitions) => _partitions = [.. Enumerable.Range(0, partitions).Select(number => new CorePartition(number))];

    public CorePartition this[int partition] => _partitions[partition];

    /// <summary>The worker of their silo.</summary>
    public WorkerEngine? Worker
    {
        set { foreach (var partition in _partitions) partition.Worker = value; }
    }

    public FakeTrials Trials => _trials;

    ITrialGrain IWorkerGrid.Trials => _trials;

    IPartitionWork IWorkerGrid.Partition(int partition) => _partitions[partition];

    IJobFeed IWorkerGrid.Feed(string id) => new FakeFeed();

    ILogIntake IWorkerGrid.LogsOf(int partition) => throw new NotSupportedException();

    IPartitionFlows IWorkerGrid.Flows(int partition) => throw new NotSupportedException();

    IJobPartitionGrain IWorkerGrid.Jobs(int partition) => throw new NotSupportedException();

    ValueTask<TypeDefaults> IWorkerGrid.DefaultsOfAsync(string type, CancellationToken cancellation) => new(TypeDefaults.None);

    TypeDefaults? IWorkerGrid.KnownDefaultsOf(string type) => null;
}

internal sealed class CorePartition(int number) : IPartitionWork
{
    private readonly Lock _gate = new();
    private readonly CoreDriver _driver = new();
    private readonly List<(ExchangeRequest Request, ExchangeReply Reply)> _talks = [];
    private bool _hungry;
    private int _submitted;

    public WorkerEngine? Worker { get; set; }

    /// <summary>Runs before an exchange is heard; may wait.</summary>
    public Func<ExchangeRequest, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>What was asked and answered, in order.</summary>
    public IReadOnlyList<(ExchangeRequest Request, ExchangeReply Reply)> Talks
    {
        get { lock (_gate) return [.. _talks]; }
    }

    /// <summary>Jobs that are leased, by their ids.</summary>
    public string[] Leased
    {
        get { lock (_gate) return [.. _driver.Core.Jobs.Leased.Select(job => job.Id).Order(StringComparer.Ordinal)]; }
    }

    public long Waiting
    {
        get { lock (_gate) return _driver.Core.Jobs.Lanes.Sum(lane => lane.Count); }
    }

    /// <summary>Attempts that count against the limit of a key.</summary>
    public int RunningOf(string key)
    {
        lock (_gate) return _driver.Core.Keys.Find(key)?.Running ?? 0;
    }

    public void Rule(string name, KeyRule rule)
    {
        lock (_gate)
        {
            var keys = _driver.Core.Keys;
            keys.Rules.Take(name, keys.Rules.Next(name, rule, null, _driver.Now));
            keys.Changed(name, _driver.Now);
            _driver.Commit();
        }
    }

    /// <summary>The activation is lost; another one opens the partition.</summary>
    public void Reopen()
    {
        lock (_gate) _driver.Reopen();
    }

    /// <summary>Puts jobs in without telling anybody.</summary>
    public void Add(int jobs, string? key = null, string type = "work", int priority = JobLimits.DefaultPriority)
    {
        lock (_gate)
        {
            for (var i = 0; i < jobs; i++)
            {
                // The lane that came first would else go first.
                _driver.Submit($"{key ?? "plain"}:{number}:{_submitted++:D5}", job => job with { Key = key, Type = type, Priority = priority });
            }

            _driver.Commit();
        }
    }

    /// <summary>Puts a job in that was present at so many crashes that it is to run alone. Nothing else is ready.</summary>
    public void AddSuspect(string? key = null)
    {
        Add(1, key);
        lock (_gate)
        {
            // Of one silo they would count as one.
            foreach (var silo in new[] { CoreDriver.SiloA, CoreDriver.SiloB })
            {
                Assert.Single(_driver.Take(CoreDriver.Worker(silo)));
                _driver.Core.Suspects.Crash(silo.ToParsableString(), _driver.Now);
                _driver.Commit();
            }

            Assert.True(_driver.Core.Suspects.HasReadyFor(CoreDriver.Worker(), _driver.Now));
        }
    }

    /// <summary>Puts jobs in and calls the worker where it said to be called.</summary>
    public void Submit(int jobs, string? key = null, string type = "work", int priority = JobLimits.DefaultPriority)
    {
        Add(jobs, key, type, priority);
        bool hungry;
        lock (_gate) (hungry, _hungry) = (_hungry, false);
        if (hungry) Worker!.Hint(number);
    }

    /// <summary>A partition of the worker's own silo: what is ready is given to the slots that it can set aside, and it is told of the rest.</summary>
    /// <returns>How many it could.</returns>
    public int GiveAtHome()
    {
        lock (_gate)
        {
            var (index, worker) = (_driver.Core.Jobs.Index, Worker!);
            index.Advance(_driver.Now);
            var given = 0;
            while (index.FirstFor(worker.Profile, SuspectWish.None, room: null) is { } lane)
            {
                var isLimited = lane.IsLimited;
                if (worker.TryReserve(lane.Queue, lane.Type, 1, isLimited) == 0)
                {
                    worker.HasBacklog(number, lane.Queue, lane.Type);
                    return given;
                }

                var lease = _driver.Core.Dispatch.Next(lane, worker.Profile.Silo.ToParsableString(), _driver.Now)!;
                _driver.Commit();
                worker.Start([lease with { Partition = number }], isLimited);
                given++;
            }

            return given;
        }
    }

    public async Task<ExchangeReply> Exchange(ExchangeRequest request)
    {
        await Task.Yield();
        await Before(request);
        lock (_gate)
        {
            var reply = Apply(request);
            _talks.Add((request, reply));
            return reply;
        }
    }

    public Task Lost(SiloAddress session, long sequence, long generation) => throw new NotSupportedException();

    public Task<bool> Wake(SiloAddress home, MembershipVersion version) => Task.FromResult(true);

    public Task<bool> IsCurrent(string id, long token) => Task.FromResult(true);

    public Task<JobStatus?> Raise(string id, long token) => throw new NotSupportedException();

    public Task<SecondLook> LookAgain(string id, long version) => throw new NotSupportedException();

    public Task Explained(string[] silos) => Task.CompletedTask;

    private ExchangeReply Apply(ExchangeRequest request)
    {
        var (core, now) = (_driver.Core, _driver.Now);
        var taken = Array.ConvertAll(request.Reports, report => core.Attempts.Report(report, now));
        var room = request.Room?.ToDictionary(queue => queue.Queue, queue => queue.Jobs, StringComparer.Ordinal);
        var slots = request.Ahead > 0 ? new FreeSlots(request.Want - request.Ahead) : null;
        var trialStored = request.Trial is { } word && core.Suspects.Say(word);
        var unread = new List<LiveJob>();
        var leases = core.Dispatch.Take(request.Worker, request.Want, now, unread, room, slots);
        if (unread.Count > 0)
        {
            foreach (var job in unread) _driver.Bring(job.Id);
            leases.AddRange(core.Dispatch.Take(request.Worker, request.Want - leases.Count, now, [], room, slots));
        }

        _driver.Commit();
        var ready = core.Dispatch.CountReadyFor(request.Worker, now, AskPlan.MaxWant, room, out var heldBack);
        var suspects = core.Suspects.HasReadyFor(request.Worker, now);
        var needsSlot = slots is { IsMissing: true } && (ready > 0 || suspects);
        _hungry = ready == 0;
        return new ExchangeReply
        {
            Leases = [.. leases.Select(lease => lease with { Partition = number })], Taken = taken, Ready = needsSlot ? 0 : ready, HeldBack = heldBack,
            Weight = core.Jobs.Index.WeightFor(request.Worker), Limited = slots?.Limited ?? 0, NeedsSlot = needsSlot, Suspects = suspects,
            TrialStored = trialStored,
        };
    }
}
