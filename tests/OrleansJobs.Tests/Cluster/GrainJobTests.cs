using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace OrleansJobs.Tests.Cluster;

/// <summary>Jobs that are calls of grains of the application's own.</summary>
public class GrainJobTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task AGrainJob_CallsTheGrainThatItsArgumentsName_AgainWhereItFails_AndByASchedule()
    {
        ISiloBuilder builder = null!;
        await using var grid = await TestGrid.StartAsync(
            more: (silo, _) => builder = silo,
            jobs: (jobs, _) =>
            {
                // The grid of these tests takes all grains of this assembly for fakes.
                builder.Services.PostConfigure<GrainTypeOptions>(types => types.Classes.Add(typeof(RemindedGrain)));
                jobs.AddGrainJob<IRemindedGrain, RemindArgs>("remind", args => args.Order, (grain, args, job, _) => grain.Remind(job.Id, args.Why));
            });
        var order = grid.Cluster.Client.GetGrain<IRemindedGrain>("order-7");

        await (await grid.Jobs.SubmitAsync("remind", new RemindArgs("order-7", "expired"), new() { Id = "once", Countdown = TimeSpan.FromMilliseconds(200) })).ResultAsync<object>().WaitAsync(Patience);
        Assert.Equal(["once expired"], await order.Heard());

        var failing = await (await grid.Jobs.SubmitAsync("remind", new RemindArgs("order-7", "fail once"), new() { Id = "again" })).WaitAsync().WaitAsync(Patience);
        Assert.Equal((JobState.Success, 2), (failing.State, failing.Attempt));
        Assert.Equal(["once expired", "again fail once", "again fail once"], await order.Heard());

        await grid.Jobs.Schedules.PutAsync("each-second", schedule => schedule.Every(TimeSpan.FromSeconds(1)).Within(count: 2).Overlap(ScheduleOverlap.All).Submit("remind", new RemindArgs("order-8", "tick")));
        await OrleansJobs.Faults.Processes.Deadlines.UntilAsync("both have come", Patience, async () => (await grid.Cluster.Client.GetGrain<IRemindedGrain>("order-8").Heard()).Length == 2);
    }
}

internal sealed record RemindArgs(string Order, string Why);

[Alias("oj.tests.IRemindedGrain")]
public interface IRemindedGrain : IGrainWithStringKey
{
    [Alias("remind")]
    Task Remind(string job, string why);

    [Alias("heard")]
    Task<string[]> Heard();
}

public sealed class RemindedGrain : Grain, IRemindedGrain
{
    private readonly List<string> _heard = [];

    public Task Remind(string job, string why)
    {
        _heard.Add($"{job} {why}");
        return why == "fail once" && _heard.Count(heard => heard == _heard[^1]) == 1 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
    }

    public Task<string[]> Heard() => Task.FromResult(_heard.ToArray());
}
