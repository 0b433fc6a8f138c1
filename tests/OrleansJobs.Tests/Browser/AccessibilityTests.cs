using System.Globalization;
using System.Text;
using Microsoft.Playwright;
using OrleansJobs.Tests.Browser.Axe;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

/// <summary>
/// axe-core finds nothing in any view, with something to show in each, in both themes and on a small screen too. Needs npm and its registry; leave it out with
/// <c>--filter Category!=Npm</c>.
/// </summary>
[Collection(BrowserCollection.Name)]
public class AccessibilityTests(BrowserFixture fixture)
{
    private static readonly string[] Views =
    [
        "/", "/?type=wordcount", "/jobs", "/jobs?state=FAILURE", "/jobs?type=nothing", "/jobs/{failed}", "/jobs/{running}", "/jobs/{done}", "/jobs/{flow}", "/jobs/nobody", "/failures", "/schedules",
        "/schedules/{schedule}", "/schedules/{schedule}/edit", "/new-schedule", "/coming", "/queues", "/keys", "/keys?rank=held", "/keys/{prefix}", "/keys/{prefix}/7", "/overview", "/history",
        "/history?range=30d&type=longtask", "/nowhere",
    ];

    [Theory]
    [Trait("Category", "Npm")]
    [InlineData(ColorScheme.Light, 1200)]
    [InlineData(ColorScheme.Dark, 1200)]
    [InlineData(ColorScheme.Light, 360)]
    [InlineData(ColorScheme.Dark, 360)]
    public async Task NoView_HasAnythingThatAxeFinds(ColorScheme colours, int width)
    {
        var names = await FillAsync();
        await using var page = await fixture.OpenAsync(width, colours);
        // What moves is neither here nor there.
        await page.Page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        var found = new List<string>();
        foreach (var view in Views)
        {
            var address = names.Aggregate(view, (text, name) => text.Replace($"{{{name.Key}}}", name.Value));
            await page.GoAsync(address);
            await Expect(page.Main.Locator(".loading")).ToHaveCountAsync(0);
            await page.Page.EvaluateAsync("for (const each of document.querySelectorAll('main details')) each.open = true");
            await Expect(page.Main.Locator(".loading")).ToHaveCountAsync(0);
            var violations = await AxeCore.FindAsync(page.Page);
            // The view may have been on its way, with nothing in it yet: each has a heading in the end.
            if (violations.Any(violation => violation.StartsWith("page-has-heading-one", StringComparison.Ordinal)))
            {
                await Expect(page.Main.Locator("h1").First).ToBeVisibleAsync();
                violations = await AxeCore.FindAsync(page.Page);
            }

            found.AddRange(violations.Select(violation => $"#{view}\n{violation}"));
        }

        foreach (var (name, open) in Dialogs(names))
        {
            await open(page);
            await Expect(page.Dialog).ToBeVisibleAsync();
            found.AddRange((await AxeCore.FindAsync(page.Page)).Select(violation => $"{name}\n{violation}"));
            await page.Page.Keyboard.PressAsync("Escape");
        }

        await CleanAsync(names);
        Assert.True(found.Count == 0, $"{found.Count} things in {colours} at {width}:\n\n{string.Join("\n\n", found)}");
    }

    /// <summary>The rules themselves work here: what is wrong is found.</summary>
    [Fact]
    [Trait("Category", "Npm")]
    public async Task Axe_FindsWhatIsWrong()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/queues");
        await page.Page.EvaluateAsync("document.querySelector('main').append(Object.assign(document.createElement('button')), Object.assign(document.createElement('img'), { src: 'favicon.svg' }))");
        var found = await AxeCore.FindAsync(page.Page);
        Assert.Contains(found, violation => violation.StartsWith("button-name", StringComparison.Ordinal));
        Assert.Contains(found, violation => violation.StartsWith("image-alt", StringComparison.Ordinal));
    }

    private static IEnumerable<(string Name, Func<ConsolePage, Task> Open)> Dialogs(Dictionary<string, string> names) =>
    [
        ("the dialog of the API key", async page =>
        {
            await page.GoAsync();
            await page.Button("API key").ClickAsync();
        }),
        ("the dialog of what is done to many", async page =>
        {
            await page.GoAsync("/jobs?state=FAILURE");
            await page.Button("Act on all that match").ClickAsync();
            await ConsolePage.SeeAsync(page.Dialog, "match now.");
        }),
        ("the dialog of a pause", async page =>
        {
            await page.GoAsync("/queues");
            await page.Button($"Pause {names["queue"]}-open").ClickAsync();
        }),
    ];

    /// <summary>Something in every view.</summary>
    private async Task<Dictionary<string, string>> FillAsync()
    {
        var mark = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..8];
        var (queue, prefix, schedule, host) = ($"q-{mark}", $"k{mark}", $"s-{mark}", fixture.Host);
        var names = new Dictionary<string, string> { ["queue"] = queue, ["prefix"] = prefix, ["schedule"] = schedule };
        names["failed"] = await host.SubmitAsync(new { type = "hash-file", args = new { path = "none" }, attempts = 1, tags = new { tenant = "acme" } });
        names["done"] = await host.SubmitAsync(new { type = "longtask", args = new { steps = 1, stepMs = 0 }, queue = $"{queue}-open" });
        foreach (var ended in new[] { "failed", "done" }) await host.EndOfAsync(names[ended]);
        names["running"] = await host.SubmitAsync(new { type = "longtask", args = new { steps = 10_000, stepMs = 100 } });
        names["flow"] = await host.SubmitAsync(new { type = "trip", args = new { to = "Rome" } });
        await host.SubmitAsync(new { type = "longtask", countdown = 90_000 });
        await PutAsync($"/keys/{prefix}", """{"concurrency":1,"order":"fifo"}""");
        names["held"] = await host.SubmitAsync(new { type = "longtask", key = $"{prefix}/7", args = new { steps = 10_000, stepMs = 100 } });
        names["waiting"] = await host.SubmitAsync(new { type = "longtask", key = $"{prefix}/7" });
        await PutAsync($"/schedules/{schedule}", """{"type":"longtask","cron":"0 3 * * *","args":{"steps":1,"stepMs":0}}""");
        await PostAsync($"/schedules/{schedule}/trigger", "{}");
        await PostAsync($"/queues/{queue}/pause", """{"reason":"A test"}""");
        return names;
    }

    private async Task CleanAsync(Dictionary<string, string> names)
    {
        foreach (var job in new[] { "running", "flow", "held", "waiting" }) await PostAsync($"/jobs/{names[job]}/cancel", "{}");
        using var deleted = await fixture.Host.Http.DeleteAsync(new Uri($"/schedules/{names["schedule"]}", UriKind.Relative));
        await PostAsync($"/queues/{names["queue"]}/resume", "{}");
    }

    private async Task PutAsync(string path, string json)
    {
        using var answer = await fixture.Host.Http.PutAsync(new Uri(path, UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task PostAsync(string path, string json)
    {
        using var answer = await fixture.Host.Http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
