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

    [Fact]
    public async Task Overview_SaysWhatHoldsASlot_AndForHowLong()
    {
        var id = await fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 1000, stepMs = 100 } });
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/overview");
        var link = page.Page.GetByRole(AriaRole.Region, new() { Name = "Silos" }).Locator($"a[href='#/jobs/{id}']");
        await Expect(link).ToBeVisibleAsync();
        // What is refreshed keeps the focus.
        await link.FocusAsync();
        await Expect(link.Locator("xpath=..")).ToContainTextAsync(new System.Text.RegularExpressions.Regex("[3-9] s"));
        await Expect(link).ToBeFocusedAsync();
        await link.ClickAsync();
        await Expect(page.Main.Locator(".pace")).ToContainTextAsync(new System.Text.RegularExpressions.Regex("a second, about .* to go"));
        await page.Button("Cancel").ClickAsync();
        await Expect(page.Main.Locator(".pace")).ToBeHiddenAsync();
    }
}
