using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs;

/// <summary>Something that is published.</summary>
[GenerateSerializer, Immutable, Alias("oj.topicEvent")]
internal sealed record TopicEvent
{
    /// <summary>Characters of the id that a publisher gives.</summary>
    public const int MaxIdLength = 128;

    /// <summary>What the grid knows it by: derived from who publishes it, the key and the publisher's id. Where it belongs follows from it.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>The id as its publisher knows it.</summary>
    [Id(1)] public required string EventId { get; init; }
    [Id(2)] public required string Key { get; init; }

    /// <summary>UTF-8 JSON.</summary>
    [Id(3)] public required byte[] Data { get; init; }

    /// <summary>The id was made a moment ago and nothing can have been published under it.</summary>
    [Id(4)] public bool IsFresh { get; init; }
    [Id(5)] public string? Owner { get; init; }
    [Id(6)] public string? TraceParent { get; init; }

    /// <summary>Whether a publisher may give it.</summary>
    public static bool IsEventId(string? id) => id is { Length: > 0 and <= MaxIdLength } && !id.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <param name="secret">See <see cref="GridInfo.IdSecret"/>.</param>
    /// <param name="scope">Who publishes: nobody else can take an id first.</param>
    public static string IdOf(ReadOnlySpan<byte> secret, string scope, string key, string eventId) => JobIds.FromKey(secret, scope, $"topic {key} {eventId}");

    /// <summary>What two events under one id must share to be the same.</summary>
    public byte[] Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(Key));
        hash.AppendData([0]);
        hash.AppendData(Data);
        return hash.GetHashAndReset().AsSpan(0, SubmissionFingerprint.Length).ToArray();
    }
}

[GenerateSerializer, Alias("oj.publishOutcome")]
internal enum PublishOutcome : byte
{
    /// <summary>Its jobs are stored, all of them; there may be none.</summary>
    Accepted = 0,

    /// <summary>It has been published before, and all its jobs are there.</summary>
    Replayed = 1,

    /// <summary>Something else has been published under this id.</summary>
    Conflict = 2,
    Rejected = 3,
    Overloaded = 4,
    Unavailable = 5,
}

/// <summary>What became of an event.</summary>
[GenerateSerializer, Immutable, Alias("oj.publishAnswer")]
internal sealed record PublishAnswer([property: Id(0)] PublishOutcome Outcome)
{
    [Id(1)] public TopicJob[] Jobs { get; init; } = [];
    [Id(2)] public string? Reason { get; init; }
    [Id(3)] public TimeSpan? RetryAfter { get; init; }
    [Id(4)] public SubmissionProblem[] Problems { get; init; } = [];
}

/// <summary>The job that a binding had made of an event.</summary>
[GenerateSerializer, Immutable, Alias("oj.topicJob")]
public sealed record TopicJob([property: Id(0)] string Binding, [property: Id(1)] string Id);

/// <summary>What became of something that was published.</summary>
/// <param name="EventId">The publisher's, or the one that was made for it.</param>
/// <param name="Jobs">One for each binding that fits.</param>
/// <param name="IsReplayed">It had been published before; nothing was made anew.</param>
public sealed record PublishedEvent(string EventId, IReadOnlyList<TopicJob> Jobs, bool IsReplayed);
