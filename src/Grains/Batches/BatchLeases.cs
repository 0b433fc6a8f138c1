using OrleansJobs.Workers;

namespace OrleansJobs.Batches;

/// <summary>Leases by the attempts that they belong to: a batch is one.</summary>
internal static class BatchLeases
{
    /// <summary>How many attempts they are.</summary>
    public static int Count(IReadOnlyList<Lease> leases) => HasAny(leases) ? Group(leases).Count() : leases.Count;

    /// <summary>One lease for each attempt.</summary>
    public static IReadOnlyList<Lease> Firsts(IReadOnlyList<Lease> leases) => HasAny(leases) ? [.. Group(leases).Select(static together => together[0])] : leases;

    public static IEnumerable<Lease[]> Group(IReadOnlyList<Lease> leases)
    {
        if (!HasAny(leases)) return leases.Select(static lease => new[] { lease });
        return leases.GroupBy(static lease => lease.Batch != 0 ? lease.Batch : -lease.Token).Select(static together => together.ToArray());
    }

    private static bool HasAny(IReadOnlyList<Lease> leases)
    {
        for (var i = 0; i < leases.Count; i++)
        {
            if (leases[i].Batch != 0) return true;
        }

        return false;
    }
}
