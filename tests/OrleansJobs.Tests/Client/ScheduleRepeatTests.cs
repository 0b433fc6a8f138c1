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

    private Task<ScheduleInfo> PutAsync(ScheduleSpec found)
    {
        var schedules = DispatchProxy.Create<IPartitionSchedules, Lossy>();
        ((Lossy)schedules).Found = new() { Id = "s", Spec = found, Version = "1-2" };
        return _time.RunAsync(new JobClient(new FakeGrid { Schedules = schedules }.Factory, _time).Schedules.PutAsync("s", Spec, "1-1"));
    }

    /// <summary>Loses the answer to the first put, and finds another version at the second.</summary>
    public class Lossy : DispatchProxy
    {
        private int _puts;

        internal ScheduleInfo Found { get; set; } = null!;

        protected override object? Invoke(MethodInfo? method, object?[]? arguments) => method?.Name != nameof(IPartitionSchedules.PutSchedule) ? throw new NotSupportedException(method?.Name)
            : ++_puts == 1 ? Task.FromException<ScheduleAnswer>(new TimeoutException("The answer was lost."))
            : Task.FromResult(new ScheduleAnswer(ScheduleOutcome.Changed) { Schedule = Found });
    }
}
