using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Loads;

/// <summary>What is drawn to be done to a schedule: changes of one thing or another, pauses, triggers, and now and then a new one under its id.</summary>
/// <param name="isOneAtATime">Nothing that lets two of its jobs run at a time.</param>
internal sealed class ScheduleEdits(WatchedSchedule schedule, Random random, bool isOneAtATime)
{
    private const int LongestPause = 1500;

    /// <summary>By whole hours, and by a half and three quarters of one.</summary>
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu"];
    private static readonly string[] OneAtATime = ["skip", "queue", "replace"], All = ["all", "all", "skip", "queue", "replace", "cancel"];
    private static readonly int[] Steps = [1, 2, 3, 5];

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(LongestPause)), TimeProvider.System);
            switch (random.Next(14))
            {
                case 0 or 1: await schedule.PauseAsync(); break;
                case 2 or 3 or 4: await schedule.ResumeAsync(); break;
                case 5 or 6 when !isOneAtATime: await schedule.TriggerAsync(); break;
                case 7:
                    await schedule.DeleteAsync();
                    await schedule.PutAsync(Draw(schedule.Order));
                    break;
                default: await schedule.PutAsync(Draw(schedule.Order)); break;
            }
        }

        await schedule.ResumeAsync();
    }

    /// <summary>Mostly one thing is another than before.</summary>
    private ScheduleOrder Draw(ScheduleOrder last) => random.Next(7) switch
    {
        0 => last with { Instants = new EverySeconds(1 + random.Next(3)) },
        1 => last with { Instants = new CronSeconds(Steps[random.Next(Steps.Length)], random.Next(3) == 0 ? random.Next(2) : null, Zones[random.Next(Zones.Length)]) },
        2 when last.Instants is CronSeconds cron => last with { Instants = cron with { Zone = Zones[random.Next(Zones.Length)] } },
        3 => last with { MostJitter = random.Next(2) * random.Next(1, 8) * 500 },
        4 => last with { Overlap = DrawOverlap() },
        5 => last with { Runs = random.Next(2) * random.Next(2500) },
        _ => last with { Instants = new EverySeconds(1), Overlap = DrawOverlap(), Runs = random.Next(1500) },
    };

    private string DrawOverlap() => isOneAtATime ? OneAtATime[random.Next(OneAtATime.Length)] : All[random.Next(All.Length)];
}
