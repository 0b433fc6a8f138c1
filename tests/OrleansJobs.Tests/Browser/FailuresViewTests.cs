using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class FailuresViewTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Failures_AreGroupedByErrorAndRunAgainTogether()
    {
        // Each names its own number, and still they are one group.
        string[] ids = [await SubmitAsync(-1), await SubmitAsync(-2), await SubmitAsync(-3)];
        foreach (var id in ids) Assert.Equal("FAILURE", (await fixture.Host.EndOfAsync(id)).GetProperty("state").GetString());
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/failures");

        var group = page.Page.Locator("li[data-group]").Filter(new() { HasText = "stepMs is 0 to 60000" });
        await ConsolePage.SeeAsync(group, "3 jobs");
        await group.GetByRole(AriaRole.Button, new() { Name = "Run all again" }).ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("Run 3 jobs again?");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Run 3 jobs again" }).ClickAsync();

        await ConsolePage.SeeAsync(page.Said, "3 jobs will run again");
        foreach (var id in ids)
        {
            var again = await fixture.Host.EndOfAsync(id);
            Assert.Equal(2, again.GetProperty("attempts").GetArrayLength());
        }
    }

    private Task<string> SubmitAsync(int stepMs) => fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 1, stepMs }, attempts = 1 });
}
