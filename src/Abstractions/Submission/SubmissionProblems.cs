namespace OrleansJobs;

/// <summary>What is wrong with a submission, as it is found. Every submit is checked twice and nearly none has any, so nothing is made before the first.</summary>
internal ref struct SubmissionProblems
{
    private List<SubmissionProblem>? _problems;

    public void Add(string pointer, string detail, bool tooLarge = false) => (_problems ??= []).Add(new(pointer, detail) { TooLarge = tooLarge });

    public readonly SubmissionProblem[] ToArray() => _problems is null ? [] : [.. _problems];
}
