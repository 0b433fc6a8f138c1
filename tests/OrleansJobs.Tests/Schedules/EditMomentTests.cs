using OrleansJobs.Schedules;
using OrleansJobs.Tests.Schedules.Model;

namespace OrleansJobs.Tests.Schedules;

/// <summary>An instant that comes while a schedule is being changed is of what the schedule was, or of what it is: never of neither, whichever moment it falls into.</summary>
public sealed class EditMomentTests : IDisposable
{
    private const long Second = 1000;
    private static readonly ScheduleSpec EachSecond = new() { Type = "work", Every = Second, Anchor = 0, Overlap = ScheduleOverlap.All, Missed = ScheduleMissed.All };

    private readonly ShellDriver _driver = new();

    public void Dispose() => _driver.Dispose();

    [Theory]
    [InlineData(true), InlineData(false)]
    public void AnInstantThatComesMeanwhile_IsServed(bool isPause)
    {
        // Each look at the clock is later than the one before, so that an instant falls between any two of them.
        for (var before = 0; before < 15; before++)
        {
            var id = $"s{before}";
            Assert.Equal(ScheduleOutcome.Created, _driver.Rest(_driver.Shell.Calls.PutAsync(id, EachSecond, new())).Outcome);
            _driver.Pass(TimeSpan.FromSeconds(2));
            _driver.Time.Advance(TimeSpan.FromMilliseconds(2 * Second - _driver.Shell.Now % Second - before));
            _driver.Time.Creep = TimeSpan.FromMilliseconds(1);
            var answer = _driver.Rest(isPause
                ? _driver.Shell.Calls.PauseAsync(id, new("somebody"), new())
                : _driver.Shell.Calls.PutAsync(id, EachSecond with { Every = 600 * Second }, new()));
            _driver.Time.Creep = TimeSpan.Zero;
            Assert.Equal(ScheduleOutcome.Done, answer.Outcome);
            var changed = answer.Schedule!.ChangedAt.ToUnixTimeMilliseconds();
            var served = _driver.Stored(id).Runs.Select(run => run.Instant).ToList();
            Assert.Equal(Enumerable.Range(0, served.Count).Select(i => served[0] + i * Second), served);
            Assert.True(served[^1] + Second > changed, $"{before} ms before the first look: changed at {changed}, served up to {served[^1]}");
        }
    }
}
