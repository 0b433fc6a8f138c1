using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class JobViewTests(BrowserFixture fixture)
{
    [Fact]
    public async Task FinishedJob_ShowsArgumentsResultAndTimeline()
    {
        var id = await fixture.Host.SubmitAsync(new { type = "wordcount", args = new { text = "one two two" }, tags = new { customer = "acme" } });
        await fixture.Host.EndOfAsync(id);
        await using var page = await fixture.OpenAsync();

        await page.GoAsync($"/jobs/{id}");

        await ConsolePage.SeeAsync(page.Page.GetByLabel("arguments", new() { Exact = true }), "\"text\": \"one two two\"");
        await ConsolePage.SeeAsync(page.Page.GetByLabel("result", new() { Exact = true }), "\"distinct\": 2");
        await Expect(page.Main).ToContainTextAsync("Attempt 1 succeeded");
        await Expect(page.Link("customer=acme")).ToBeVisibleAsync();
        await Expect(page.Button("Cancel")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task RunningJob_MovesAndCanBeCancelledAndRunAgain()
    {
        var id = await fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 1000, stepMs = 50 } });
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs/{id}");
        await ConsolePage.SeeMovingAsync(page.Main);

        await page.Button("Cancel").ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "Cancelled");

        await page.Button("Run again").ClickAsync();
        await ConsolePage.SeeMovingAsync(page.Main);
        await ConsolePage.SeeAsync(page.Main, "Attempt 1 was cancelled");
        await page.Button("Cancel").ClickAsync();
        await Expect(page.Button("Run again")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task FutureJob_IsMoved_AndThenRunNow()
    {
        var id = await fixture.Host.SubmitAsync(new { type = "longtask", countdown = 3600, args = new { steps = 1, stepMs = 0 } });
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs/{id}");

        await page.Button("Move").ClickAsync();
        await page.Dialog.GetByLabel("When").FillAsync("2030-01-31T12:00");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Move" }).ClickAsync();
        await Expect(page.Main.Locator("time[datetime^='2030-01-31']").First).ToBeVisibleAsync();

        await page.Button("Run now").ClickAsync();
        Assert.Equal("SUCCESS", (await fixture.Host.EndOfAsync(id)).GetProperty("state").GetString());
        await ConsolePage.SeeAsync(page.Main, "Attempt 1 succeeded");
        await Expect(page.Button("Run now")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Delete_AsksFirst()
    {
        var id = await fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 1, stepMs = 0 } });
        await fixture.Host.EndOfAsync(id);
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs/{id}");

        await page.Button("Delete").ClickAsync();
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Back" }).ClickAsync();
        await Expect(page.Dialog).ToHaveCountAsync(0);
        await page.Button("Delete").ClickAsync();
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();

        await ConsolePage.SeeAsync(page.Main, "This job has been deleted");
        await page.GoAsync("/jobs");
        await page.GoAsync($"/jobs/{id}");
        await ConsolePage.SeeAsync(page.Main, "There is no job of this id");
    }

    [Fact]
    public async Task FailedJob_SaysWhy()
    {
        var id = await fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 0 } });
        await fixture.Host.EndOfAsync(id);
        await using var page = await fixture.OpenAsync();

        await page.GoAsync($"/jobs/{id}");

        await ConsolePage.SeeAsync(page.Main, "Why it failed");
        await ConsolePage.SeeAsync(page.Main, "steps is 1 to 10000; it is 0.");
        await Expect(page.Main).ToContainTextAsync("Attempt 1 failed");
    }
}
