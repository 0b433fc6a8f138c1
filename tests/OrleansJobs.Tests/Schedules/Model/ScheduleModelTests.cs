using System.Globalization;

namespace OrleansJobs.Tests.Schedules.Model;

/// <summary>
/// Schedules of a partition against thousands of drawn histories. A failure names its seed; <c>SCHEDULE_MODEL_SEED</c> runs that one alone, and
/// <c>SCHEDULE_MODEL_COUNT</c> as many as one likes.
/// </summary>
public class ScheduleModelTests
{
    private const int Steps = 1500;

    [Fact]
    public void Schedules_InEveryDrawnHistory_ServeEachInstantOnce()
    {
        var first = Setting("SCHEDULE_MODEL_SEED");
        var count = Setting("SCHEDULE_MODEL_COUNT") ?? (first is null ? 1000 : 1);
        var (served, skipped, missed) = (0, 0, 0);
        for (var seed = first ?? 1; seed < (first ?? 1) + count; seed++)
        {
            if (Play(seed, out var truth) is { } broken)
                Assert.Fail($"Seed {seed}: {broken}\nReplay: SCHEDULE_MODEL_SEED={seed} dotnet test --filter {nameof(Schedules_InEveryDrawnHistory_ServeEachInstantOnce)}");
            (served, skipped, missed) = (served + truth.Served, skipped + truth.Skipped, missed + truth.Missed);
        }

        // A model in which nothing happens would prove nothing.
        if (first is null) Assert.True(served > count && skipped > count / 10 && missed > count / 10, $"{served} served, {skipped} skipped, {missed} missed");
    }

    private static Exception? Play(int seed, out ScheduleTruth truth)
    {
        var context = SynchronizationContext.Current;
        using var world = new ScheduleWorld(seed);
        truth = world.Truth;
        try
        {
            world.Run(Steps);
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture) : null;
}
