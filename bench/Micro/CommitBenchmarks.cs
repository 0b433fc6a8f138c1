using BenchmarkDotNet.Attributes;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Bench.Micro;

/// <summary>What a partition computes for a hundred jobs, from submit to forgotten, and what of it is the building of the store's arguments.</summary>
[MemoryDiagnoser]
public class CommitBenchmarks
{
    private const int Jobs = 100;
    private const long Now = 1_790_000_000_000;
    private static readonly byte[] Args = """{"n":123456}"""u8.ToArray();

    private readonly JobGridOptions _options = new();
    private readonly RedisKeys _keys = new("bench");
    private string[] _ids = [];
    private PartitionCommit _commit = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _ids = [.. Enumerable.Range(0, Jobs).Select(_ => JobIds.New())];
        var core = Open();
        SubmitAndLease(core);
        _commit = core.Changes.Seal().Commit;
    }

    /// <summary>Two commits: submits with their leases, then outcomes.</summary>
    [Benchmark(OperationsPerInvoke = Jobs)]
    public int SubmitLeaseFinish()
    {
        var core = Open();
        var leases = SubmitAndLease(core);
        core.Changes.Applied(core.Changes.Seal());
        foreach (var lease in leases) core.Attempts.Report(new JobReport { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Succeeded, Result = "42"u8.ToArray() }, Now + 1);
        var sealedOutcomes = core.Changes.Seal();
        core.Changes.Applied(sealedOutcomes);
        return sealedOutcomes.Counts.Ends;
    }

    [Benchmark(OperationsPerInvoke = Jobs)]
    public int BuildArguments() => CommitArguments.Of(_commit, _keys, ticket: 1).Values.Length;

    private PartitionCore Open() => new(0, new PartitionOpening(generation: 1, existed: false, lastStamp: 0), _options);

    private List<Lease> SubmitAndLease(PartitionCore core)
    {
        var leases = new List<Lease>(Jobs);
        foreach (var id in _ids)
        {
            var job = core.Jobs.Submit(new JobSubmission { Id = id, Type = "noop", Args = Args }, Now);
            leases.Add(core.Attempts.Lease(job, "127.0.0.1:11111@148000000", Now));
        }

        return leases;
    }
}
