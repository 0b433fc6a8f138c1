namespace OrleansJobs.Workers;

/// <summary>A handler's failure that uses up an attempt, as any does, and knows when the next one has a chance.</summary>
internal interface IFailureThatSaysWhen
{
    /// <summary>The next attempt is not before that, nor before what the job's policy says; null: what that says.</summary>
    TimeSpan? Delay { get; }
}
