namespace OrleansJobs.Partitions;

/// <summary>
/// Which silo each partition belongs to: rendezvous hashing with a bound, so that every silo has its even share (give or take one) and
/// few partitions move when a silo comes or goes. A pure function of the silos, so that all agree without talking.
/// </summary>
internal static class PartitionAssignment
{
    public static SiloAddress[] Assign(int partitions, IReadOnlyCollection<SiloAddress> silos)
    {
        if (silos.Count == 0) return [];
        var names = silos.OrderBy(silo => silo).ToArray();
        var hashes = Array.ConvertAll(names, silo => (uint)silo.GetConsistentHashCode());
        var loads = new int[names.Length];
        var bound = (partitions + names.Length - 1) / names.Length;
        // With P = bound * n - k, only n - k silos may be full: others take one less, or the last ones would starve.
        var fullAllowed = partitions - (bound - 1) * names.Length;
        var owners = new SiloAddress[partitions];
        for (var partition = 0; partition < partitions; partition++)
        {
            var best = -1;
            ulong bestScore = 0;
            for (var i = 0; i < names.Length; i++)
            {
                if (loads[i] >= bound || (loads[i] == bound - 1 && fullAllowed == 0)) continue;
                var score = Mix(hashes[i], (uint)partition);
                if (best < 0 || score > bestScore) (best, bestScore) = (i, score);
            }

            if (++loads[best] == bound) fullAllowed--;
            owners[partition] = names[best];
        }

        return owners;
    }

    private static ulong Mix(uint silo, uint partition)
    {
        var x = ((ulong)silo << 32) ^ (partition * 0x9e3779b97f4a7c15UL);
        x ^= x >> 30;
        x *= 0xbf58476d1ce4e5b9UL;
        x ^= x >> 27;
        x *= 0x94d049bb133111ebUL;
        return x ^ (x >> 31);
    }
}
