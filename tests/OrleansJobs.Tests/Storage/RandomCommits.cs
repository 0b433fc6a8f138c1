using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.Records;

namespace OrleansJobs.Tests.Storage;

/// <summary>Commits with any operations on few names, so that these meet often. Only what the store asks of stamps and logs is kept.</summary>
internal sealed class RandomCommits(Random random)
{
    public const int Instants = 12;
    public static readonly string[] Ids = [.. Enumerable.Range(0, 24).Select(i => i % 2 == 0 ? $"job-{i}" : $"Job_{i}")];
    public static readonly string[] Lanes = ["q0/4/t0", "q0/4/t1", "q1/9/t0"];
    public static readonly string[] Indexes = ["state:FAILURE", "tag:k=v"];

    private readonly Dictionary<string, JobPut> _jobs = [];
    private long _lastStamp;
    private int _records;

    public PartitionCommit Next(int partition, long generation, long sequence)
    {
        var commit = new PartitionCommit(partition, generation, sequence);
        var purged = new HashSet<string>();
        foreach (var job in _jobs.Values)
        {
            if (random.Next(12) != 0) continue;
            purged.Add(job.Id);
            commit.Purges.Add(new(job.Id, job.Queue, job.Type, job.Stamp, [.. Indexes.Where(_ => random.Next(2) == 0)]));
        }

        var stamp = _lastStamp;
        foreach (var id in Ids)
        {
            if ((_jobs.ContainsKey(id) && !purged.Contains(id)) || random.Next(6) != 0) continue;
            stamp += random.Next(1, 4);
            commit.Jobs.Add(new(id, Record("s"), $"q{random.Next(2)}", $"t{random.Next(3)}", stamp));
        }

        Some(3, id => commit.LaneRemoves.Add(new(Any(Lanes), id)));
        Some(4, id => commit.LaneAdds.Add(new(Any(Lanes), id, random.Next(Instants))));
        Some(2, commit.LeaseRemoves.Add);
        Some(3, id => commit.Leases.Add(new(id, Record("l"))));
        Some(2, commit.TrackRemoves.Add);
        Some(3, id => commit.Tracks.Add(new(id, Record("t"))));
        Some(1, commit.OutcomeRemoves.Add);
        Some(3, id => commit.Outcomes.Add(new(id, Record("o"), random.Next(Instants))));
        Some(2, commit.DeadlineRemoves.Add);
        Some(3, id => commit.Deadlines.Add(new(id, random.Next(Instants))));
        Some(2, id => commit.IndexRemoves.Add(new(Any(Indexes), id, 0)));
        Some(3, id => commit.IndexAdds.Add(new(Any(Indexes), id, random.Next(1, 300))));
        Some(3, _ => commit.CountDeltas[$"c{random.Next(4)}"] = random.Next(-2, 3));
        return commit;
    }

    public void Applied(PartitionCommit commit)
    {
        foreach (var purge in commit.Purges)
        {
            if (_jobs.TryGetValue(purge.Id, out var job) && job.Stamp == purge.Stamp) _jobs.Remove(purge.Id);
        }

        foreach (var job in commit.Jobs)
        {
            _jobs[job.Id] = job;
            _lastStamp = job.Stamp;
        }
    }

    private void Some(int most, Action<string> act)
    {
        for (var n = random.Next(most + 1); n > 0; n--) act(Any(Ids));
    }

    private string Any(string[] names) => names[random.Next(names.Length)];

    private byte[] Record(string kind) => Bytes($"{kind}{_records++}");
}
