using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansJobs.Histories;
using OrleansJobs.Hosting;
using OrleansJobs.Membership;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Jobs;

/// <summary>Answers for the grid as a whole, by asking every partition and every worker. Holds nothing itself.</summary>
[StatelessWorker(1), Reentrant]
internal sealed partial class JobGridGrain(
    IPartitionStore store, IOptions<JobGridOptions> options, GridSilos silos, IWorkerDirectory workers, GridHealth health,
    NumberedGrains<IJobPartitionGrain> partitionGrains, TimeProvider time, ILogger<JobGridGrain> logger) : Grain, IJobGridGrain
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(3);
    private readonly ILogger _logger = logger;

    public Task<GridInfo> GetInfo() => Task.FromResult(new GridInfo(options.Value.Partitions, options.Value.Limits)
    {
        IdSecret = Convert.FromHexString((health.Grid ?? throw new OrleansException("This silo has not opened the grid yet.")).Secret),
    });

    public Task<string?> GetTrouble() => Task.FromResult(health.Trouble());

    public async Task<Immutable<JobTypeInfo[]>> GetJobTypes()
    {
        var running = (await AskSilosAsync(worker => worker.GetTypes())).SelectMany(types => types)
            .GroupBy(type => type.Name, StringComparer.Ordinal)
            .ToDictionary(same => same.Key, same => same.First() with { Silos = same.Count() }, StringComparer.Ordinal);
        foreach (var (name, record) in await store.ReadAsync(GridLayout.Types))
        {
            if (!running.ContainsKey(name)) running.Add(name, JobTypeRecord.Decode(name, record));
        }

        return running.Values.OrderBy(type => type.Name, StringComparer.Ordinal).ToArray().AsImmutable();
    }

    public async Task<JobPage> List(JobQuery query)
    {
        if (query.Limit is < 1 or > JobLimits.MaxPage) throw new ArgumentOutOfRangeException(nameof(query), $"A page has 1 to {JobLimits.MaxPage} jobs.");
        if (query is { Cursor: null, Id: { } id } && JobIds.IsValid(id) && await Partition(JobIds.PartitionOf(id, options.Value.Partitions)).ReadOne(query) is { } one)
            return new(Array.ConvertAll(one.Jobs, job => job.Status), null);
        if (query.Order == ListOrder.Due) return await ListDueAsync(query);
        if (!ListCursor.TryParse(query.Cursor, out var cursor)) throw new ArgumentException("The cursor is none of ours.", nameof(query));
        var pages = await AskAsync(query, new PartitionPage(), partition => Partition(partition).ReadPage(query with { Cursor = null }, cursor.Before(partition)));
        return ListMerge.Merge(pages, query.Limit);
    }

    private async Task<JobPage> ListDueAsync(JobQuery query)
    {
        if (!DueMerge.TryParse(query.Cursor, out var place)) throw new ArgumentException("The cursor is none of ours.", nameof(query));
        var pages = await AskAsync(query, new DuePage(), partition => Partition(partition).ReadDuePage(query with { Cursor = null }, place));
        return Array.Exists(pages, page => page.HasTooManyLanes)
            ? throw new ArgumentException("Too many queues, types and priorities have jobs that wait: name a queue and a type.", nameof(query))
            : DueMerge.Merge(pages, query.Limit);
    }

    /// <summary>What each partition answers that may have jobs that fit. All jobs of a key live in one.</summary>
    private Task<T[]> AskAsync<T>(JobQuery query, T nothing, Func<int, Task<T>> ask)
    {
        var home = query.Key is { } key ? JobKeys.PartitionOf(key, options.Value.Partitions) : (int?)null;
        return Task.WhenAll(Partitions().Select(partition => home is null || partition == home ? ask(partition) : Task.FromResult(nothing)));
    }

    private IPartitionQuery Partition(int partition) => GrainFactory.GetGrain<IPartitionQuery>(partition);

    public async Task<GridStats> GetStats()
    {
        var partitions = await Task.WhenAll(Partitions().Select(partition => partitionGrains[partition].GetStats()));
        var silos = await AskSilosAsync(worker => worker.Describe());
        var paused = (await Control.GetPaused()).Names.ToHashSet(StringComparer.Ordinal);
        var due = Sum(partitions.SelectMany(stats => stats.Due));
        return new GridStats
        {
            Due = due,
            Runnable = due.Where(count => !paused.Contains(count.Queue) && Array.Exists(silos, silo => silo.Serves(count.Queue, count.Type))).Sum(count => count.Jobs),
            Counts = Sum(partitions.SelectMany(stats => stats.Counts)),
            Backlog = partitions.Sum(stats => stats.Backlog),
            Running = partitions.Sum(stats => stats.Running),
            Orphans = partitions.Sum(stats => stats.Orphans),
            Letters = partitions.Sum(stats => stats.Letters),
            LetterAge = partitions.Max(stats => stats.LetterAge),
            OldestWaiting = partitions.Max(stats => stats.OldestWaiting),
            SubmittedPerSecond = partitions.Sum(stats => stats.SubmittedPerSecond),
            FinishedPerSecond = partitions.Sum(stats => stats.FinishedPerSecond),
            Slots = silos.Sum(silo => silo.Slots),
            StuckSlots = silos.Sum(silo => silo.Stuck),
            Silos = [.. silos.OrderBy(silo => silo.Address, StringComparer.Ordinal)],
        };
    }

    public async Task<Immutable<QueueInfo[]>> GetQueues()
    {
        var stats = await GetStats();
        var queues = (await Control.GetPaused()).Queues.ToDictionary(queue => queue.Name, StringComparer.Ordinal);
        foreach (var name in stats.Counts.Select(count => count.Queue).Concat((await GetJobTypes()).Value.Select(type => type.Queue)).Append(JobLimits.DefaultQueue))
            queues.TryAdd(name, new QueueInfo { Name = name });
        return queues.Values.OrderBy(queue => queue.Name, StringComparer.Ordinal).Select(queue => queue with
        {
            Pending = stats.Counts.Where(count => count.Queue == queue.Name && count.State == JobState.Pending).Sum(count => count.Jobs),
            Running = stats.Counts.Where(count => count.Queue == queue.Name && count.State == JobState.Progress).Sum(count => count.Jobs),
        }).ToArray().AsImmutable();
    }

    public async Task<Immutable<JobHistory>> GetHistory(HistoryQuery query)
    {
        var now = time.GetUtcNow();
        var range = HistoryRange.Of(query, now, out var wrong);
        if (wrong is { } mistake) throw new ArgumentException(mistake.Detail, mistake.Parameter);
        var question = new HistoryQuestion(range.Step, range.First, range.Last, query.Type, query.Queue);
        var events = Task.WhenAll(AskEventsAsync(() => GrainFactory.GetGrain<IChronicleGrain>(0).Read()), AskEventsAsync(() => Control.GetEvents()));
        var slices = (await Task.WhenAll(Partitions().Select(partition => AskHistoryAsync(partition, question)))).OfType<HistorySlice>().ToArray();
        var history = await Task.Run(() => HistoryMerge.Merge(range, slices));
        return (history with
        {
            At = now, Partitions = options.Value.Partitions, Silent = options.Value.Partitions - slices.Length, Events = HistoryMerge.EventsOf(range, await events),
        }).AsImmutable();
    }

    public Task<QueueInfo> Pause(string queue, ChangeOrder order) => SubmissionRules.IsReserved(queue)
        ? throw new ArgumentException($"The queue '{queue}' is the grid's own, which nobody pauses.", nameof(queue))
        : Control.Pause(Checked(queue), order with { Reason = Clipped(order.Reason) });

    public Task<QueueInfo> Resume(string queue) => Control.Resume(Checked(queue));

    private static JobCount[] Sum(IEnumerable<JobCount> counts) =>
        [.. counts.GroupBy(count => (count.State, count.Queue, count.Type))
            .Select(same => new JobCount(same.Key.State, same.Key.Queue, same.Key.Type, same.Sum(count => count.Jobs)))
            .OrderBy(count => (count.Queue, count.Type, count.State))];

    private IQueueControlGrain Control => GrainFactory.GetGrain<IQueueControlGrain>(0);

    private IEnumerable<int> Partitions() => Enumerable.Range(0, options.Value.Partitions);

    private static string Checked(string queue) => SubmissionRules.IsName(queue) ? queue : throw new ArgumentException("That is no queue name.", nameof(queue));

    private string? Clipped(string? reason) => reason?.Length > options.Value.Limits.MaxMessageLength ? reason[..options.Value.Limits.MaxMessageLength] : reason;

    /// <summary>What every silo of the grid answers; one that does not answer in time is left out.</summary>
    private async Task<T[]> AskSilosAsync<T>(Func<IJobWorker, Task<T>> ask) where T : class
    {
        var answers = await Task.WhenAll(silos.Current.Active.Select(async silo =>
        {
            try
            {
                return await ask(workers.Of(silo)).WaitAsync(AskTimeout, time);
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                LogSilent(exception, silo);
                return null;
            }
        }));
        return [.. answers.OfType<T>()];
    }

    /// <summary>Null: it does not answer in time, since it moves or the store is slow.</summary>
    private async Task<HistorySlice?> AskHistoryAsync(int partition, HistoryQuestion question)
    {
        try
        {
            return await GrainFactory.GetGrain<IPartitionHistory>(partition).ReadHistory(question).WaitAsync(AskTimeout, time);
        }
        catch (Exception exception) when (exception is not ArgumentException)
        {
            LogNoHistory(exception, partition);
            return null;
        }
    }

    /// <summary>None where nobody answers: figures are worth something without them.</summary>
    private async Task<HistoryEvent[]> AskEventsAsync(Func<Task<HistoryEvent[]>> ask)
    {
        try
        {
            return await ask().WaitAsync(AskTimeout, time);
        }
        catch (Exception exception)
        {
            LogNoEvents(exception);
            return [];
        }
    }

    [LoggerMessage(LogLevel.Warning, "What happened to the grid cannot be read; its history goes without it")]
    private partial void LogNoEvents(Exception exception);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition} does not tell its history; the grid's goes without it")]
    private partial void LogNoHistory(Exception exception, int partition);

    [LoggerMessage(LogLevel.Warning, "Silo {Silo} does not answer; the grid's figures go without it")]
    private partial void LogSilent(Exception exception, SiloAddress silo);
}
