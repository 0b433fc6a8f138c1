using Orleans.Core.Internal;
using Orleans.Runtime;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Outside;

/// <summary>Lines that a worker outside was told are heard, over what becomes of its session.</summary>
public class SessionLogTests
{
    // Lines go by themselves when nobody looks at them any more.
    private static Task<TestGrid> StartAsync(short silos = 1) => TestGrid.StartAsync(silos, options =>
    {
        options.Outside.Heartbeat = TimeSpan.FromSeconds(8);
        options.Logs.Interval = TimeSpan.FromHours(1);
    });

    [Fact]
    public async Task LinesOfTheCallThatFindsTheSessionsNextActivation_AreKept()
    {
        await using var grid = await StartAsync();
        var worker = new TestWorker(grid);
        var job = await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        await worker.Grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();

        await worker.CallAsync(logs: [Lines(lease, 1, "one", "two")]);
        await worker.CallAsync(logs: [Lines(lease, 2, "two", "three")]);

        Assert.True(await worker.SucceedAsync(lease));
        Assert.Equal(["one", "two", "three"], await TextsAsync(job));
    }

    [Fact]
    public async Task ASessionThatGoesInGoodOrder_HandsOverWhatItHas_BeforeTheNextHearsMore()
    {
        await using var grid = await StartAsync();
        var worker = new TestWorker(grid);
        var job = await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        await worker.CallAsync(logs: [Lines(lease, 1, "one", "two")]);
        await worker.Grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        await Gateway.Eventually.AnswersAsync(() => TextsAsync(job), texts => texts.Length == 2);

        await worker.CallAsync(logs: [Lines(lease, 3, "three")]);
        Assert.True(await worker.SucceedAsync(lease));
        Assert.Equal(["one", "two", "three"], await TextsAsync(job));
    }

    [Fact]
    public async Task ASiloThatStopsInGoodOrder_HandsOverWhatItsSessionsHave()
    {
        await using var grid = await StartAsync(silos: 2);
        var worker = new TestWorker(grid);
        var jobs = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => grid.Jobs.SubmitAsync("outside", 0)));
        var leases = new List<WorkLease>();
        while (leases.Count < jobs.Length) leases.Add(await worker.TakeAsync());
        await worker.CallAsync(logs: [.. leases.Select(lease => Lines(lease, 1, lease.Name.Id))]);
        var keeper = await grid.Cluster.Client.GetGrain<IManagementGrain>(0).GetActivationAddress(worker.Grain);
        await grid.Cluster.StopSiloAsync(grid.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(keeper)));
        await worker.CallAsync();
        foreach (var job in jobs) Assert.Equal([job.Id], await TextsAsync(job));
    }

    private static WorkLog Lines(WorkLease lease, long from, params string[] texts) =>
        new(lease.Name, [.. texts.Select((text, index) => new WorkLogLine(from + index, null, JobLogLevel.Information, text, null, null))]);

    private static async Task<string[]> TextsAsync(JobHandle job) => [.. (await job.GetLogsAsync()).Lines.Select(line => line.Text)];
}
