using OrleansJobs.Dependencies;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Flows.Simulation;

/// <summary>Whether everything has come out as it should have, and nothing is left over.</summary>
internal sealed class Verdict(MemoryPartitionStore store, int partitions, Func<string, int> partitionOf)
{
    public void Check(Dictionary<string, Expectation> expected, HashSet<string> meddled, HashSet<string> retried, List<string> deleted)
    {
        foreach (var (id, job) in expected)
        {
            var stored = Read(id);
            if (stored is null)
            {
                if (job.IsAccepted && !deleted.Contains(id)) throw new SimulationBroken($"{id} is lost");
                continue;
            }

            if (deleted.Contains(id)) throw new SimulationBroken($"{id} was deleted and is there");
            if (stored.Outcome is null) throw new SimulationBroken($"{id} has not ended: {StatusOf.Stored(id, stored, 0)}");
            // What somebody has cancelled, or what hangs on that, may have ended either way.
            if (retried.Contains(id) || !IsTouched(id)) CheckOutcome(id, job, JobOutcome.Decode(stored.Outcome), expected);
        }

        bool IsTouched(string id) =>
            meddled.Contains(id) || deleted.Contains(id) || (expected.TryGetValue(id, out var job) && job.After.Any(after => IsTouched(after.Job)));

        for (var partition = 0; partition < partitions; partition++) CheckLeftOver(partition, deleted);
    }

    private static void CheckOutcome(string id, Expectation job, JobOutcome outcome, Dictionary<string, Expectation> expected)
    {
        if (job.Flow is { } number)
        {
            if (outcome.State != JobState.Success) throw new SimulationBroken($"{id} ended as {outcome.State}: {outcome.Error}");
            var sum = FlowProgram.Number(outcome.Result!);
            if (sum != FlowProgram.Expected(number))
                throw new SimulationBroken($"{id} came to {sum} and not to {FlowProgram.Expected(number)}: {string.Join(", ", FlowProgram.OpsOf(number))}");
            return;
        }

        var isUnmet = job.After.Any(after => !DependencyBook.IsMet(after.On, StateOf(after.Job, expected)));
        var due = isUnmet || job.Fails ? JobState.Failure : JobState.Success;
        if (outcome.State != due || (isUnmet && outcome.Error?.Code != JobErrorCodes.DependencyFailed)) throw new SimulationBroken($"{id} ended as {outcome.State} ({outcome.Error}) and not as {due}");
    }

    /// <summary>How a job ends where nobody meddles.</summary>
    private static JobState? StateOf(string id, Dictionary<string, Expectation> expected)
    {
        if (!expected.TryGetValue(id, out var job)) return null;
        if (job.Flow is not null) return JobState.Success;
        return job.Fails || job.After.Any(after => !DependencyBook.IsMet(after.On, StateOf(after.Job, expected))) ? JobState.Failure : JobState.Success;
    }

    private void CheckLeftOver(int partition, List<string> deleted)
    {
        var opening = store.OpenAsync(partition).AsTask().Result;
        if (opening.Sets(GridLayout.Letters.Outbox).Any(set => set.Count > 0)) throw new SimulationBroken($"partition {partition} has letters that were not delivered");
        if (opening.First(GridLayout.Errands.Owed) is not null) throw new SimulationBroken($"partition {partition} has work that is owed");
        if (opening.Sets(GridLayout.Jobs.Lanes).Any(lane => lane.Count > 0)) throw new SimulationBroken($"partition {partition} has jobs that wait");
        if (opening.Rows(GridLayout.Jobs.Leases).Length > 0) throw new SimulationBroken($"partition {partition} has leases");
        foreach (var id in deleted)
        {
            var children = store.ReadSetAsync(partition, GridLayout.Jobs.Indexes[IndexNames.Parent(id)], new(long.MinValue, long.MaxValue, 10)).AsTask().Result;
            // What ran at the time is kept as long as any job.
            if (children.FirstOrDefault(child => !IsOrphan(child.Member)) is { Member: { } kept }) throw new SimulationBroken($"{id} was deleted, and its child {kept} is there");
        }
    }

    private bool IsOrphan(string id) => Read(id)?.Outcome is { } outcome && JobOutcome.Decode(outcome).Track.IsOrphan;

    private StoredJob? Read(string id) => new JobRows(store, partitionOf(id)).ReadAsync(id).AsTask().Result;
}
