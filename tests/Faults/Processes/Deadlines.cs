namespace OrleansJobs.Faults.Processes;

/// <summary>Waiting for something that another process does: by asking again, with an end.</summary>
internal static class Deadlines
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <exception cref="TimeoutException">It did not come about; says what.</exception>
    public static async Task UntilAsync(string what, TimeSpan atMost, Func<Task<bool>> condition)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (!await condition())
        {
            if (clock.GetElapsedTime(started) > atMost) throw new TimeoutException($"After {atMost.TotalSeconds:0} s it was still not so that {what}.");
            await Task.Delay(Pause, clock);
        }
    }
}
