using System.Diagnostics;
using OrleansJobs.Flows.Graphs;
using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>Children, alone and in groups.</summary>
internal sealed partial class RunningFlow : IGraphHost
{
    void IGraphHost.Plan(long weight) => execution.Pending.Plan(weight);

    void IGraphHost.Settle(string child, string follower)
    {
        if (!Memory.HasStarted(follower) && Memory.Group(follower) is null) execution.Pending.Cancel(child);
    }

    public override Task<TResult> JobAsync<TResult>(string name, FlowJob<TResult> job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (Claim(name) is not { } claimed) return Never<TResult>();
        return OpenChild(claimed, job, job.Options.OnFailure).Task;
    }

    public override async Task<(int Index, TResult Result)> AnyAsync<TResult>(string name, IReadOnlyList<FlowJob<TResult>> jobs)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        if (jobs.Count is 0 or > FlowIds.MostAtHome)
            throw new ArgumentException($"AnyAsync runs 1 to {FlowIds.MostAtHome} jobs; these are {jobs.Count}.", nameof(jobs));
        if (Claim(name) is not { } claimed) return await Never<(int, TResult)>();
        if (ClaimParts(claimed, jobs.Count) is not { } names) return await Never<(int, TResult)>();
        var waits = jobs.Select((job, index) => OpenChild(names[index], job, ChildFailure.Throw)).ToArray();
        var left = waits.Select(wait => wait.Task).ToList();
        while (true)
        {
            // They end one by one, in the order in which they did.
            var ended = await Task.WhenAny(left);
            left.Remove(ended);
            var index = Array.FindIndex(waits, wait => wait.Task == ended);
            if (ended.IsFaulted && left.Count > 0) continue;
            foreach (var wait in waits)
            {
                execution.Close(wait);
                if (Memory.Child(wait.Name) is null) execution.Pending.Cancel(wait.Name);
            }

            execution.Names.Release(claimed);
            return (index, await ended);
        }
    }

    /// <summary>What a child of a group came to, once its status is there.</summary>
    public async ValueTask<T> ValueAsync<T>(ChildGroup group, int index, Task<JobStatus?> status, ChildFailure failure)
    {
        // What it has become since, because somebody had it run again by itself, is nothing that the runs before have seen.
        if (Memory.FailureOf(group.Name, index) is { } told)
            return failure is ChildFailure.Ignore ? default! : throw new ChildFailedException(NameOf(group, index), told.Job ?? IdOf(group, index), told.State, told.Error);
        var known = await BesideAsync(status);
        // Its name and its id are for those who are told that something is wrong with it.
        if (known is { State: JobState.Success } && FlowWait.TryRead<T>(known.Result, out var value)) return value;
        try
        {
            return ChildResults.ValueOf<T>(NameOf(group, index), IdOf(group, index), known, failure);
        }
        catch (FlowFailedException failed) when (execution.IsCurrent)
        {
            execution.Fail(failed.Error);
            return await Never<T>();
        }
    }

    /// <summary>The children of a group between two places, read in advance.</summary>
    public ReadAhead<JobStatus?> ReadAheadOf(ChildGroup group, int first, int end) => new(
        (from, count) => execution.Results.GetManyAsync([.. Enumerable.Range(from, count).Select(index => IdOf(group, index))], Memory.Partitions),
        index => execution.Results.GetAsync(IdOf(group, index), Memory.Partitions), first, end);

    /// <summary>Awaits a read of the runner's own: the flow is not parked meanwhile. Steps may read too.</summary>
    public async ValueTask<T> BesideAsync<T>(Task<T> read)
    {
        if (read.IsCompletedSuccessfully) return read.Result;
        if (!execution.IsCurrent) return await read.ConfigureAwait(false);
        if (!Enter()) return await Never<T>();
        return await execution.FetchAsync(() => read);
    }

    private ChildWait<TResult> OpenChild<TResult>(string name, FlowJob<TResult> job, ChildFailure failure)
    {
        var wait = new ChildWait<TResult>(name, failure, execution) { Within = Source };
        if (!Memory.HasStarted(name)) execution.Pending.Add(OrderOf(job, name, -1, isSpread: false));
        execution.Open(wait);
        return wait;
    }

    /// <exception cref="JobRejectedException">It breaks a rule of submits.</exception>
    public ChildOrder OrderOf<TResult>(FlowJob<TResult> job, string name, int index, bool isSpread)
    {
        var options = job.Options;
        // What its type says is known at once of nearly all; where that is a key, it is made of the arguments later.
        var type = options.Key is null ? execution.Services.DefaultsHere(job.Type) : null;
        var isPlain = type is { Key: null };
        if (options.Weight < 0) throw new ArgumentOutOfRangeException(nameof(job), options.Weight, "A child's weight is not below zero.");
        if (options.KeyWeight is < 1 or > JobKeys.MaxWeight) throw new JobRejectedException([new("/keyWeight", $"A weight is 1 to {JobKeys.MaxWeight}.")]);
        var submission = new JobSubmission
        {
            Id = IdOf(name, index, isSpread, JobKeys.IsKey(options.Key) ? JobKeys.PartitionOf(options.Key!, Memory.Partitions) : null),
            Type = job.Type,
            // None: where its type says, which is looked up before it is started.
            Queue = options.Queue ?? (isPlain ? type!.Queue : ""),
            Args = job.Args,
            Priority = options.Priority ?? JobLimits.DefaultPriority,
            Attempts = options.Attempts,
            Timeout = Milliseconds(options.Timeout),
            Countdown = Milliseconds(options.Countdown),
            // What a flow must have done by then, its children must have.
            DeadlineAt = Lease.Deadline,
            Tags = options.Tags,
            // None: as its type says.
            Key = options.Key,
            Weight = isPlain ? null : options.KeyWeight,
            TraceParent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : Lease.TraceParent,
        };
        var problems = SubmissionRules.Check(
            submission is { Queue.Length: > 0, Weight: null } ? submission
                : submission with { Queue = options.Queue ?? JobLimits.DefaultQueue, Weight = options.Key is null ? null : options.KeyWeight },
            execution.Services.Limits, execution.Services.Time.GetUtcNow());
        if (problems.Length > 0) throw new JobRejectedException(problems);
        return new ChildOrder { Job = submission, Name = name, Index = index, Weight = options.Weight };
    }

    /// <summary>The id of a group's child that has been started.</summary>
    public string IdOf(ChildGroup group, int index) => IdOf(group.Name, index, group.IsSpread, Memory.PlaceOf(group.Name, index));

    /// <param name="place">The partition of its key; null: it has none.</param>
    private string IdOf(string name, int index, bool isSpread, int? place)
    {
        var id = FlowIds.Child(Id, Lease.SubmittedAt.ToUnixTimeMilliseconds(), Memory.Run, name, index, isSpread, Memory.Partitions);
        return place is { } partition ? FlowIds.In(id, partition, Memory.Partitions) : id;
    }

    public static string NameOf(ChildGroup group, int index) => FlowNames.PartOf(group.Name, index);

    private static long? Milliseconds(TimeSpan? span) => span is { } value ? (long)Math.Ceiling(value.TotalMilliseconds) : null;
}
