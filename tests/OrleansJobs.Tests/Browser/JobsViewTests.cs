using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class JobsViewTests(BrowserFixture fixture)
{
    private readonly string _run = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Filters_LiveInTheAddress()
    {
        var done = await SubmitAsync(steps: 1);
        var failed = await SubmitAsync(steps: 0);
        await fixture.Host.EndOfAsync(done);
        await fixture.Host.EndOfAsync(failed);
        await using var page = await fixture.OpenAsync();

        await page.GoAsync("/jobs");
        await page.Page.GetByLabel("Tag").FillAsync($"run={_run}");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.RowOf(done)).ToBeVisibleAsync();
        await Expect(page.RowOf(failed)).ToBeVisibleAsync();
        await page.Page.GetByLabel("State").SelectOptionAsync("FAILURE");
        await Expect(page.RowOf(done)).ToHaveCountAsync(0);
        await Expect(page.RowOf(failed)).ToBeVisibleAsync();
        await Expect(page.Page).ToHaveURLAsync(new Regex($"#/jobs\\?state=FAILURE&tag=run%3D{_run}$"));

        // The address alone brings it back, and the way back leads through it.
        await page.Page.ReloadAsync();
        await Expect(page.Page.GetByLabel("State")).ToHaveValueAsync("FAILURE");
        await Expect(page.RowOf(failed)).ToBeVisibleAsync();
        await Expect(page.RowOf(done)).ToHaveCountAsync(0);
        await page.Page.GoBackAsync();
        await Expect(page.Page.GetByLabel("State")).ToHaveValueAsync("");
        await Expect(page.RowOf(done)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Filters_ByTypeQueueAndTime()
    {
        var id = await SubmitAsync(steps: 1, queue: $"q-{_run}");
        await fixture.Host.EndOfAsync(id);
        await using var page = await fixture.OpenAsync();

        await page.GoAsync($"/jobs?type=longtask&queue=q-{_run}&submittedAfter=2020-01-01T00:00:00Z");
        await Expect(page.Page.Locator("tr[data-job]")).ToHaveCountAsync(1);
        await Expect(page.RowOf(id)).ToBeVisibleAsync();

        await page.GoAsync($"/jobs?type=wordcount&queue=q-{_run}");
        await ConsolePage.SeeAsync(page.Main, "No job matches");
        await page.GoAsync($"/jobs?queue=q-{_run}&submittedAfter=2100-01-01T00:00:00Z");
        await ConsolePage.SeeAsync(page.Main, "No job matches");
        await page.Link("Show all jobs").ClickAsync();
        await Expect(page.RowOf(id)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Pages_LeadToOlderJobsAndBack()
    {
        const int Jobs = 55;
        var ids = new List<string>();
        for (var i = 0; i < Jobs; i++) ids.Add(await SubmitAsync(steps: 1, stepMs: 0));
        await using var page = await fixture.OpenAsync();

        await page.GoAsync($"/jobs?tag=run%3D{_run}");
        await Expect(page.Page.Locator("tr[data-job]")).ToHaveCountAsync(50);
        await Expect(page.RowOf(ids[^1])).ToBeVisibleAsync();
        await page.Link("Older").ClickAsync();
        await Expect(page.Page.Locator("tr[data-job]")).ToHaveCountAsync(Jobs - 50);
        await Expect(page.RowOf(ids[0])).ToBeVisibleAsync();
        await page.Link("Newest").ClickAsync();
        await Expect(page.RowOf(ids[^1])).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Row_OfARunningJob_IsLive()
    {
        var id = await SubmitAsync(steps: 30, stepMs: 100);
        await using var page = await fixture.OpenAsync();

        await page.GoAsync($"/jobs?tag=run%3D{_run}");

        await ConsolePage.SeeMovingAsync(page.RowOf(id));
        await Expect(page.RowOf(id)).ToContainTextAsync("Succeeded");
    }

    [Fact]
    public async Task Jobs_AreFoundByIdErrorArgumentsAndTimes()
    {
        var done = await SubmitAsync(steps: 3, stepMs: 17);
        var failed = await SubmitAsync(steps: 0);
        await fixture.Host.EndOfAsync(done);
        await fixture.Host.EndOfAsync(failed);
        await using var page = await fixture.OpenAsync();

        await page.GoAsync($"/jobs?tag=run%3D{_run}");
        await page.Page.GetByText("Search further").ClickAsync();
        await page.Page.GetByLabel("Arguments contain").FillAsync("\"stepMs\":17");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.RowOf(failed)).ToHaveCountAsync(0);
        await Expect(page.RowOf(done)).ToBeVisibleAsync();
        await page.Page.GetByLabel("Arguments contain").FillAsync("");
        await page.Page.GetByLabel("Error says").FillAsync("STEPS is");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.RowOf(done)).ToHaveCountAsync(0);
        await Expect(page.RowOf(failed)).ToBeVisibleAsync();

        // The address holds it, and what was folded away is seen then.
        await page.Page.ReloadAsync();
        await Expect(page.Page.GetByLabel("Error says")).ToHaveValueAsync("STEPS is");
        await Expect(page.RowOf(failed)).ToBeVisibleAsync();

        await page.GoAsync($"/jobs?id={done[..^1]}&finishedAfter=2020-01-01T00:00:00Z");
        await Expect(page.RowOf(done)).ToBeVisibleAsync();
        await page.GoAsync($"/jobs?id={done}&startedBefore=2020-01-01T00:00:00Z");
        await ConsolePage.SeeAsync(page.Main, "No job matches");
    }

    [Fact]
    public async Task ASearch_IsKeptInTheBrowser_GoneTo_AndForgotten()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/jobs");
        await Expect(page.Button("Keep this search")).ToBeHiddenAsync();
        await page.GoAsync($"/jobs?state=FAILURE&tag=run%3D{_run}");
        await page.Button("Keep this search").ClickAsync();
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Keep" }).ClickAsync();
        await ConsolePage.SeeAsync(page.Dialog, "It needs a name");
        await page.Dialog.GetByLabel("Name").FillAsync("<b>Night</b>");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Keep" }).ClickAsync();

        await page.GoAsync("/jobs");
        await page.Page.ReloadAsync();
        await page.Link("<b>Night</b>").ClickAsync();
        await Expect(page.Page).ToHaveURLAsync(new Regex($"#/jobs\\?state=FAILURE&tag=run%3D{_run}$"));
        await page.Button("Forget <b>Night</b>").ClickAsync();
        await Expect(page.Link("<b>Night</b>")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task PickedJobs_AreRunAgainTogether()
    {
        string[] ids = [await SubmitAsync(steps: 0), await SubmitAsync(steps: 0), await SubmitAsync(steps: 0)];
        foreach (var id in ids) await fixture.Host.EndOfAsync(id);
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs?tag=run%3D{_run}");

        await page.RowOf(ids[0]).GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.RowOf(ids[2]).GetByRole(AriaRole.Checkbox).CheckAsync();
        await ConsolePage.SeeAsync(page.Main, "2 jobs picked");
        await page.Button("Act on 2 picked jobs").ClickAsync();
        await ConsolePage.SeeAsync(page.Dialog, "2 jobs picked.");
        await page.Dialog.GetByLabel("Reason").FillAsync("mended");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Run again: 2 jobs" }).ClickAsync();

        await ConsolePage.SeeAsync(page.Page.GetByLabel("result", new() { Exact = true }), "\"done\": 2");
        foreach (var id in ids)
        {
            var job = await fixture.Host.EndOfAsync(id);
            Assert.Equal(id == ids[1] ? 1 : 2, job.GetProperty("attempts").GetArrayLength());
        }

        Assert.Equal("mended", (await fixture.Host.EndOfAsync(ids[0])).GetProperty("changes")[0].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task AllThatMatch_AreCountedFirst_AndThenRemoved()
    {
        for (var i = 0; i < 7; i++) await fixture.Host.EndOfAsync(await SubmitAsync(steps: 1, stepMs: 0));
        var failed = await SubmitAsync(steps: 0);
        await fixture.Host.EndOfAsync(failed);
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs?state=SUCCESS&tag=run%3D{_run}");

        await page.Button("Act on all that match").ClickAsync();
        await ConsolePage.SeeAsync(page.Dialog, "About 7 jobs match now.");
        // Of what has succeeded nothing is to be run again.
        await page.Dialog.GetByLabel("What").SelectOptionAsync("retry");
        await ConsolePage.SeeAsync(page.Dialog, "About 0 jobs match now.");
        await page.Dialog.GetByLabel("What").SelectOptionAsync("delete");
        await ConsolePage.SeeAsync(page.Dialog, "About 7 jobs match now.");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete: about 7 jobs" }).ClickAsync();

        await ConsolePage.SeeAsync(page.Page.GetByLabel("result", new() { Exact = true }), "\"done\": 7");
        await page.GoAsync($"/jobs?tag=run%3D{_run}");
        await Expect(page.Page.Locator("tr[data-job]")).ToHaveCountAsync(1);
        await Expect(page.RowOf(failed)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task WithoutAFilter_NothingIsActedOnButWhatIsPicked()
    {
        await fixture.Host.EndOfAsync(await SubmitAsync(steps: 1, stepMs: 0));
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/jobs");
        await Expect(page.Page.Locator("tr[data-job]").First).ToBeVisibleAsync();
        await Expect(page.Button("Act on all that match")).ToBeHiddenAsync();
        await page.Page.GetByLabel("Pick all on this page").CheckAsync();
        await Expect(page.Button("picked job")).ToBeVisibleAsync();
    }

    private Task<string> SubmitAsync(int steps, int stepMs = 10, string? queue = null) =>
        fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps, stepMs }, queue = queue ?? "default", attempts = 1, tags = new { run = _run } });
}
