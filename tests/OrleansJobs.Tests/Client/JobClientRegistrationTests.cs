using Microsoft.Extensions.DependencyInjection;

namespace OrleansJobs.Tests.Client;

public class JobClientRegistrationTests
{
    [Fact]
    public void AddJobClient_GivesOneClientToAProcess()
    {
        using var services = new ServiceCollection().AddSingleton(new FakeGrid().Factory).AddJobClient().AddJobClient().BuildServiceProvider();
        Assert.Same(services.GetRequiredService<IJobClient>(), services.GetRequiredService<IJobClient>());
    }

    [Fact]
    public void AddJobClient_WithAnImpossibleOption_NamesIt()
    {
        using var services = new ServiceCollection().AddSingleton(new FakeGrid().Factory)
            .AddJobClient(options => options.Patience = TimeSpan.Zero).BuildServiceProvider();
        var exception = Assert.Throws<ArgumentException>(() => services.GetRequiredService<IJobClient>());
        Assert.Equal("JobClientOptions.Patience must be more than zero; it is 00:00:00.", exception.Message);
    }

    [Fact]
    public async Task StandIn_ForTestsOfCodeThatSubmitsJobs_NeedsNoGrid()
    {
        JobHandle<int> handle = new Finished(42);
        Assert.Equal(42, await handle.ResultAsync());
        await Assert.ThrowsAsync<NotSupportedException>(() => handle.CancelAsync());
    }

    private sealed class Finished(int result) : JobHandle<int>("job")
    {
        public override Task<JobStatus> WaitAsync(CancellationToken cancellation = default) => Task.FromResult(new JobStatus
        {
            Id = Id, Type = "a", Queue = "default", State = JobState.Success, Result = System.Text.Encoding.UTF8.GetBytes(result.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        });
    }
}
