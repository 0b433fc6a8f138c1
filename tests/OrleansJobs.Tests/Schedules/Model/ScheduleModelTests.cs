using System.Globalization;

namespace OrleansJobs.Tests.Schedules.Model;

/// <summary>
/// Schedules of a partition against many drawn histories. A failure names its seed; <c>SCHEDULE_MODEL_SEED</c> runs that one alone, and
/// <c>SCHEDULE_MODEL_COUNT</c> as many as one likes.
/// </summary>
public class ScheduleModelTests
{
    private const int Steps = 1500;

    [Fact]
    public void Schedules_InEveryDrawnHistory_ServeEachInstantOnce()
    {
        var first = Setting("SCHEDULE_MODEL_SEED");
        var count = Setting("SCHEDULE_MODEL_COUNT") ?? (first is null ? 60 : 1);
        var (served, skipped, missed, started, forgotten) = (0, 0, 0, 0, 0);
        for (var seed = first ?? 1; seed < (first ?? 1) + count; seed++)
        {
            if (Play(seed, ScheduleMutation.None, out var truth) is { } broken)
                Assert.Fail($"Seed {seed}: {broken}\nReplay: SCHEDULE_MODEL_SEED={seed} dotnet test --filter {nameof(Schedules_InEveryDrawnHistory_ServeEachInstantOnce)}");
            (served, skipped, missed) = (served + truth.Served, skipped + truth.Skipped, missed + truth.Missed);
            (started, forgotten) = (started + truth.Started, forgotten + truth.Forgotten);
        }

        // A model in which nothing happens would prove nothing.
        if (first is null)
        {
            Assert.True(
                served > 10 * count && skipped > count && missed > 10 * count && started > 5 * count && forgotten > count,
                $"{served} served, {skipped} skipped, {missed} missed, {started} started by letters, {forgotten} forgotten");
        }
    }

    [Theory]
    [InlineData((int)ScheduleMutation.OccurrenceOutsideCommit), InlineData((int)ScheduleMutation.NoOpenMark), InlineData((int)ScheduleMutation.LetterOutsideCommit), InlineData((int)ScheduleMutation.Early), InlineData((int)ScheduleMutation.EditByWayOfOthers)]
    public void AMissingSafeguard_IsNoticed(int mutation)
    {
        Assert.Contains(Enumerable.Range(1, 20), seed => Play(seed, (ScheduleMutation)mutation, out _) is not null);
    }

    private static Exception? Play(int seed, ScheduleMutation mutation, out ScheduleTruth truth)
    {
        var context = SynchronizationContext.Current;
        using var world = new ScheduleWorld(seed, mutation);
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
