using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class JobsViewTests(BrowserFixture fixture)
{
    private readonly string _run = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Filters_LiveInTheAddress()
    {
        var done = await SubmitAsync(steps: 1);
        var failed = await SubmitAsync(steps: 0);
        await fixture.Host.EndOfAsync(done);
        await fixture.Host.EndOfAsync(failed);
        await using var page = await fixture.OpenAsync();

        await page.GoAsync("/jobs");
        await page.Page.GetByLabel("Tag").FillAsync($"run={_run}");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.RowOf(done)).ToBeVisibleAsync();
        await Expect(page.RowOf(failed)).ToBeVisibleAsync();
        await page.Page.GetByLabel("State").SelectOptionAsync("FAILURE");
        await Expect(page.RowOf(done)).ToHaveCountAsync(0);
        await Expect(page.RowOf(failed)).ToBeVisibleAsync();
        await Expect(page.Page).ToHaveURLAsync(new Regex($"#/jobs\\?state=FAILURE&tag=run%3D{_run}$"));

        // The address alone brings it back, and the way back leads through it.
        await page.Page.ReloadAsync();
        await Expect(page.Page.GetByLabel("State")).ToHaveValueAsync("FAILURE");
        await Expect(page.RowOf(failed)).ToBeVisibleAsync();
        await Expect(page.RowOf(done)).ToHaveCountAsync(0);
        await page.Page.GoBackAsync();
        await Expect(page.Page.GetByLabel("State")).ToHaveValueAsync("");
        await Expect(page.RowOf(done)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Filters_ByTypeQueueAndTime()
    {
        var id = await SubmitAsync(steps: 1, queue: $"q-{_run}");
        await fixture.Host.EndOfAsync(id);
        await using var page = await fixture.OpenAsync();

        await page.GoAsync($"/jobs?type=longtask&queue=q-{_run}&submittedAfter=2020-01-01T00:00:00Z");
        await Expect(page.Page.Locator("tr[data-job]")).ToHaveCountAsync(1);
        await Expect(page.RowOf(id)).ToBeVisibleAsync();

        await page.GoAsync($"/jobs?type=wordcount&queue=q-{_run}");
        await ConsolePage.SeeAsync(page.Main, "No job matches");
        await page.GoAsync($"/jobs?queue=q-{_run}&submittedAfter=2100-01-01T00:00:00Z");
        await ConsolePage.SeeAsync(page.Main, "No job matches");
        await page.Link("Show all jobs").ClickAsync();
        await Expect(page.RowOf(id)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Pages_LeadToOlderJobsAndBack()
    {
        const int Jobs = 55;
        var ids = new List<string>();
        for (var i = 0; i < Jobs; i++) ids.Add(await SubmitAsync(steps: 1, stepMs: 0));
        await using var page = await fixture.OpenAsync();

        await page.GoAsync($"/jobs?tag=run%3D{_run}");
        await Expect(page.Page.Locator("tr[data-job]")).ToHaveCountAsync(50);
        await Expect(page.RowOf(ids[^1])).ToBeVisibleAsync();
        await page.Link("Older").ClickAsync();
        await Expect(page.Page.Locator("tr[data-job]")).ToHaveCountAsync(Jobs - 50);
        await Expect(page.RowOf(ids[0])).ToBeVisibleAsync();
        await page.Link("Newest").ClickAsync();
        await Expect(page.RowOf(ids[^1])).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Row_OfARunningJob_IsLive()
    {
        var id = await SubmitAsync(steps: 30, stepMs: 100);
        await using var page = await fixture.OpenAsync();

        await page.GoAsync($"/jobs?tag=run%3D{_run}");

        await ConsolePage.SeeMovingAsync(page.RowOf(id));
        await Expect(page.RowOf(id)).ToContainTextAsync("Succeeded");
    }

    private Task<string> SubmitAsync(int steps, int stepMs = 10, string? queue = null) =>
        fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps, stepMs }, queue = queue ?? "default", attempts = 1, tags = new { run = _run } });
}
