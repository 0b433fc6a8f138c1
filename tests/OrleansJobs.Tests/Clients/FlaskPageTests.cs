using System.Text.RegularExpressions;
using Microsoft.Playwright;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Tests.Browser;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Processes;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Clients;

/// <summary>
/// The application of Flask and Celery whose import alone was changed (clients/python/examples; its own tests compare the two), with its page in a browser: somebody
/// presses the button and sees the bar move to its end.
/// </summary>
public sealed class FlaskPageTests(PythonPackage package) : IClassFixture<PythonPackage>, IDisposable
{
    private static readonly Regex Working = new(@"^[A-Z][a-z ]+\.\.\.$");

    private readonly DirectoryInfo _logs = Directory.CreateTempSubdirectory("oj-flask-");

    public void Dispose() => _logs.Delete(recursive: true);

    [Fact]
    public async Task ItsPage_ShowsTheTaskMove_AndItsResult()
    {
        var port = Ports.Free();
        using var worker = await StartAsync("worker", "ready.", "-m", "orleansjobs.celery", "-A", "app.celery", "worker", "--loglevel=INFO", "-c", "2");
        using var flask = await StartAsync("flask", "Running on", "-m", "flask", "--app", "app", "run", "--port", $"{port}");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        var page = await browser.NewPageAsync();
        // As it is, a task takes up to fifty seconds.
        await page.RouteAsync("**/longtask", route => route.ContinueAsync(new() { Url = $"http://127.0.0.1:{port}/longtask/6/0.6" }));
        await page.GotoAsync($"http://127.0.0.1:{port}/");

        await page.GetByRole(AriaRole.Button, new() { Name = "Start a long task" }).ClickAsync();

        var (bar, text) = (page.Locator("progress"), page.Locator("p"));
        await Expect(text).ToHaveTextAsync(Working, new() { Timeout = 30_000 });
        await page.WaitForFunctionAsync("bar => bar.max === 6 && bar.value > 0 && bar.value < 6", await bar.ElementHandleAsync());
        await Expect(text).ToHaveTextAsync("Result: 42", new() { Timeout = 30_000 });
        Assert.Equal(1.0, await bar.EvaluateAsync<double>("bar => bar.value / bar.max"));
    }

    private async Task<ChildProcess> StartAsync(string name, string ready, params string[] arguments)
    {
        var log = Path.Combine(_logs.FullName, $"{name}.log");
        string[] environment = [.. package.Environment.Select(pair => $"{pair.Key}={pair.Value}")];
        var process = ChildProcess.Start(log, null, "env", ["-C", Repository.PathOf("clients/python/examples/flask-after"), .. environment, PythonPackage.Python, .. arguments]);
        await Deadlines.UntilAsync($"{name} says that it is {ready}", LoneHost.Patience, async () =>
        {
            if (!File.Exists(log)) return false;
            await using var file = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file);
            var said = await reader.ReadToEndAsync();
            Assert.False(process.HasExited, said);
            return said.Contains(ready, StringComparison.Ordinal);
        });
        return process;
    }
}
