using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class QueuesViewTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Pause_HoldsJobsBackUntilResumed()
    {
        var queue = $"q-{Guid.NewGuid():N}";
        await fixture.Host.EndOfAsync(await SubmitAsync(queue));
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/queues");

        await page.Button($"Pause {queue}").ClickAsync();
        await page.Dialog.GetByLabel("Why").FillAsync("The printer is out of paper");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        var card = page.Page.Locator($"li[data-queue='{queue}']");
        await ConsolePage.SeeAsync(card, "The printer is out of paper");

        var held = await SubmitAsync(queue);
        await ConsolePage.SeeAsync(card, "1 waiting");
        await page.Button($"Resume {queue}").ClickAsync();
        await ConsolePage.SeeAsync(card, "0 waiting");
        await Expect(card).Not.ToContainTextAsync("Paused");
        Assert.Equal("SUCCESS", (await fixture.Host.EndOfAsync(held)).GetProperty("state").GetString());
    }

    private Task<string> SubmitAsync(string queue) => fixture.Host.SubmitAsync(new { type = "longtask", queue, args = new { steps = 1, stepMs = 0 } });
}
