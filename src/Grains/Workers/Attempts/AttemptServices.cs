using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Batches;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Logs;
using OrleansJobs.Schedules;
using OrleansJobs.Trials;

namespace OrleansJobs.Workers;

/// <summary>What every attempt of a silo shares.</summary>
internal sealed class AttemptServices
{
    public AttemptServices(
        IServiceProvider provider, IOptions<JobGridOptions> configured, TimeProvider time, IWorkerGrid grid, JobMeters meters, ILogger<JobExecution> logger)
    {
        var options = configured.Value;
        Provider = provider;
        Limits = options.Limits;
        Release = ApplicationNames.Release(options);
        CancelGrace = options.CancelGrace;
        Partitions = options.Partitions;
        Time = time;
        Grid = grid;
        Carrier = new ProgressCarrier(grid.Feed, time, options, logger);
        LogOptions = options.Logs;
        Logs = new LogCarrier(grid.LogsOf, time, options.Logs, logger);
        Execution = new JobExecution(this, meters, logger);
        Batches = new BatchExecution(this, meters, logger);
    }

    public IServiceProvider Provider { get; }
    public JobLimits Limits { get; }

    /// <summary>Which release of the application this silo is.</summary>
    public string Release { get; }
    public TimeSpan CancelGrace { get; }
    public int Partitions { get; }
    public TimeProvider Time { get; }
    public IWorkerGrid Grid { get; }
    public ProgressCarrier Carrier { get; }
    public LogOptions LogOptions { get; }

    /// <summary>Hands what attempts log to their partitions.</summary>
    public LogCarrier Logs { get; }
    public JobExecution Execution { get; }
    public BatchExecution Batches { get; }

    /// <summary>Who takes what became of attempts; set by the worker before the first one starts.</summary>
    public IAttemptOwner Owner { get; set; } = null!;

    /// <summary>The handlers of this silo; set like <see cref="Owner"/>.</summary>
    public HandlerRegistry Handlers { get; set; } = null!;

    /// <summary>Who hears of an attempt's progress beside its job's grain; null, as nearly always: nobody.</summary>
    public IProgressListener? ListenerOf(Lease lease) => lease.ProgressUrls is null ? null : Provider.GetService<IProgressListeners>()?.For(lease);

    /// <summary>What a type says of its jobs where nobody else does. The grid is asked where the type is not one of this silo's.</summary>
    public async Task<TypeDefaults> DefaultsOfAsync(string type, CancellationToken cancellation) =>
        DefaultsHere(type) ?? await Grid.DefaultsOfAsync(type, cancellation).ConfigureAwait(false);

    /// <summary>The same where the grid need not be asked; null: it must.</summary>
    public TypeDefaults? DefaultsHere(string type) => Handlers.TryGet(type, out var handler) ? handler.Options.Defaults : Grid.KnownDefaultsOf(type);

    /// <summary>The handler did not stop in the time it was given: its job goes on without it.</summary>
    public void Abandon(RunningJob job) => Owner.Ended(job, job.Item is { IsSettled: true } item ? Batches.EndingOf(job, item, null) : AttemptRules.OfStuck(job.Reason), returned: false);

    public void CancelCallbackFailed(RunningJob job, Exception exception) => Execution.LogCancelCallback(job, exception);
}

/// <summary>The side of the grid that a worker talks to.</summary>
internal interface IWorkerGrid
{
    IPartitionWork Partition(int partition);

    /// <summary>A partition, as it is handed what attempts log.</summary>
    ILogIntake LogsOf(int partition);

    IJobFeed Feed(string id);

    ITrialGrain Trials { get; }

    /// <summary>A partition, as those ask it that run a flow.</summary>
    Flows.IPartitionFlows Flows(int partition);

    /// <summary>A partition, as any client asks it.</summary>
    IJobPartitionGrain Jobs(int partition);

    /// <summary>What a type says of its jobs where nobody else does, as the silos of the grid say.</summary>
    ValueTask<TypeDefaults> DefaultsOfAsync(string type, CancellationToken cancellation);

    /// <summary>The same as far as it has been asked before; null: it has not.</summary>
    TypeDefaults? KnownDefaultsOf(string type);
}

/// <summary>Where attempts end.</summary>
internal interface IAttemptOwner
{
    /// <summary>An attempt has ended. Only the first word on an attempt counts.</summary>
    /// <param name="returned">Its handler has returned; otherwise it holds its slot until <see cref="HandlerReturned"/>.</param>
    /// <returns>Whether it was the first.</returns>
    bool Ended(RunningJob job, AttemptEnding ending, bool returned);

    /// <summary>The report of an attempt may not have been delivered yet.</summary>
    bool Holds(LeaseName lease);

    /// <summary>The handler of an attempt that ended without it has returned.</summary>
    void HandlerReturned(RunningJob job);

    /// <summary>The handler of a batch has returned: so those of its attempts have ended that had not before.</summary>
    void Returned(RunningBatch batch, IReadOnlyList<(RunningJob Job, AttemptEnding Ending)> endings);
}
