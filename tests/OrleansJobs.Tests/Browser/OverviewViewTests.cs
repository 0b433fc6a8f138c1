using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class OverviewViewTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Overview_ShowsFiguresSilosAndCounts()
    {
        var queue = $"q-{Guid.NewGuid():N}";
        await fixture.Host.EndOfAsync(await fixture.Host.SubmitAsync(new { type = "longtask", queue, args = new { steps = 1, stepMs = 0 } }));
        await using var page = await fixture.OpenAsync();

        await page.GoAsync("/overview");

        await Expect(page.Page.GetByRole(AriaRole.Meter)).ToHaveCountAsync(1);
        await Expect(page.Page.GetByText("Jobs are kept in the file")).ToBeVisibleAsync();
        var row = page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = queue });
        await ConsolePage.SeeAsync(row, "longtask");
        await row.GetByRole(AriaRole.Link, new() { Name = "1", Exact = true }).ClickAsync();
        await Expect(page.Page.Locator("tr[data-job]")).ToHaveCountAsync(1);
    }
}
