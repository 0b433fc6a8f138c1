using System.Text.RegularExpressions;
using Microsoft.Playwright;
using OrleansJobs.Tests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

/// <summary>The page of the tutorials: it knows Location, PENDING, PROGRESS and <c>result</c>, and asks every two seconds.</summary>
[Collection(BrowserCollection.Name)]
public class ForeignPageTests(BrowserFixture fixture)
{
    private static readonly Regex Moving = new("[1-9][0-9]?%");

    [Fact]
    public async Task Page_OfAnotherOrigin_SeesItsJobMoveAndStop()
    {
        await using var page = await fixture.OpenAsync();
        await page.Page.GotoAsync($"{fixture.Foreign.Origin}/?api={fixture.Host.Address.GetLeftPart(UriPartial.Authority)}");

        await SeeMoveAndStopAsync(page.Page);
    }

    [Fact]
    public async Task Page_OnTheHostsOwnOrigin_WorksAsItIs()
    {
        await using var page = await OpenOnHostAsync();

        await SeeMoveAndStopAsync(page.Page);
    }

    [Fact]
    public async Task Page_ShowsTheResult()
    {
        await using var page = await OpenOnHostAsync();
        // A long task that is not long, so that its end can be waited for.
        await page.Page.RouteAsync("**/longtask", async route => await route.FulfillAsync(new()
        {
            Response = await route.FetchAsync(new()
            {
                Url = new Uri(fixture.Host.Address, "/jobs/longtask").ToString(),
                Headers = new Dictionary<string, string> { ["content-type"] = "application/json" },
                PostData = """{"steps":4,"stepMs":100}"""u8.ToArray(),
            }),
        }));

        await page.Button("Start a long job").ClickAsync();

        await ConsolePage.SeeAsync(page.Page.Locator(".job"), "Result: 42");
    }

    /// <summary>It takes ten to fifty seconds to its end; the test does not wait for that, it cancels it once the bar has moved.</summary>
    private async Task SeeMoveAndStopAsync(IPage page)
    {
        var answer = await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Start a long job" }).ClickAsync(),
            response => response.Url.EndsWith("/longtask", StringComparison.Ordinal));
        var id = (await answer.HeaderValueAsync("location"))!.Split('/')[^1];
        var job = page.Locator(".job");
        await Expect(job).ToContainTextAsync(Moving, new() { Timeout = 15_000 });

        using var cancelled = await fixture.Host.Http.PostAsync($"/jobs/{id}/cancel", null);

        cancelled.EnsureSuccessStatusCode();
        await ConsolePage.SeeAsync(job, "Result: REVOKED");
    }

    /// <summary>As if the page were among the host's own files.</summary>
    private async Task<ConsolePage> OpenOnHostAsync()
    {
        var page = await fixture.OpenAsync();
        await page.Page.RouteAsync("**/tutorial/*", route =>
            route.FulfillAsync(new() { Path = Repository.PathOf($"samples/pages/{new Uri(route.Request.Url).Segments[^1]}") }));
        await page.Page.GotoAsync(new Uri(fixture.Host.Address, "/tutorial/index.html").ToString());
        return page;
    }
}
