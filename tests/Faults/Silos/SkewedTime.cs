using System.Globalization;

namespace OrleansJobs.Faults.Silos;

/// <summary>A wall clock that is wrong by so much, and may jump. Timers and time-outs go on as they do on a machine whose clock is set.</summary>
internal sealed class SkewedTime(TimeProvider right) : TimeProvider
{
    private long _offset;

    /// <summary>By how much it is ahead.</summary>
    public TimeSpan Offset
    {
        get => new(Volatile.Read(ref _offset));
        set => Volatile.Write(ref _offset, value.Ticks);
    }

    public override long TimestampFrequency => right.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => right.GetUtcNow() + Offset;

    public override long GetTimestamp() => right.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => right.CreateTimer(callback, state, dueTime, period);
}

/// <summary>The file by which the driver sets the clock of a silo, also of one that does not answer yet: milliseconds ahead.</summary>
internal static class ClockFile
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static void Write(string path, TimeSpan offset)
    {
        var next = $"{path}.next";
        File.WriteAllText(next, offset.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        File.Move(next, path, overwrite: true);
    }

    /// <summary>A clock that follows the file; without a file it is right.</summary>
    public static SkewedTime Follow(string path)
    {
        var time = new SkewedTime(TimeProvider.System) { Offset = Read(path) };
        _ = FollowAsync(path, time);
        return time;
    }

    private static async Task FollowAsync(string path, SkewedTime time)
    {
        while (true)
        {
            await Task.Delay(Pause, TimeProvider.System);
            time.Offset = Read(path);
        }
    }

    private static TimeSpan Read(string path) =>
        File.Exists(path) ? TimeSpan.FromMilliseconds(double.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture)) : TimeSpan.Zero;
}
