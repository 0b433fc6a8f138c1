using BenchmarkDotNet.Attributes;
using OrleansJobs.Records;

namespace OrleansJobs.Bench.Micro;

/// <summary>Writing and reading what is stored of a job.</summary>
[MemoryDiagnoser]
public class RecordBenchmarks
{
    private readonly JobSpec _spec = new()
    {
        Type = "noop", Queue = "default", Args = """{"n":123456}"""u8.ToArray(), SubmittedAt = 1_790_000_000_000, DueAt = 1_790_000_000_000, Stamp = JobSpec.StampAt(1_790_000_000_000) + 17,
    };

    private readonly JobTrack _running = new() { Version = 2, Token = 77L << 31, StartedAt = 1_790_000_000_003, Silo = "127.0.0.1:11111@148000000" };
    private JobOutcome _outcome = null!;
    private byte[] _specBytes = [];
    private byte[] _outcomeBytes = [];

    [GlobalSetup]
    public void SetUp()
    {
        _outcome = new()
        {
            State = JobState.Success, Result = "42"u8.ToArray(), FinishedAt = 1_790_000_000_004, RetainUntil = 1_790_086_400_004, Track = _running with { Version = 3 },
        };
        _specBytes = _spec.Encode();
        _outcomeBytes = _outcome.Encode();
    }

    [Benchmark]
    public byte[] EncodeSpec() => _spec.Encode();

    [Benchmark]
    public object DecodeSpec() => JobSpec.Decode(_specBytes);

    [Benchmark]
    public byte[] EncodeLease() => _running.Encode();

    [Benchmark]
    public byte[] EncodeOutcome() => _outcome.Encode();

    [Benchmark]
    public object DecodeOutcome() => JobOutcome.Decode(_outcomeBytes);
}
