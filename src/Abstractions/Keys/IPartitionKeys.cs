namespace OrleansJobs;

/// <summary>What a partition knows of the keys whose jobs live there. Key: its number.</summary>
[Alias("oj.IPartitionKeys")]
internal interface IPartitionKeys : IGrainWithIntegerKey
{
    /// <summary>Changes what is said of a key or a prefix, which is to be the partition's by its name. Holds everywhere when it is answered.</summary>
    [Alias("change"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<KeyAnswer> ChangeKey(string name, KeyChange change);

    /// <summary>What another partition has decided of a prefix. Stored when it is answered; what is older than what is known changes nothing.</summary>
    [Alias("apply"), ResponseTimeout(AnswerTimeouts.Short)]
    Task ApplyKey(string name, KeySetting setting);

    /// <summary>A key, or the keys of a prefix that live here.</summary>
    [Alias("get"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<KeyInfo> GetKey(string name);

    /// <summary>The first of the keys that live here, of a prefix or of all.</summary>
    [Alias("list"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<KeyInfo[]> ListKeys(string? prefix, int limit, KeyRank rank);

    /// <summary>The jobs of a key that lives here, as many of the first as are asked for.</summary>
    [Alias("jobs"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<KeyJobs> JobsOfKey(string key, int limit);

    /// <summary>Names that rules or pauses are kept of: prefixes, and the keys that live here.</summary>
    [Alias("names"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<string[]> KeyNames(int limit);
}

/// <summary>What is stored of a name.</summary>
/// <param name="Version">Grows with every change of the name; the higher one counts.</param>
[GenerateSerializer, Immutable, Alias("oj.keySetting")]
internal sealed record KeySetting([property: Id(0)] long Version, [property: Id(1)] KeyRule? Rule, [property: Id(2)] KeyPause? Paused);

/// <summary>What is to be changed of a name; one of them.</summary>
[GenerateSerializer, Immutable, Alias("oj.keyChange")]
internal sealed record KeyChange
{
    [Id(0)] public KeyRule? Put { get; init; }
    [Id(1)] public bool Delete { get; init; }
    [Id(2)] public ChangeOrder? Pause { get; init; }
    [Id(3)] public bool Resume { get; init; }
}

[GenerateSerializer, Alias("oj.keyOutcome")]
internal enum KeyOutcome : byte
{
    Done = 0,
    Created = 1,

    /// <summary>There is no rule of this name.</summary>
    NotFound = 2,
    Rejected = 3,

    /// <summary>A bound is reached.</summary>
    Full = 4,

    /// <summary>Not every partition has answered: it may hold in some by now, and will in all. Ask again.</summary>
    Unavailable = 5,
}

[GenerateSerializer, Immutable, Alias("oj.keyAnswer")]
internal sealed record KeyAnswer([property: Id(0)] KeyOutcome Outcome)
{
    [Id(1)] public SubmissionProblem[] Problems { get; init; } = [];
    [Id(2)] public string? Reason { get; init; }
}
