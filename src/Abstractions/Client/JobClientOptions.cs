using System.Reflection;

namespace OrleansJobs;

/// <summary>How patient a job client is with a grid that does not answer, and what it calls itself.</summary>
public sealed class JobClientOptions
{
    /// <summary>
    /// How long a submit, a status or a cancel is tried again after its answer was lost, before it ends in
    /// <see cref="GridUnavailableException"/>. A try that has begun by then still gets its <see cref="TryTimeout"/>.
    /// </summary>
    /// <value>Default 10 s; more than zero.</value>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one try may take. A partition that cannot reach its store answers after 5 s unless its grid says otherwise.</summary>
    /// <value>Default 6 s; more than zero.</value>
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>How long <see cref="JobHandle.WaitAsync"/> and <see cref="JobHandle.WatchAsync(CancellationToken)"/> go on without any answer before they end in <see cref="GridUnavailableException"/>.</summary>
    /// <value>Default 2 minutes; more than zero.</value>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Who is named as the author of the cancels and retries of this client, in the history of jobs.</summary>
    /// <value>Default: the name of the program; 1 to 128 characters.</value>
    public string Name { get; set; } = Assembly.GetEntryAssembly()?.GetName().Name ?? "client";

    internal void Validate()
    {
        if (Name is not { Length: > 0 and <= ChangeOrder.MaxByLength })
            throw new ArgumentException($"{nameof(JobClientOptions)}.{nameof(Name)} must have 1 to {ChangeOrder.MaxByLength} characters; it is '{Name}'.");
        Positive(Deadline, nameof(Deadline));
        Positive(TryTimeout, nameof(TryTimeout));
        Positive(Patience, nameof(Patience));

        static void Positive(TimeSpan value, string option)
        {
            if (value <= TimeSpan.Zero) throw new ArgumentException($"{nameof(JobClientOptions)}.{option} must be more than zero; it is {value}.");
        }
    }
}
