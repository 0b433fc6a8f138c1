using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

/// <summary>No mouse: what is done here is done with Tab, Enter, Space and Escape.</summary>
[Collection(BrowserCollection.Name)]
public class KeyboardTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Job_IsStartedAndCancelled()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();
        await Expect(page.Button("Start a long job")).ToBeVisibleAsync();

        await TabToAsync(page, "Start a long job");
        await page.Page.Keyboard.PressAsync("Enter");
        var card = page.Started.GetByRole(AriaRole.Listitem).First;
        await ConsolePage.SeeAsync(card, "Running");
        await TabToAsync(page, "Cancel");
        await page.Page.Keyboard.PressAsync("Space");

        await ConsolePage.SeeAsync(card, "Cancelled");
        // Focus stays where the button was.
        await Expect(card.GetByRole(AriaRole.Group)).ToBeFocusedAsync();
    }

    [Fact]
    public async Task SkipLink_LeadsToTheContent()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/queues");

        await page.Page.Keyboard.PressAsync("Tab");
        await Expect(page.Link("Skip to the content")).ToBeFocusedAsync();
        await page.Page.Keyboard.PressAsync("Enter");

        await Expect(page.Main).ToBeFocusedAsync();
        await Expect(page.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("#/queues$"));
    }

    [Fact]
    public async Task Dialog_KeepsFocusAndGivesItBack()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();

        await TabToAsync(page, "API key");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.Dialog.GetByLabel("API key")).ToBeFocusedAsync();
        await page.Page.Keyboard.PressAsync("Escape");

        await Expect(page.Dialog).ToHaveCountAsync(0);
        await Expect(page.Button("API key")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task View_WhenChanged_TakesTheFocusAndIsAnnounced()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();

        await TabToAsync(page, "Queues");
        await page.Page.Keyboard.PressAsync("Enter");

        await Expect(page.Main).ToBeFocusedAsync();
        await ConsolePage.SeeAsync(page.Said, "Queues");
        await Expect(page.Link("Queues")).ToHaveAttributeAsync("aria-current", "page");
    }

    private static async Task TabToAsync(ConsolePage page, string name)
    {
        const int Most = 60;
        for (var i = 0; i < Most; i++)
        {
            await page.Page.Keyboard.PressAsync("Tab");
            var focused = await page.Page.EvaluateAsync<string>("document.activeElement.textContent.trim()");
            if (focused.StartsWith(name, StringComparison.Ordinal)) return;
        }

        Assert.Fail($"{Most} times Tab do not lead to '{name}'.");
    }
}
