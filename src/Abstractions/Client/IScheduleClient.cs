namespace OrleansJobs;

/// <summary>Makes, changes and reads schedules.</summary>
public interface IScheduleClient
{
    /// <summary>Makes a schedule, or makes it what is said. When the task completes, the store has it.</summary>
    /// <param name="version">Only where the schedule has this version: against lost edits. Null: whichever it has, or none.</param>
    /// <exception cref="JobRejectedException">It breaks a rule; nothing was stored.</exception>
    /// <exception cref="ScheduleConflictException">Its version is another, or code of an application declares it.</exception>
    /// <exception cref="GridOverloadedException">A bound is reached; nothing was stored.</exception>
    /// <exception cref="GridUnavailableException">No answer in time: put it again.</exception>
    Task<ScheduleInfo> PutAsync(string id, ScheduleSpec spec, string? version = null, CancellationToken cancellation = default);

    /// <summary>The same in words: <c>PutAsync("nightly", s => s.Cron("0 3 * * *", "Europe/Berlin").Submit("cleanup", args))</c>.</summary>
    /// <inheritdoc cref="PutAsync(string, ScheduleSpec, string?, CancellationToken)"/>
    Task<ScheduleInfo> PutAsync(string id, Action<ScheduleBuilder> schedule, string? version = null, CancellationToken cancellation = default);

    /// <summary>Null: there is none.</summary>
    /// <exception cref="GridUnavailableException"/>
    Task<ScheduleInfo?> GetAsync(string id, CancellationToken cancellation = default);

    /// <summary>A page of schedules, in the order of their ids. Where they are large it may hold fewer: the cursor says whether there are more.</summary>
    /// <exception cref="GridUnavailableException"/>
    Task<SchedulePage> ListAsync(int limit = 50, string? cursor = null, CancellationToken cancellation = default);

    /// <summary>Its jobs stay as they are.</summary>
    /// <param name="application">Of one that code declares: whose it is. Code that still declares it makes it anew when a silo starts.</param>
    /// <returns>False: there is none.</returns>
    /// <exception cref="ScheduleConflictException"/>
    /// <exception cref="GridUnavailableException">It may or may not be deleted.</exception>
    Task<bool> DeleteAsync(string id, string? version = null, string? application = null, CancellationToken cancellation = default);

    /// <summary>No instant is served until it is resumed, and those that pass meanwhile are not missed.</summary>
    /// <param name="version">Only where the schedule has this version. Null: whichever it has.</param>
    /// <exception cref="ScheduleNotFoundException"/>
    /// <exception cref="ScheduleConflictException">Its version is another.</exception>
    /// <exception cref="GridUnavailableException">It may or may not be paused.</exception>
    Task<ScheduleInfo> PauseAsync(string id, string? reason = null, string? version = null, CancellationToken cancellation = default);

    /// <summary>Its instants are served again.</summary>
    /// <param name="version">Only where the schedule has this version. Null: whichever it has.</param>
    /// <exception cref="ScheduleNotFoundException"/>
    /// <exception cref="ScheduleConflictException">Its version is another.</exception>
    /// <exception cref="GridUnavailableException">It may or may not be resumed.</exception>
    Task<ScheduleInfo> ResumeAsync(string id, string? version = null, CancellationToken cancellation = default);

    /// <summary>Submits an occurrence now, whatever else runs.</summary>
    /// <exception cref="ScheduleNotFoundException"/>
    /// <exception cref="GridOverloadedException"/>
    /// <exception cref="GridUnavailableException">It may or may not be submitted.</exception>
    Task<JobHandle> TriggerAsync(string id, CancellationToken cancellation = default);

    /// <summary>Submits the occurrences of a range that has passed, where their jobs are not there.</summary>
    /// <returns>The ids of all jobs of the range.</returns>
    /// <exception cref="ScheduleNotFoundException"/>
    /// <exception cref="JobRejectedException">The range holds too many instants, or is not over.</exception>
    /// <exception cref="GridOverloadedException"/>
    /// <exception cref="GridUnavailableException">They may or may not be submitted: ask again.</exception>
    Task<IReadOnlyList<string>> BackfillAsync(string id, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation = default);

    /// <summary>The next instants; none while it is paused.</summary>
    /// <exception cref="ScheduleNotFoundException"/>
    /// <exception cref="GridUnavailableException"/>
    Task<IReadOnlyList<DateTimeOffset>> NextAsync(string id, int count = ScheduleLimits.DefaultNext, CancellationToken cancellation = default);

    /// <summary>The newest occurrences, newest first.</summary>
    /// <exception cref="ScheduleNotFoundException"/>
    /// <exception cref="GridUnavailableException"/>
    Task<IReadOnlyList<ScheduleRun>> RunsAsync(string id, CancellationToken cancellation = default);
}

/// <summary>There is no such schedule.</summary>
public sealed class ScheduleNotFoundException(string id) : Exception($"There is no schedule '{id}'.")
{
    public string Id { get; } = id;
}

/// <summary>The schedule is not what the change was meant for.</summary>
public sealed class ScheduleConflictException(string id, string reason) : Exception($"The schedule '{id}' was not changed: {reason}")
{
    public string Id { get; } = id;
}
