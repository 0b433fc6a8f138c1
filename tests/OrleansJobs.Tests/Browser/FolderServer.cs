using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;

namespace OrleansJobs.Tests.Browser;

/// <summary>Serves a folder from an origin of its own, as any web server would.</summary>
internal sealed class FolderServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FolderServer(WebApplication app) => _app = app;

    public string Origin => _app.Urls.Single();

    public static async Task<FolderServer> StartAsync(string folder)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.UseFileServer(new FileServerOptions { FileProvider = new PhysicalFileProvider(folder) });
        await app.StartAsync();
        return new FolderServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
