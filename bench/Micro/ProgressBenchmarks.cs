using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Bench.Micro;

/// <summary>One progress report of a handler whose job is watched.</summary>
[MemoryDiagnoser]
public class ProgressBenchmarks
{
    private ProgressCarrier _carrier = null!;
    private ProgressCell _cell = null!;
    private long _current;

    [GlobalSetup]
    public void SetUp()
    {
        var watched = new WatchedFeed();
        _carrier = new ProgressCarrier(_ => watched, TimeProvider.System, new JobGridOptions(), NullLogger.Instance);
        _cell = new ProgressCell(new LeaseName("job", 1), _carrier);
    }

    [GlobalCleanup]
    public void CleanUp() => _carrier.Dispose();

    [Benchmark]
    public void Report() => _cell.Report(_current++, 1_000_000, "on the way");

    [Benchmark]
    public void ReportWithoutMessage() => _cell.Report(_current++, 1_000_000, null);

    private sealed class WatchedFeed : IJobFeed
    {
        public Task<bool> Progress(LeaseName lease, Workers.Progress progress) => Task.FromResult(true);

        public Task<bool> SaveCheckpoint(LeaseName lease, byte[] checkpoint) => throw new NotSupportedException();

        public Task<byte[]?> LoadCheckpoint(LeaseName lease) => throw new NotSupportedException();

        public Task Forget() => throw new NotSupportedException();
    }
}
