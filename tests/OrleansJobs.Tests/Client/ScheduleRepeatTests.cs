using System.Reflection;

namespace OrleansJobs.Tests.Client;

/// <summary>Changes of schedules whose answers are lost.</summary>
public class ScheduleRepeatTests
{
    private static readonly ScheduleSpec Spec = new()
    {
        Type = "t", Every = 1000, Tags = [new("a", "b")], Notify = [new("https://a.b/c"), new("https://a.b/d", NoticeOn.Failure)],
    };

    private readonly ManualTime _time = new();

    /// <summary>As it comes back over the wire: in arrays of its own.</summary>
    private static ScheduleSpec Stored => Spec with { Args = [.. Spec.Args], Tags = [.. Spec.Tags], Notify = [.. Spec.Notify] };

    [Fact]
    public async Task AnEdit_IsOurs_WhereTheRepeatFindsWhatItSays()
    {
        var info = await PutAsync(Stored);
        Assert.Equal("1-2", info.Version);
    }

    [Theory]
    [InlineData("https://a.b/e"), InlineData(null)]
    public async Task AnEdit_IsSomebodyElses_WhereTheRepeatFindsAnother(string? url)
    {
        await Assert.ThrowsAsync<ScheduleConflictException>(() => PutAsync(Stored with { Notify = url is null ? [] : [new(url)] }));
    }

    [Theory]
    [InlineData(true, true, "why", true), InlineData(true, true, "other", false), InlineData(true, false, null, false), InlineData(false, false, null, true), InlineData(false, true, "why", false)]
    public async Task APauseOrAResume_IsOurs_WhereTheRepeatFindsIt(bool isPause, bool isPaused, string? reason, bool isOurs)
    {
        var (schedules, by) = (Client(Stored, out var lossy), "");
        // Under which name it goes is the client's choice.
        lossy.Asked = order => by = order?.By ?? "";
        lossy.FoundLater = () => lossy.Found with { Paused = isPaused ? new(by, reason, DateTimeOffset.UnixEpoch) : null };
        var change = isPause ? schedules.PauseAsync("s", "why", "1-1") : schedules.ResumeAsync("s", "1-1");
        if (isOurs) Assert.Equal("1-2", (await _time.RunAsync(change)).Version);
        else await Assert.ThrowsAsync<ScheduleConflictException>(() => _time.RunAsync(change));
        Assert.Equal("1-1", lossy.Version);
    }

    private Task<ScheduleInfo> PutAsync(ScheduleSpec found) => _time.RunAsync(Client(found, out _).PutAsync("s", Spec, "1-1"));

    private IScheduleClient Client(ScheduleSpec found, out Lossy lossy)
    {
        var schedules = DispatchProxy.Create<IPartitionSchedules, Lossy>();
        lossy = (Lossy)schedules;
        lossy.Found = new() { Id = "s", Spec = found, Version = "1-2" };
        return new JobClient(new FakeGrid { Schedules = schedules }.Factory, _time).Schedules;
    }

    /// <summary>Loses the answer to the first change, and finds another version at the second.</summary>
    public class Lossy : DispatchProxy
    {
        private int _changes;

        internal ScheduleInfo Found { get; set; } = null!;

        /// <summary>Null: as it is.</summary>
        internal Func<ScheduleInfo>? FoundLater { get; set; }

        internal Action<ChangeOrder?>? Asked { get; set; }

        /// <summary>For which version it was asked last.</summary>
        internal string? Version { get; private set; }

        protected override object? Invoke(MethodInfo? method, object?[]? arguments)
        {
            if (method?.Name is not (nameof(IPartitionSchedules.PutSchedule) or nameof(IPartitionSchedules.PauseSchedule))) throw new NotSupportedException(method?.Name);
            Version = ((ScheduleCondition)arguments![^1]!).Version;
            if (method.Name == nameof(IPartitionSchedules.PauseSchedule)) Asked?.Invoke((ChangeOrder?)arguments[1]);
            return ++_changes == 1
                ? Task.FromException<ScheduleAnswer>(new TimeoutException("The answer was lost."))
                : Task.FromResult(new ScheduleAnswer(ScheduleOutcome.Changed) { Schedule = FoundLater?.Invoke() ?? Found });
        }
    }
}
