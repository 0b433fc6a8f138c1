using System.ComponentModel;

namespace OrleansJobs.Samples;

/// <param name="Board">Whose points they are.</param>
/// <param name="Points">0 to 1,000,000.</param>
public sealed record TallyArgs([property: Description("Whose points they are: 1 to 64 letters, digits, dots, dashes or underscores.")] string Board, [property: Description("0 to 1,000,000.")] int Points);

/// <param name="Together">How many jobs were counted in the same attempt.</param>
/// <param name="Sum">What they came to.</param>
public sealed record TallyResult(int Together, long Sum);

/// <summary>
/// Counts points, those of a board together: up to 100 jobs of one board are one attempt, as they would be one write to a database or one call of a service that takes many at once.
/// </summary>
[Job("tally", Key = "board/{board}", Batch = 100, BatchSeconds = 1, Description = "Counts points, those of one board together: up to 100 jobs in one attempt.")]
public sealed class TallyJob : IBatchJob<TallyArgs, TallyResult>
{
    public const int MaxPoints = 1_000_000;

    public Task RunAsync(IReadOnlyList<BatchItem<TallyArgs, TallyResult>> items, CancellationToken cancellation)
    {
        var counted = new List<BatchItem<TallyArgs, TallyResult>>();
        foreach (var item in items)
        {
            // One that cannot be counted is no reason for the others to fail.
            if (item.Args.Points is >= 0 and <= MaxPoints) counted.Add(item);
            else item.Fail(new GiveUpException($"points must be 0 to {MaxPoints:N0}; it is {item.Args.Points}."));
        }

        var result = new TallyResult(counted.Count, counted.Sum(item => (long)item.Args.Points));
        foreach (var item in counted) item.Succeed(result);
        return Task.CompletedTask;
    }
}
