using System.Text;
using System.Text.Json;
using OrleansJobs.Jobs;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Upgrades;

/// <summary>
/// What a release has written the next one reads, and what the next one adds the release before passes over. One file of records a release,
/// never touched again; the present one is written anew with <c>ORLEANSJOBS_APPROVE=1</c> until it is released.
/// </summary>
public sealed class SavedRecordsTests
{
    private const string Folder = "tests/OrleansJobs.Tests/Upgrades";

    private static readonly JobTrack Track = new()
    {
        Version = 7, Failures = 1, Crashes = 2, Progress = new Progress(3, 40, 100, "Half way"), HasGrainState = true, CancelRequested = true, CancelReason = "Enough",
        IsRetrying = true, Token = FencingToken.Make(5, 9), StartedAt = 1_800_000_000_500, Silo = "silo-a", MaxAttempts = 4, DueAt = 1_800_000_009_000, Earlier = 1,
        Changes = [new JobChangeEntry("retried", "ops", DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_300), "Mended."), new JobChangeEntry("cancelled", "ops", DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_400), null)],
        History =
        [
            new JobAttempt
            {
                Number = 1, Silo = "silo-b", Token = 77, Outcome = "failed", Error = new JobError("error", "InvalidOperationException", "No."),
                StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_100), EndedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_200),
            },
        ],
    };

    private static readonly JobSpec Spec = new()
    {
        Type = "thumbnail", Queue = "images", Priority = 7, Args = """{"a":"ä"}"""u8.ToArray(), SubmittedAt = 1_800_000_000_000, Stamp = JobSpec.StampAt(1_800_000_000_000) + 3,
        DueAt = 1_800_000_060_000, ExpiresAt = 1_800_000_120_000, Retry = new RetryPolicy { Attempts = 5, Factor = 1.5, Jitter = 0.1 }, Timeout = 5000, Retention = 60_000,
        Tags = [new JobTag("customer", "ACME"), new JobTag("empty", "")], TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Fingerprint = [1, 2, 3],
        Attempts = 6,
    };

    private static readonly JobOutcome Outcome = new()
    {
        State = JobState.Failure, Error = new JobError("timeout", null, "It took too long."), FinishedAt = 1_800_000_070_000, RetainUntil = 1_800_600_000_000, Track = Track,
    };

    private static readonly JobOutcome Success = new()
    {
        State = JobState.Success, Result = "42"u8.ToArray(), FinishedAt = 1_800_000_070_000, RetainUntil = 1_800_086_400_000, Track = JobTrack.Fresh,
    };

    private static readonly JobTypeInfo Type = new()
    {
        Name = "thumbnail", Queue = "images", ArgsSchema = """{"type":"object"}""", ResultSchema = "true", Description = "Makes images small.",
    };

    private static readonly JobMemory Memory = new() { Token = 12, Progress = new Progress(2, 1, 2, "m"), Checkpoint = "[1]"u8.ToArray() };

    private static readonly QueueMemory Queues = new()
    {
        Paused = { ["images"] = new QueueInfo { Name = "images", Paused = true, Reason = "Maintenance", Since = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000) } },
    };

    public static TheoryData<string> Releases => [.. Directory.EnumerateFiles(Repository.PathOf(Folder), "records-*.json").Select(path => Path.GetFileName(path))];

    [Theory, MemberData(nameof(Releases))]
    public void Records_OfEveryRelease_AreReadAsTheyWereMeant(string release)
    {
        var saved = Read(release);
        Assert.Equivalent(Spec, JobSpec.Decode(saved["spec"]), strict: true);
        Assert.Equivalent(Track, JobTrack.Decode(saved["track"]), strict: true);
        Assert.Equivalent(Outcome, JobOutcome.Decode(saved["outcome-failure"]), strict: true);
        Assert.Equivalent(Success, JobOutcome.Decode(saved["outcome-success"]), strict: true);
        Assert.Equivalent(Type, JobTypeRecord.Decode("thumbnail", saved["type"]), strict: true);
        Assert.Equivalent(Memory, new GrainStateSerializer().Deserialize<JobMemory>(new BinaryData(saved["grain-job"])), strict: true);
        Assert.Equivalent(Queues, new GrainStateSerializer().Deserialize<QueueMemory>(new BinaryData(saved["grain-queues"])), strict: true);
    }

    [Theory, MemberData(nameof(Releases))]
    public void Records_WithAFieldOfALaterRelease_AreReadAllTheSame(string release)
    {
        var saved = Read(release);
        var later = new RecordWriter(16);
        later.Text(99, "of a later release");
        var tail = later.ToArray();
        Assert.Equivalent(Spec, JobSpec.Decode([.. saved["spec"], .. tail]), strict: true);
        Assert.Equivalent(Track, JobTrack.Decode([.. saved["track"], .. tail]), strict: true);
        Assert.Equivalent(Outcome, JobOutcome.Decode([.. saved["outcome-failure"], .. tail]), strict: true);
        Assert.Equivalent(Type, JobTypeRecord.Decode("thumbnail", [.. saved["type"], .. tail]), strict: true);
        var memory = Encoding.UTF8.GetString(saved["grain-job"]);
        Assert.Equivalent(Memory, new GrainStateSerializer().Deserialize<JobMemory>(new BinaryData(memory.Insert(1, "\"Later\":1,"))), strict: true);
    }

    [Fact]
    public void ThisRelease_HasSavedItsRecords()
    {
        var version = System.Text.RegularExpressions.Regex.Match(Repository.Read("Directory.Build.props"), "<Version>(.+)</Version>").Groups[1].Value;
        var path = Repository.PathOf($"{Folder}/records-{version}.json");
        if (Environment.GetEnvironmentVariable("ORLEANSJOBS_APPROVE") == "1")
        {
            var records = new Dictionary<string, byte[]>
            {
                ["spec"] = Spec.Encode(), ["track"] = Track.Encode(), ["outcome-failure"] = Outcome.Encode(), ["outcome-success"] = Success.Encode(), ["type"] = JobTypeRecord.Encode(Type),
                ["grain-job"] = new GrainStateSerializer().Serialize(Memory).ToArray(), ["grain-queues"] = new GrainStateSerializer().Serialize(Queues).ToArray(),
            };
            File.WriteAllText(path, JsonSerializer.Serialize(records.ToDictionary(pair => pair.Key, pair => Convert.ToHexStringLower(pair.Value)), new JsonSerializerOptions { WriteIndented = true }) + "\n");
        }

        Assert.True(File.Exists(path), $"{path} is missing: write it with ORLEANSJOBS_APPROVE=1.");
    }

    private static Dictionary<string, byte[]> Read(string release) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(Repository.Read($"{Folder}/{release}"))!.ToDictionary(pair => pair.Key, pair => Convert.FromHexString(pair.Value));
}
