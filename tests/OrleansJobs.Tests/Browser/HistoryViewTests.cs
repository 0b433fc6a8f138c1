using System.Net.Http.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class HistoryViewTests(BrowserFixture fixture)
{
    [Fact]
    public async Task History_ShowsWhatWasDone_AsLinesAndAsNumbers()
    {
        var queue = await RunAsync(3);
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/history?queue={queue}");

        await Expect(page.Page.GetByRole(AriaRole.Slider)).ToHaveCountAsync(6);
        var submitted = page.Page.GetByRole(AriaRole.Slider, new() { Name = "Submitted" });
        await Expect(submitted).ToHaveAttributeAsync("aria-valuetext", new System.Text.RegularExpressions.Regex("Submitted [0-9]"));
        await Expect(submitted.Locator(".plot-line")).ToHaveAttributeAsync("d", new System.Text.RegularExpressions.Regex("^M"));
        var row = page.Page.GetByRole(AriaRole.Region, new() { Name = "Type" }).GetByRole(AriaRole.Row).Filter(new() { HasText = "longtask" });
        await Expect(row.GetByRole(AriaRole.Cell).First).ToHaveTextAsync("3");
        await page.Page.GetByText("As a table").ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Group, new() { Name = "Steps" }).GetByRole(AriaRole.Row)).Not.ToHaveCountAsync(1);
        await row.GetByRole(AriaRole.Link, new() { Name = "longtask" }).ClickAsync();
        await Expect(page.Page.GetByLabel("Type", new() { Exact = true }).First).ToHaveValueAsync("longtask");
        await Expect(page.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($"queue={queue}"));
    }

    [Fact]
    public async Task APlot_IsReadWithTheKeyboard()
    {
        var queue = await RunAsync(1);
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/history?queue={queue}");
        var plot = page.Page.GetByRole(AriaRole.Slider, new() { Name = "Ended" });
        await Expect(plot).ToHaveAttributeAsync("aria-valuemax", "119");
        await plot.FocusAsync();
        await page.Page.Keyboard.PressAsync("Home");
        await Expect(plot).ToHaveAttributeAsync("aria-valuenow", "0");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(plot).ToHaveAttributeAsync("aria-valuenow", "1");
        await Expect(plot).ToHaveAttributeAsync("aria-valuetext", new System.Text.RegularExpressions.Regex("Succeeded 0, Failed 0, Cancelled 0$"));
        await page.Page.Keyboard.PressAsync("End");
        await Expect(plot).ToHaveAttributeAsync("aria-valuenow", "119");
    }

    [Fact]
    public async Task WhatHappened_IsMarkedAndSaid()
    {
        var queue = await RunAsync(1);
        await fixture.Host.Http.PostAsJsonAsync($"queues/{queue}/pause", new { reason = "<b>moving</b>" });
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/history?queue={queue}");
        var said = page.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = $"Queue {queue} was paused" });
        await ConsolePage.SeeAsync(said, "<b>moving</b>");
        await Expect(page.Page.Locator(".plot").First.Locator(".plot-mark[data-what='queue_paused']")).Not.ToHaveCountAsync(0);
        // The cursor says it in the minute in which it was, which is this one or the one before.
        var plot = page.Page.GetByRole(AriaRole.Slider, new() { Name = "Submitted" });
        await plot.FocusAsync();
        await page.Page.Keyboard.PressAsync("End");
        if (!(await plot.GetAttributeAsync("aria-valuetext"))!.Contains(queue, StringComparison.Ordinal)) await page.Page.Keyboard.PressAsync("ArrowLeft");
        await Expect(plot).ToHaveAttributeAsync("aria-valuetext", new System.Text.RegularExpressions.Regex($"Queue {queue} was paused"));
    }

    [Fact]
    public async Task TheTime_IsInTheAddress()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/history");
        await page.Page.GetByLabel("Time", new() { Exact = true }).SelectOptionAsync("7d");
        await Expect(page.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("range=7d"));
        await Expect(page.Page.GetByRole(AriaRole.Slider).First).ToHaveAttributeAsync("aria-valuemax", new System.Text.RegularExpressions.Regex("^16[789]$"));
    }

    private async Task<string> RunAsync(int jobs)
    {
        var queue = $"q-{Guid.NewGuid():N}";
        for (var i = 0; i < jobs; i++) await fixture.Host.EndOfAsync(await fixture.Host.SubmitAsync(new { type = "longtask", queue, args = new { steps = 1, stepMs = 0 } }));
        return queue;
    }
}
