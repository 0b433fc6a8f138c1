namespace OrleansJobs;

/// <summary>That each event whose key fits a pattern is a job of a type.</summary>
[GenerateSerializer, Immutable, Alias("oj.topicBinding")]
public sealed record TopicBinding
{
    public const int MaxArgsBytes = 16 << 10;

    /// <summary>Better refused than run without the limit that such jobs have everywhere else.</summary>
    internal const string TypeWithKey = "Jobs of this type have a key, and those of an event have none: bind a type without one, whose handler submits it.";

    /// <summary>Its name: 1 to 64 of <c>A-Z a-z 0-9 . _ -</c>.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>Which keys fit: see <see cref="TopicPatterns"/>.</summary>
    [Id(1)] public required string Pattern { get; init; }
    [Id(2)] public required string Type { get; init; }

    /// <summary>The jobs' queue; null: the one that the type goes to.</summary>
    [Id(3)] public string? Queue { get; init; }

    /// <summary>
    /// A JSON object in UTF-8: the jobs' arguments are these, with what was published as a member <c>event</c>. Null: their arguments are what was published, as it is.
    /// </summary>
    [Id(4)] public byte[]? Args { get; init; }

    /// <summary>Grows with each change of any binding of the grid; 0: not put yet.</summary>
    [Id(5)] public long Version { get; init; }

    /// <summary>What is wrong with it; nothing where it may be put.</summary>
    public SubmissionProblem[] Check()
    {
        var problems = new List<SubmissionProblem>();
        if (!SubmissionRules.IsName(Id)) problems.Add(new("/id", $"A binding's name is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -."));
        if (!TopicPatterns.IsPattern(Pattern)) problems.Add(new("/pattern", TopicPatterns.PatternForm));
        if (!SubmissionRules.IsName(Type)) problems.Add(new("/type", $"A job type is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -."));
        if (Queue is not null && !SubmissionRules.IsName(Queue)) problems.Add(new("/queue", $"A queue is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -."));
        if (SubmissionRules.CheckOwnNames(Type, Queue) is { } reserved) problems.Add(reserved);
        if (Args is { } args && TopicArgs.Check(args) is { } wrong) problems.Add(wrong);
        return [.. problems];
    }

    /// <summary>Whether both say the same, whenever it was put.</summary>
    internal bool SaysAs(TopicBinding other) =>
        Id == other.Id && Pattern == other.Pattern && Type == other.Type && Queue == other.Queue && (Args ?? []).AsSpan().SequenceEqual(other.Args ?? []) && Args is null == other.Args is null;
}
