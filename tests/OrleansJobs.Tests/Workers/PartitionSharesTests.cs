using System.Collections.Concurrent;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>How partitions share the slots of a worker where their keys take turns: the worker as it is, on the books of partitions as they are.</summary>
public sealed class PartitionSharesTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly CorePartitions _partitions = new(3);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentQueue<string> _started = new();
    private TestWorker? _worker;

    public void Dispose() => _worker?.Dispose();

    [Fact]
    public async Task ThreeKeysInOnePartition_AndOneInAnother_HaveAQuarterEach()
    {
        foreach (var key in new[] { "a/1", "a/2", "a/3" }) _partitions[0].Add(200, key);
        _partitions[1].Add(200, "b/1");
        Start(slots: 4);
        await RunAsync(200);
        var shares = Shares(200);
        Assert.Equal(4, shares.Count);
        Assert.All(shares.Values, share => Assert.InRange(share, 44, 56));
        // That is what they have said.
        Assert.Equal(3, _partitions[0].Talks[^1].Reply.Weight);
        Assert.Equal(1, _partitions[1].Talks[^1].Reply.Weight);
    }

    [Fact]
    public async Task WeightsOfRules_CountBetweenPartitionsToo_AndJobsWithoutAKeyAsOneOfWeightOne()
    {
        _partitions[0].Rule("heavy", new() { Weight = 4 });
        _partitions[0].Add(300, "heavy/1");
        _partitions[1].Add(300, "light/1");
        _partitions[1].Add(300);
        Start(slots: 4);
        await RunAsync(240);
        var shares = Shares(240);
        Assert.InRange(shares["heavy/1"], 148, 172);
        Assert.InRange(shares["light/1"], 34, 46);
        Assert.InRange(shares["plain"], 34, 46);
        Assert.Equal((4, 2), (_partitions[0].Talks[^1].Reply.Weight, _partitions[1].Talks[^1].Reply.Weight));
    }

    /// <summary>What its limit or a pause holds back has nothing ready, and weighs nothing.</summary>
    [Fact]
    public async Task AKeyThatIsHeldBack_WeighsNothing_AndItsShareIsForOthers()
    {
        _partitions[0].Rule("limited/1", new() { Concurrency = 1, Weight = 8 });
        _partitions[0].Add(50, "limited/1");
        _partitions[0].Add(50, "a/1");
        _partitions[1].Add(200, "b/1");
        Start(slots: 3);
        await _worker!.Until(() => _started.Count == 3 && _started.Contains("limited/1:0:00000"));
        await _worker.Settled();
        Assert.Equal(1, _partitions[0].RunningOf("limited/1"));
        Assert.Equal(1, _partitions[0].Talks[^1].Reply.Weight);
        // Its permit comes back, and it has something again.
        await EndAsync("limited/1:0:00000");
        await _worker.Until(() => _started.Count == 4);
        Assert.InRange(_partitions[0].RunningOf("limited/1"), 0, 1);
    }

    /// <summary>A slot at home is not given past the turns of those elsewhere; and who was refused is asked, since nobody else would tell of its job.</summary>
    [Fact]
    public async Task AtHome_ASlotIsNotGivenOutOfTurn_AndTheJobIsAskedForAfterwards()
    {
        var answer = new TaskCompletionSource();
        _partitions[0].Add(20, "a/1");
        Start(slots: 2);
        await _worker!.Until(() => _started.Count == 2);
        await _worker.Settled();
        // Whose turn it is has been asked, and does not answer; another slot is free.
        _partitions[0].Before = _ => answer.Task;
        var asked = _partitions[0].Talks.Count;
        foreach (var id in _started.ToArray()) Gate(id).SetResult();
        await _worker.Until(() => _worker.Engine.Describe().Busy == 0);

        _partitions[1].Add(1, "b/1");
        Assert.Equal(0, _partitions[1].GiveAtHome());
        _time.Advance(TimeSpan.FromMilliseconds(AskPlan.TurnPatience + 1));
        await _worker.Until(() => _started.Contains("b/1:1:00000"));

        Assert.Equal(asked, _partitions[0].Talks.Count);
        Assert.Equal(["b/1:1:00000"], _partitions[1].Talks[^1].Reply.Leases.Select(lease => lease.Id));
        answer.SetResult();
        await _worker.Until(() => _worker.Engine.Describe().Busy == 2 && _started.Count == 4);
    }

    /// <summary>Without keys slots at home go to whoever comes by, and nothing is weighed.</summary>
    [Fact]
    public async Task WithoutKeys_ASlotAtHomeIsGivenAtOnce()
    {
        var answer = new TaskCompletionSource();
        _partitions[0].Add(20);
        Start(slots: 2);
        await _worker!.Until(() => _started.Count == 2);
        await _worker.Settled();
        _partitions[0].Before = _ => answer.Task;
        foreach (var id in _started.ToArray()) Gate(id).SetResult();
        await _worker.Until(() => _worker.Engine.Describe().Busy == 0);
        _partitions[1].Add(1);
        Assert.Equal(1, _partitions[1].GiveAtHome());
        Assert.Equal(0, _partitions[0].Talks[^1].Reply.Weight);
        answer.SetResult();
        await _worker.Until(() => _worker.Engine.Describe().Busy == 2);
    }

    private void Start(int slots)
    {
        _worker = new TestWorker(
            grid => grid.AddJob("work", (object? _, JobContext job, CancellationToken cancellation) =>
            {
                _started.Enqueue(job.Id);
                return Gate(job.Id).Task.WaitAsync(cancellation);
            }),
            options => (options.Partitions, options.Slots) = (3, slots), _time, grid: _partitions);
        _partitions.Worker = _worker.Engine;
        _worker.Engine.Start();
    }

    /// <summary>Jobs of a tenth of a second each, which end one after the other.</summary>
    private async Task RunAsync(int jobs)
    {
        var slots = _worker!.Engine.Describe().Slots;
        for (var ended = 0; ended < jobs; ended++)
        {
            await _worker.Until(() => _started.Count >= ended + slots);
            _time.Advance(TimeSpan.FromMilliseconds(100.0 / slots));
            await EndAsync(_started.ElementAt(ended));
        }
    }

    private async Task EndAsync(string id)
    {
        Gate(id).SetResult();
        await _worker!.Until(() => !Enumerable.Range(0, 3).Any(partition => _partitions[partition].Leased.Contains(id)));
    }

    private Dictionary<string, int> Shares(int jobs) =>
        _started.Take(jobs).GroupBy(id => id[..id.IndexOf(':', StringComparison.Ordinal)]).ToDictionary(key => key.Key, key => key.Count());

    private TaskCompletionSource Gate(string id) => _gates.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
