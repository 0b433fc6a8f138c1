using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;
using OrleansJobs.Samples;

namespace OrleansJobs.Tests.Gateway;

/// <summary>A whole grid in this process: a silo with the sample handlers and a memory store, and the gateway on a real Kestrel.</summary>
public sealed class GridHost : IAsyncLifetime
{
    private WebApplication _app = null!;

    public HttpClient Http { get; private set; } = null!;
    public Uri Address { get; private set; } = null!;
    public IServiceProvider Services => _app.Services;

    public Task InitializeAsync() => StartAsync([]);

    /// <param name="more">Handlers beside those of the samples.</param>
    /// <param name="configure">Has the last word.</param>
    public async Task StartAsync(Dictionary<string, string?> settings, Action<JobGridBuilder>? more = null, Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddJobGateway(builder.Configuration);
        builder.UseOrleans(silo =>
        {
            var (siloPort, gatewayPort) = (Ports.Free(), Ports.Free());
            silo.UseLocalhostClustering(siloPort, gatewayPort, clusterId: $"gateway-{siloPort}", serviceId: $"gateway-{siloPort}");
            silo.UseMemoryJobStore();
            // The tests' own fakes look like grains to Orleans, since they implement the interfaces of grains.
            silo.Services.PostConfigure<GrainTypeOptions>(grains => grains.Classes.RemoveWhere(type => type.Assembly == typeof(GridHost).Assembly));
            silo.AddJobGrid(jobs =>
            {
                jobs.AddJobsFrom(typeof(LongTaskJob).Assembly);
                more?.Invoke(jobs);
            });
        });
        configure?.Invoke(builder);
        _app = builder.Build();
        _app.MapJobs().MapTutorial("longtask");
        map?.Invoke(_app);
        await _app.StartAsync();
        Address = new Uri(_app.Urls.First());
        Http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
        using var ready = await Eventually.AnswersAsync(() => Http.GetAsync("/health/ready"), answer => answer.IsSuccessStatusCode);
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>Asks over a boundary that gives no signal until the answer is the one that is waited for.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    public static async Task<T> AnswersAsync<T>(Func<Task<T>> ask, Func<T, bool> wanted)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var answer = await ask();
            if (wanted(answer)) return answer;
            if (TimeProvider.System.GetElapsedTime(started) > Deadline) throw new TimeoutException($"Still {answer} after {Deadline}.");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    public static Task<bool> IsTrueAsync(Func<bool> condition) => AnswersAsync(() => Task.FromResult(condition()), held => held);
}
