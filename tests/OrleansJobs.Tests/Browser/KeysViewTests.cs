using System.Net.Http.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class KeysViewTests(BrowserFixture fixture)
{
    [Fact]
    public async Task AKey_ShowsItsLine_IsPaused_AndLetGoOn()
    {
        var prefix = $"k{Guid.NewGuid():N}"[..9];
        var key = $"{prefix}/7";
        await PutAsync(prefix, new { concurrency = 1, rate = new { limit = 100, per = 86400, burst = 20 }, order = "fifo", weight = 2 });
        var running = await SubmitAsync(key, steps: 4000, stepMs: 50);
        var (first, second) = (await SubmitAsync(key, 1, 0), await SubmitAsync(key, 1, 0));
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/keys?rank=held");
        var card = page.Page.Locator($"li[data-of='{key}']");
        await ConsolePage.SeeAsync(card, "2 waiting");
        await ConsolePage.SeeAsync(card, "1 running");
        await ConsolePage.SeeAsync(card, "as many run as may");
        await page.Page.GetByLabel("Show").SelectOptionAsync("waiting");
        await ConsolePage.SeeAsync(card, "at most 1 at a time; 100 per 86,400 seconds, up to 20 at once");
        await card.GetByRole(AriaRole.Link, new() { Name = key }).ClickAsync();

        // Who is where in the line, and why.
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = key })).ToBeVisibleAsync();
        var line = page.Page.GetByRole(AriaRole.Region, new() { Name = "Line" }).Locator("tbody tr");
        await Expect(line).ToHaveCountAsync(2);
        await Expect(line.Nth(0)).ToHaveAttributeAsync("data-job", first);
        await Expect(line.Nth(1)).ToHaveAttributeAsync("data-job", second);
        await ConsolePage.SeeAsync(line.Nth(1), "as many run as may");
        await Expect(page.Page.GetByRole(AriaRole.Region, new() { Name = "Running" }).Locator("tbody tr")).ToHaveAttributeAsync("data-job", running);
        var facts = page.Page.GetByRole(AriaRole.Region, new() { Name = "Facts" });
        await ConsolePage.SeeAsync(facts, "in the order of their submits");
        await ConsolePage.SeeAsync(facts, "1 of 1");
        await ConsolePage.SeeAsync(facts, "Not now: as many run as may");
        await ConsolePage.SeeAsync(facts, "Left of the rate19");

        await page.Button($"Pause {key}").ClickAsync();
        await page.Dialog.GetByLabel("Why").FillAsync("They have not paid");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "They have not paid");
        await fixture.Host.Http.PostAsync(new Uri($"/jobs/{running}/cancel", UriKind.Relative), null);
        await ConsolePage.SeeAsync(facts, "Not now: it is paused");
        await page.Button($"Resume {key}").ClickAsync();
        await Expect(line).ToHaveCountAsync(0);
        await ConsolePage.SeeAsync(page.Main, "Nothing waits.");
        Assert.Equal("SUCCESS", (await fixture.Host.EndOfAsync(second)).GetProperty("state").GetString());

        // The rule is that of the prefix, whose page is a link away.
        await facts.GetByRole(AriaRole.Link, new() { Name = prefix }).ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = prefix, Exact = true })).ToBeVisibleAsync();
        await ConsolePage.SeeAsync(page.Page.GetByRole(AriaRole.Region, new() { Name = "Facts" }), "this name itself");
    }

    [Fact]
    public async Task APrefix_ShowsItsKeys_AndAJobSaysWhichKeyHoldsItBack()
    {
        var prefix = $"k{Guid.NewGuid():N}"[..9];
        using (var paused = await fixture.Host.Http.PostAsJsonAsync(new Uri($"/keys/{prefix}/pause", UriKind.Relative), new { reason = "Not today" })) Assert.True(paused.IsSuccessStatusCode);
        var job = await SubmitAsync($"{prefix}/a", 1, 0);
        await SubmitAsync($"{prefix}/b", 1, 0);
        await SubmitAsync($"{prefix}/b", 1, 0);
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs/{job}");
        await ConsolePage.SeeAsync(page.Main, $"Key {prefix}/a: it is paused, place 1");
        await page.GoAsync($"/keys/{prefix}");
        await ConsolePage.SeeAsync(page.Main, "Not today");
        var keys = page.Page.GetByRole(AriaRole.Region, new() { Name = "Its keys" }).Locator("tbody tr");
        await Expect(keys).ToHaveCountAsync(2);
        await Expect(keys.First).ToHaveAttributeAsync("data-of", $"{prefix}/b");
        await ConsolePage.SeeAsync(keys.First, "paused");
        await page.Button($"Resume {prefix}").ClickAsync();
        await Expect(keys).ToHaveCountAsync(0);
        await fixture.Host.EndOfAsync(job);
    }

    [Fact]
    public async Task AJobThatItsQueuesLimitsHoldBack_SaysSo_OnItsPage_AndOnThatOfItsKey()
    {
        var queue = $"q{Guid.NewGuid():N}"[..9];
        var key = $"{queue}/1";
        using (var put = await fixture.Host.Http.PutAsJsonAsync(new Uri($"/queues/{queue}/limits", UriKind.Relative), new { concurrency = 1 })) Assert.True(put.IsSuccessStatusCode);
        var running = await SubmitToAsync(queue, null, steps: 4000, stepMs: 50);
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs/{running}");
        await Expect(page.Page.GetByRole(AriaRole.Progressbar).First).ToHaveAttributeAsync("data-state", "PROGRESS", new() { Timeout = 30_000 });
        var (held, keyed) = (await SubmitToAsync(queue, null, 1, 0), await SubmitToAsync(queue, key, 1, 0));
        await page.GoAsync($"/jobs/{held}");
        await ConsolePage.SeeAsync(page.Main, $"Queue {queue}: as many run as may");
        await page.GoAsync($"/keys/{key}");
        var line = page.Page.GetByRole(AriaRole.Region, new() { Name = "Line" }).Locator("tbody tr");
        await Expect(line).ToHaveCountAsync(1);
        await ConsolePage.SeeAsync(line.Nth(0), $"Queue {queue}: as many run as may");
        await fixture.Host.Http.PostAsync(new Uri($"/jobs/{running}/cancel", UriKind.Relative), null);
        await fixture.Host.EndOfAsync(keyed);
    }

    private Task<string> SubmitToAsync(string queue, string? key, int steps, int stepMs) =>
        fixture.Host.SubmitAsync(key is null ? (object)new { type = "longtask", queue, args = new { steps, stepMs } } : new { type = "longtask", queue, key, args = new { steps, stepMs } });

    private Task<string> SubmitAsync(string key, int steps, int stepMs) => fixture.Host.SubmitAsync(new { type = "longtask", key, args = new { steps, stepMs } });

    private async Task PutAsync(string name, object rule)
    {
        using var answer = await fixture.Host.Http.PutAsJsonAsync(new Uri($"/keys/{name}", UriKind.Relative), rule);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
