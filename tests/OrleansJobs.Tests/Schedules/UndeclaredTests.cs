using OrleansJobs.Schedules;
using OrleansJobs.Tests.Schedules.Model;

namespace OrleansJobs.Tests.Schedules;

/// <summary>A schedule that an application's code names no more, in a partition that cannot remove it just then.</summary>
public sealed class UndeclaredTests : IDisposable
{
    private static readonly ScheduleSpec Spec = new() { Type = "work", Every = 60_000, Anchor = 0 };
    private readonly ShellDriver _driver = new();

    public void Dispose() => _driver.Dispose();

    [Fact]
    public void OneThatCannotBeRemovedYet_IsNotTakenForRemoved()
    {
        Assert.Equal(1, _driver.Rest(DeclareAsync("1", new DeclaredSchedule("s", Spec))).Changed);
        _driver.Shell.IsClockRight = false;
        Assert.Throws<TimeoutException>(() => _driver.Rest(DeclareAsync("2")));
        _driver.Shell.IsClockRight = true;
        Assert.NotNull(_driver.Rest(_driver.Shell.Calls.GetAsync("s")));
        Assert.Equal(1, _driver.Rest(DeclareAsync("2")).Removed);
        Assert.Null(_driver.Rest(_driver.Shell.Calls.GetAsync("s")));
    }

    private Task<DeclarationAnswer> DeclareAsync(string release, params DeclaredSchedule[] schedules) =>
        new ScheduleDeclaring(_driver.Shell, _driver.Shell.Calls).DeclareAsync(new("app", release, HasAny: true, schedules));
}
