using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class StartViewTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Click_StartsAJobWhoseBarMovesAndWhoseResultIsShown()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();

        var card = await page.StartLongTaskAsync(steps: 100, stepMs: 60);

        await ConsolePage.SeeMovingAsync(card);
        await Expect(card).ToContainTextAsync("Running");
        await ConsolePage.SeeAsync(card, "Result 42");
        await Expect(card).ToContainTextAsync("Succeeded");
        await Expect(card.GetByRole(AriaRole.Progressbar)).ToHaveAttributeAsync("aria-valuenow", "100");
        await ConsolePage.SeeAsync(page.Said, "Succeeded");
    }

    [Fact]
    public async Task Clicks_StartSeveralThatMoveAtOnce()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();

        var cards = new List<ILocator>();
        for (var i = 0; i < 4; i++) cards.Add(await page.StartLongTaskAsync(steps: 40, stepMs: 60));

        await Task.WhenAll(cards.Select(ConsolePage.SeeMovingAsync));
        await Task.WhenAll(cards.Select(card => ConsolePage.SeeAsync(card, "Result 42")));
    }

    [Fact]
    public async Task Cancel_WhenRunning_EndsTheJob()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();
        var card = await page.StartLongTaskAsync(steps: 1000, stepMs: 50);
        await ConsolePage.SeeMovingAsync(card);

        await card.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        await ConsolePage.SeeAsync(card, "Cancelled");
        await Expect(card.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Reload_KeepsWhatWasStarted()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();
        var card = await page.StartLongTaskAsync(steps: 2, stepMs: 20);
        await ConsolePage.SeeAsync(card, "Result 42");

        await page.Page.ReloadAsync();
        await ConsolePage.SeeAsync(card, "Result 42");

        await page.Button("Clear finished").ClickAsync();
        await Expect(card).ToHaveCountAsync(0);
        await page.Page.ReloadAsync();
        await Expect(page.Main).ToContainTextAsync("No jobs yet");
    }

    [Fact]
    public async Task Job_OfSomebodyElse_IsShownWhileItRuns()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();

        var id = await fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 60, stepMs = 100 } });

        var running = page.Page.GetByRole(AriaRole.List, new() { Name = "Running on the grid" });
        await ConsolePage.SeeMovingAsync(running.Locator($"[data-job='{id}']"));
    }

    [Fact]
    public async Task Mistake_IsShownAtItsFieldAndNothingIsStarted()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();

        await page.Page.GetByLabel("Steps").FillAsync("many");
        await page.Button("Start a long job").ClickAsync();

        await Expect(page.Page.GetByLabel("Steps")).ToBeFocusedAsync();
        await Expect(page.Page.GetByLabel("Steps")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("whole number"));
        await Expect(page.Started.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Mistake_ThatOnlyTheGatewayKnows_IsShownAtItsFieldToo()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();

        await page.Page.GetByText("When and how").ClickAsync();
        await page.Page.GetByLabel("Priority").FillAsync("11");
        await page.Button("Start a long job").ClickAsync();

        await Expect(page.Page.GetByLabel("Priority")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(page.Page.GetByLabel("Priority")).ToBeFocusedAsync();
        await Expect(page.Started.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Type_HasAFormFromItsSchemaAndIsInTheAddress()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync();

        await page.Page.GetByLabel("Job type").SelectOptionAsync("wordcount");
        await page.Page.GetByLabel("Text").FillAsync("one two two");
        await page.Button("Start wordcount").ClickAsync();

        await ConsolePage.SeeAsync(page.Started, "\"distinct\":2");
        await page.Page.ReloadAsync();
        await Expect(page.Page.GetByLabel("Job type")).ToHaveValueAsync("wordcount");
    }

    [Fact]
    public async Task Arguments_WrittenAsJson_AreSentAsTheyAre()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/?type=wordcount");

        await page.Button("Write JSON instead").ClickAsync();
        await page.Page.GetByLabel("Arguments as JSON").FillAsync("""{"text":"a b c","top":1}""");
        await page.Button("Start wordcount").ClickAsync();

        await ConsolePage.SeeAsync(page.Started, "\"total\":3");
    }

    [Fact]
    public async Task Stream_WhenItCannotBeHad_IsReplacedByAsking()
    {
        await using var page = await fixture.OpenAsync();
        await page.Page.RouteAsync("**/events?*", route => route.FulfillAsync(new() { Status = 503 }));
        await page.GoAsync();

        var card = await page.StartLongTaskAsync(steps: 50, stepMs: 100);

        await Expect(page.Page.GetByText("Every 2 s")).ToBeVisibleAsync();
        await ConsolePage.SeeMovingAsync(card);
        await ConsolePage.SeeAsync(card, "Result 42");
    }
}
