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
    public async Task TheLog_ComesAsItIsWritten_AndWhyItFailedIsShown()
    {
        var type = $"logged-{Guid.NewGuid():N}";
        var session = (await WorkAsync($$"""{"seq":1,"types":[{"name":"{{type}}"}]}""")).GetProperty("session").GetString();
        var id = await fixture.Host.SubmitAsync(new { type });
        var token = (await WorkAsync($$"""{"session":"{{session}}","seq":2,"types":["{{type}}"],"want":1,"wait":10}""")).GetProperty("leases")[0].GetProperty("token").GetString();
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs/{id}");
        var log = page.Page.GetByRole(AriaRole.Log);
        await ConsolePage.SeeAsync(page.Main, "Attempt 1 is running");
        await Expect(log).ToBeHiddenAsync();

        var hold = $$"""{"id":"{{id}}","token":"{{token}}"}""";
        await WorkAsync($$"""{"session":"{{session}}","seq":3,"holds":[{{hold}}],"logs":[{"id":"{{id}}","token":"{{token}}","from":1,"lines":[{"text":"<b>forty</b> files"}]}]}""");
        await ConsolePage.SeeAsync(log, "<b>forty</b> files");
        await WorkAsync($$"""
            {"session":"{{session}}","seq":4,"reports":[{"id":"{{id}}","token":"{{token}}","outcome":"failure","final":true,
             "error":{"type":"ValueError","message":"No header.","trace":"at read (files.py:3)\nat main (app.py:1)"},"logs":{"from":2,"lines":[{"text":"one is empty","level":"warning"}] } }]}
            """);
        await ConsolePage.SeeAsync(log, "one is empty");
        await ConsolePage.SeeAsync(page.Main, "ValueError at read < main");
        await page.Page.GetByText("Stack trace").ClickAsync();
        await Expect(page.Page.GetByText("at read (files.py:3)")).ToBeVisibleAsync();
        await ConsolePage.SeeAsync(page.Main, "Attempt 1 failed");
    }

    private async Task<System.Text.Json.JsonElement> WorkAsync(string body)
    {
        using var answer = await fixture.Host.Http.PostAsync("/work", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return System.Text.Json.JsonDocument.Parse(text).RootElement;
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
    public async Task AJob_IsRunAgainDifferently()
    {
        var id = await fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 0, stepMs = 1 }, attempts = 1 });
        await fixture.Host.EndOfAsync(id);
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs/{id}");

        await page.Page.GetByText("Run again, differently").ClickAsync();
        var args = page.Page.GetByLabel("Its arguments");
        await Expect(args).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("\"stepMs\": 1"));
        await args.FillAsync("{\"steps\":");
        await page.Button("Start the copy").ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "This is not JSON");
        await args.FillAsync("{\"steps\":\"many\"}");
        await page.Button("Start the copy").ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "/steps:");
        await args.FillAsync("{\"steps\":1,\"stepMs\":2}");
        await page.Page.GetByLabel("With priority").FillAsync("9");
        await page.Button("Start the copy").ClickAsync();

        await Expect(page.Page).Not.ToHaveURLAsync(new System.Text.RegularExpressions.Regex($"{id}$"));
        await ConsolePage.SeeAsync(page.Main, "Attempt 1 succeeded");
        await ConsolePage.SeeAsync(page.Page.GetByLabel("arguments", new() { Exact = true }), "\"stepMs\": 2");
        await Expect(page.Link($"copy-of={id}")).ToBeVisibleAsync();
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
