namespace OrleansJobs;

/// <summary>What is wrong with what a submit says of its key.</summary>
internal static class KeyRules
{
    public const string OwnId = "Ids of jobs with a key, and of unique ones, are made by the grid; give an idempotency key instead, which works with them and holds within one key.";

    public const string NotOfSchedules =
        "The occurrences of a schedule are not unique: each is stored in the commit that moves the schedule on, before anybody could look who has its value. What keeps them apart is overlap.";
    public const string NotOfFlows =
        "A job of a flow is not unique: it is cancelled, run again and forgotten with its flow, and so cannot be answered with somebody else's. Submit a unique one in a step.";

    /// <summary>What a key looks like.</summary>
    public static readonly string Form = $"a key is a prefix of 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -, alone or with / and a name of 1 to " +
        $"{JobKeys.MaxNameLength} of A-Z a-z 0-9 . _ - : @ + ~.";

    /// <summary>Of a type whose jobs have a key by their arguments.</summary>
    public static string OwnIdOfType(string type, string key) => $"Jobs of the type '{type}' have a key, {key}. {OwnId}";

    public static void Check(JobSubmission job, JobLimits limits, ref SubmissionProblems problems)
    {
        if (job.Key is not null && !JobKeys.IsKey(job.Key))
            problems.Add("/key", "That is no key: " + Form);

        if (job.Weight is < 1 or > JobKeys.MaxWeight) problems.Add("/weight", $"A weight is 1 to {JobKeys.MaxWeight}.");
        if (job.Weight is not null && job.Key is null) problems.Add("/weight", "It is the weight of a key, and there is none.");
        if (job.Unique is not { } unique) return;
        if (unique.Value is not { Length: > 0 and <= JobKeys.MaxUniqueLength } || unique.Value.Any(char.IsControl))
            problems.Add("/unique/value", $"A value is 1 to {JobKeys.MaxUniqueLength} characters, none of them a control character.");
        if (unique.Until > UniqueUntil.Start) problems.Add("/unique/until", "It must be end or start.");
        if (unique.On > UniqueOn.Debounce) problems.Add("/unique/on", "It must be return, reject, replace or debounce.");
        if (unique.For is { } span && (span <= 0 || span > limits.MaxRetention.TotalMilliseconds))
            problems.Add("/unique/seconds", $"It is more than 0 and at most {limits.MaxRetention.TotalSeconds:0} seconds.");
        if (unique.On == UniqueOn.Debounce && job.Countdown is not > 0) problems.Add("/unique/on", "What is pushed back needs a countdown that it is pushed back by.");
        if (unique.Longest is not null && unique.On != UniqueOn.Debounce) problems.Add("/unique/longest", "Only what is pushed back waits at most so long.");
        if (unique.Longest is { } longest && (longest <= 0 || longest > limits.MaxDelay.TotalMilliseconds))
            problems.Add("/unique/longest", $"It is more than 0 and at most {limits.MaxDelay.TotalSeconds:0} seconds.");
    }
}
