using OrleansJobs.Workers;

namespace OrleansJobs.Batches;

/// <summary>Leases by the attempts that they belong to: a batch is one.</summary>
internal static class BatchLeases
{
    /// <summary>One lease for each attempt.</summary>
    public static IReadOnlyList<Lease> Firsts(IReadOnlyList<Lease> leases) => HasAny(leases) ? [.. Group(leases).Select(static together => together[0])] : leases;

    /// <summary>Each attempt, in the order of their first leases. Where there are no batches, as nearly always, nothing is made for it.</summary>
    public static void Each(IReadOnlyList<Lease> leases, Action<Lease> single, Action<Lease[]> batch)
    {
        if (!HasAny(leases))
        {
            for (var i = 0; i < leases.Count; i++) single(leases[i]);
            return;
        }

        foreach (var together in Group(leases))
        {
            if (together[0].Batch == 0) single(together[0]);
            else batch(together);
        }
    }

    private static IEnumerable<Lease[]> Group(IReadOnlyList<Lease> leases) =>
        leases.GroupBy(static lease => lease.Batch != 0 ? lease.Batch : -lease.Token).Select(static together => together.ToArray());

    private static bool HasAny(IReadOnlyList<Lease> leases)
    {
        for (var i = 0; i < leases.Count; i++)
        {
            if (leases[i].Batch != 0) return true;
        }

        return false;
    }
}
