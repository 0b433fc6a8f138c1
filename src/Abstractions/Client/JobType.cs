namespace OrleansJobs;

/// <summary>
/// A job type as those who submit it know it: its name, and what goes in and comes out. Kept beside the arguments, it lets a service submit typed
/// without a reference to the handler, and lets the compiler infer the rest: <c>await jobs.SubmitAsync(Thumbnails.Make, new(...))</c>.
/// </summary>
/// <param name="Name">What the handler's <see cref="JobAttribute"/> says.</param>
/// <param name="Queue">Where its jobs go when a submit names no queue; null: what the handler says.</param>
public sealed record JobType<TArgs, TResult>(string Name, string? Queue = null);
