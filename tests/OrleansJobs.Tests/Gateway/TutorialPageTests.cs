using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansJobs.Tests.Gateway;

/// <summary>
/// A page as those of the tutorials are, served from another origin: it knows Location, PENDING, PROGRESS and <c>result</c>, polls every two
/// seconds, and runs in a real browser.
/// </summary>
public sealed class TutorialPageTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly GridHost _grid = new();
    private readonly TaskCompletionSource<string> _shown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _elsewhere = null!;

    public async Task InitializeAsync()
    {
        await _grid.StartAsync(new() { ["Gateway:Cors:Origins:0"] = "*" });
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _elsewhere = builder.Build();
        _elsewhere.MapGet("/", () => Results.Content(Page, "text/html"));
        _elsewhere.MapPost("/shown", async (HttpRequest request) => _shown.TrySetResult(await new StreamReader(request.Body).ReadToEndAsync()));
        await _elsewhere.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _elsewhere.DisposeAsync();
        await _grid.DisposeAsync();
    }

    [Fact]
    public async Task APageOfAnotherOrigin_SeesTheBarMoveAndTheResult()
    {
        var profile = Directory.CreateTempSubdirectory("orleansjobs-chromium-").FullName;
        var browser = Process.Start(new ProcessStartInfo(
            "chromium", ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", $"--user-data-dir={profile}", _elsewhere.Urls.First()]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("seen in between: true, result: 42", await _shown.Task.WaitAsync(Patience));
        }
        finally
        {
            browser.Kill(entireProcessTree: true);
            await browser.WaitForExitAsync();
            Directory.Delete(profile, recursive: true);
        }
    }

    private string Page => $$"""
        <!doctype html><title>Tutorial</title><div id="bar"></div><div id="says"></div>
        <script>
        let seen = false;
        async function start() {
          const response = await fetch('{{_grid.Address}}jobs/longtask', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"steps":15,"stepMs":400}' });
          update(response.headers.get('Location'));
        }
        async function update(url) {
          const data = await (await fetch(url)).json();
          const percent = parseInt(data['current'] * 100 / data['total']);
          document.getElementById('bar').style.width = percent + '%';
          document.getElementById('says').textContent = data['status'];
          if (percent > 0 && percent < 100) seen = true;
          if (data['state'] != 'PENDING' && data['state'] != 'PROGRESS') {
            const said = 'result' in data ? 'result: ' + data['result'] : 'state: ' + data['state'];
            fetch('/shown', { method: 'POST', body: 'seen in between: ' + seen + ', ' + said });
          } else setTimeout(() => update(url), 2000);
        }
        start().catch(error => fetch('/shown', { method: 'POST', body: String(error) }));
        </script>
        """;
}
