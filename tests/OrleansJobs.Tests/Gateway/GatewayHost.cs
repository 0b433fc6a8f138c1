using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansJobs.Gateway;

namespace OrleansJobs.Tests.Gateway;

/// <summary>A gateway on a real Kestrel at a free port, over a fake grid.</summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    private GatewayHost(WebApplication app, FakeGrid grid)
    {
        App = app;
        Grid = grid;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public WebApplication App { get; }
    public FakeGrid Grid { get; }
    public HttpClient Http { get; }

    /// <param name="settings">Configuration, such as <c>Gateway:Keys:0:Id</c>.</param>
    /// <param name="map">What the host serves beside the gateway.</param>
    public static async Task<GatewayHost> StartAsync(
        Dictionary<string, string?>? settings = null, FakeGrid? grid = null, Action<WebApplicationBuilder>? configure = null, string url = "http://127.0.0.1:0",
        Action<WebApplication>? map = null)
    {
        grid ??= new FakeGrid();
        var app = Build(settings ?? [], grid, configure, url);
        map?.Invoke(app);
        await app.StartAsync();
        return new GatewayHost(app, grid);
    }

    public static WebApplication Build(
        Dictionary<string, string?> settings, FakeGrid grid, Action<WebApplicationBuilder>? configure = null, string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(settings);
        builder.WebHost.UseKestrelCore().UseUrls(url);
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        builder.Services.AddSingleton<IGrainFactory>(grid);
        builder.Services.AddJobGateway(builder.Configuration);
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapJobs();
        return app;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
