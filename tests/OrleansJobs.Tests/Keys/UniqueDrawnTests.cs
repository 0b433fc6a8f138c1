using System.Collections.Concurrent;
using System.Text;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Keys;

/// <summary>
/// Drawn submits of unique jobs in a queue with a limit and with keys that have one, by many at the same time, while answers of the store are lost and partitions are
/// opened anew under those that have them: of a value there are never two, and no more run than may. Handlers count, and know nothing of either.
/// </summary>
public class UniqueDrawnTests
{
    private const int Values = 5, Callers = 8, Calls = 12, MostInQueue = 4, MostOfKey = 2, MostFaults = 10, MostUnavailable = 3;

    /// <summary>For all of a seed: a grid that answers slowly, or not at all, is not one that holds its limits.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task OfAValueThereAreNeverTwo_AndNoMoreRunThanMay(int seed)
    {
        var (inner, drawn, faults, isOn) = (new MemoryPartitionStore(GridLayout.Layout), new Random(seed), 0, false);
        var store = WatchedStore.Around(inner, async (name, args) =>
        {
            // Of what is submitted, not of the letters and starts that follow from it: each opening means some of them.
            if (!Volatile.Read(ref isOn) || name != nameof(IPartitionStore.CommitAsync) || ((PartitionCommit)args[0]!).Of(GridLayout.Jobs.Specs).Puts.Count == 0) return null;
            int what;
            lock (drawn) what = faults < MostFaults ? drawn.Next(8) : -1;
            if (what is 0 or 1) Interlocked.Increment(ref faults);
            // Another activation opens the partition: the commit is refused, and all that memory had decided is lost.
            if (what == 0) await inner.OpenAsync(((PartitionCommit)args[0]!).Partition);
            if (what != 1) return null;
            // It is stored, and the answer is lost.
            await inner.CommitAsync((PartitionCommit)args[0]!);
            throw new TimeoutException("The answer is lost.");
        });
        var counts = new Counts();
        var grid = await TestGrid.StartAsync(store: store, jobs: (jobs, _) => jobs.AddJob("count", async (string name, JobContext job, CancellationToken cancellation) =>
        {
            using var counted = counts.Enter(name);
            await Task.Delay(TimeSpan.FromMilliseconds(2 * (name[1] - '0')), TimeProvider.System, cancellation);
        })).WaitAsync(Patience);
        try
        {
            await PlayAsync(grid, on => Volatile.Write(ref isOn, on), seed, counts).WaitAsync(Patience);
        }
        finally
        {
            await grid.DisposeAsync().AsTask().WaitAsync(Patience);
        }

        Assert.Empty(counts.Broken);
        Assert.InRange(faults, 1, MostFaults + Callers);
    }

    private static async Task PlayAsync(TestGrid grid, Action<bool> turn, int seed, Counts counts)
    {
        await grid.Jobs.QueueLimits.PutAsync("few", new() { Concurrency = MostInQueue });
        await grid.Jobs.Keys.PutAsync("tenant", new() { Concurrency = MostOfKey });
        turn(true);
        var ids = new ConcurrentDictionary<string, SubmitOutcome>();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(grid, new Random((seed * 1000) + caller), ids, counts))));
        turn(false);
        Assert.InRange(counts.Unavailable, 0, MostUnavailable);
        foreach (var id in ids.Keys) Assert.True((await grid.Jobs.Get(id).WaitAsync()).IsFinished);
        Assert.Contains(SubmitOutcome.Coalesced, ids.Values);
        Assert.Equal(0, (await grid.Jobs.QueueLimits.GetAsync("few")).Running);
    }

    private static async Task CallAsync(TestGrid grid, Random random, ConcurrentDictionary<string, SubmitOutcome> ids, Counts counts)
    {
        for (var call = 0; call < Calls; call++)
        {
            var value = $"v{random.Next(Values)}";
            var on = (UniqueOn)random.Next(4);
            var job = new JobSubmission
            {
                // Of a value the key is always the same: it is one of its key.
                Id = "", Type = "count", Queue = "few", Args = Encoding.UTF8.GetBytes($"\"{value}\""), Key = value is "v0" or "v1" ? "tenant/1" : null,
                Unique = new() { Value = value, On = on, Longest = on == UniqueOn.Debounce ? 100 : null }, Countdown = on == UniqueOn.Debounce ? random.Next(1, 40) : null,
                MayExist = true,
            };
            var receipt = await grid.Jobs.SubmitAsync(JobKeys.Placed(job, TestGrid.Partitions, TimeProvider.System));
            if (receipt.Outcome is SubmitOutcome.Accepted or SubmitOutcome.Replayed or SubmitOutcome.Coalesced) ids[receipt.Id] = receipt.Outcome;
            else if (receipt.Outcome == SubmitOutcome.Unavailable) Interlocked.Increment(ref counts.Unavailable);
            else Assert.Equal(SubmitOutcome.NotUnique, receipt.Outcome);
        }
    }

    /// <summary>What runs at a time, by value, in the queue, and of the key.</summary>
    private sealed class Counts
    {
        private readonly Dictionary<string, int> _running = [];

        /// <summary>Submits that the grid gave no answer to.</summary>
        public int Unavailable;

        public ConcurrentQueue<string> Broken { get; } = [];

        public IDisposable Enter(string value)
        {
            lock (_running)
            {
                Add(value, 1, 1);
                Add("queue", 1, MostInQueue);
                if (value is "v0" or "v1") Add("key", 1, MostOfKey);
            }

            return new Leaving(this, value);
        }

        private void Add(string name, int more, int most)
        {
            var running = _running[name] = _running.GetValueOrDefault(name) + more;
            if (running > most) Broken.Enqueue($"{running} of {name} run, and {most} may.");
        }

        private sealed class Leaving(Counts counts, string value) : IDisposable
        {
            public void Dispose()
            {
                lock (counts._running)
                {
                    counts.Add(value, -1, int.MaxValue);
                    counts.Add("queue", -1, int.MaxValue);
                    if (value is "v0" or "v1") counts.Add("key", -1, int.MaxValue);
                }
            }
        }
    }
}
