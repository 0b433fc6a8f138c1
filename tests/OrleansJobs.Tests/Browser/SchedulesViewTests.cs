using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class SchedulesViewTests(BrowserFixture fixture)
{
    [Fact]
    public async Task ASchedule_IsMadeWithAPreview_RunsOnce_IsPaused_Edited_AndDeleted()
    {
        var id = $"s-{Guid.NewGuid():N}"[..12];
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/schedules");
        await page.Link("New schedule").ClickAsync();
        await page.Page.GetByLabel("Id").FillAsync(id);
        await page.Page.GetByLabel("Job type").FillAsync("longtask");
        await page.Page.GetByLabel("Arguments as JSON").FillAsync("""{"steps":1,"stepMs":1}""");
        await page.Page.GetByLabel("Time zone").FillAsync("Europe/Berlin");
        await page.Page.GetByLabel("Cron expression").FillAsync("61 3 * * *");
        await page.Page.GetByLabel("Queue").FocusAsync();
        await ConsolePage.SeeAsync(page.Main, "61 3 * * *");
        await Expect(page.Page.GetByLabel("Cron expression")).ToHaveAttributeAsync("aria-invalid", "true");

        await page.Page.GetByLabel("Cron expression").FillAsync("0 3 1 1 *");
        await page.Page.GetByLabel("Queue").FocusAsync();
        var coming = page.Page.GetByRole(AriaRole.Region, new() { Name = "The next ten" });
        await Expect(coming.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(10);
        await ConsolePage.SeeAsync(coming, "03:00:00 Europe/Berlin");
        await page.Button("Make the schedule").ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = id })).ToBeVisibleAsync();
        await ConsolePage.SeeAsync(page.Main, "03:00:00 Europe/Berlin");

        await page.Button($"Run now {id}").ClickAsync();
        var runs = page.Page.GetByRole(AriaRole.Region, new() { Name = "Newest occurrences" }).GetByRole(AriaRole.Table);
        await ConsolePage.SeeAsync(runs, "succeeded");
        await ConsolePage.SeeAsync(runs, "trigger");

        await page.Button($"Pause {id}").ClickAsync();
        await page.Dialog.GetByLabel("Why").FillAsync("Not this year");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "Not this year");
        await page.GoAsync("/schedules");
        var card = page.Page.Locator($"li[data-schedule='{id}']");
        await ConsolePage.SeeAsync(card, "Not this year");
        await Expect(card.Locator("[data-outcome='success']")).ToHaveCountAsync(1);
        await page.Button($"Resume {id}").ClickAsync();
        await ConsolePage.SeeAsync(card, "03:00:00 Europe/Berlin");

        await card.GetByRole(AriaRole.Link, new() { Name = $"Edit {id}" }).ClickAsync();
        await page.Page.GetByLabel("Cron expression").FillAsync("0 4 1 1 *");
        await page.Page.GetByLabel("Queue").FocusAsync();
        await ConsolePage.SeeAsync(coming, "04:00:00 Europe/Berlin");
        await page.Button("Save").ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "0 4 1 1 * Europe/Berlin");
        var edited = await fixture.Host.Http.GetFromJsonAsync<JsonElement>(new Uri($"/schedules/{id}", UriKind.Relative));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse("""{"steps":1,"stepMs":1}"""), edited.GetProperty("args")));

        await page.Button($"Delete {id}").ClickAsync();
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "Schedules" })).ToBeVisibleAsync();
        await Expect(card).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task AFlow_IsPutByTheForm_Shown_AndEdited()
    {
        var id = $"s-{Guid.NewGuid():N}"[..12];
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/new-schedule");
        await page.Page.GetByLabel("Id").FillAsync(id);
        await page.Page.GetByLabel("What runs").SelectOptionAsync("flow");
        await Expect(page.Page.GetByLabel("Job type")).ToBeHiddenAsync();
        await page.Page.GetByLabel("Flow as JSON").FillAsync("""{"jobs":[{"name":"a","type":"longtask","args":{"steps":1,"stepMs":1}},{"name":"b","type":"longtask","args":{"steps":1,"stepMs":1},"after":["a"]}]}""");
        await page.Page.GetByLabel("Cron expression").FillAsync("0 3 1 1 *");
        await page.Page.GetByLabel("Fails after so many seconds").FillAsync("600");
        await page.Button("Make the schedule").ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = id })).ToBeVisibleAsync();
        await ConsolePage.SeeAsync(page.Main, "flow of 2 jobs");
        await page.Button($"Run now {id}").ClickAsync();
        await ConsolePage.SeeAsync(page.Page.GetByRole(AriaRole.Region, new() { Name = "Newest occurrences" }).GetByRole(AriaRole.Table), "succeeded");

        await page.GoAsync($"/schedules/{id}/edit");
        await Expect(page.Page.GetByLabel("What runs")).ToHaveValueAsync("flow");
        await page.Page.GetByLabel("Cron expression").FillAsync("0 4 1 1 *");
        await page.Button("Save").ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "0 4 1 1 *");
        var edited = await fixture.Host.Http.GetFromJsonAsync<JsonElement>(new Uri($"/schedules/{id}", UriKind.Relative));
        Assert.Equal((2, 600), (edited.GetProperty("flow").GetProperty("jobs").GetArrayLength(), edited.GetProperty("deadline").GetInt32()));
        Assert.False(edited.TryGetProperty("type", out _));
        await fixture.Host.Http.DeleteAsync(new Uri($"/schedules/{id}", UriKind.Relative));
    }

    [Fact]
    public async Task JobsThatWaitForTheirTime_AreShownSoonestFirst_RunNow_AndMoved()
    {
        var first = await fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 1, stepMs = 1 }, countdown = 3600 });
        var second = await fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 1, stepMs = 1 }, countdown = 7200 });
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/schedules");
        await page.Link("Coming jobs").ClickAsync();
        var rows = page.Main.Locator($"tr[data-job='{first}'], tr[data-job='{second}']");
        await Expect(rows).ToHaveCountAsync(2);
        await Expect(rows.First).ToHaveAttributeAsync("data-job", first);
        await rows.First.GetByRole(AriaRole.Button, new() { Name = "Run now" }).ClickAsync();
        await Expect(page.Main.Locator($"tr[data-job='{first}']")).ToHaveCountAsync(0);
        await fixture.Host.EndOfAsync(first);

        await page.Main.Locator($"tr[data-job='{second}']").GetByRole(AriaRole.Button, new() { Name = "Move" }).ClickAsync();
        await page.Dialog.GetByLabel("When").FillAsync("2031-05-06T07:08");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Move" }).ClickAsync();
        await ConsolePage.SeeAsync(page.Main.Locator($"tr[data-job='{second}']"), "2031");
        await fixture.Host.Http.PostAsync(new Uri($"/jobs/{second}/cancel", UriKind.Relative), null);
    }

    /// <summary>What the form has no input for, too.</summary>
    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task AnEdit_KeepsEveryMemberThatItDoesNotChange(bool isFlow)
    {
        var what = isFlow
            ? """ "flow":{"jobs":[{"name":"a","type":"longtask"}]} """
            : """ "type":"longtask","queue":"mail","priority":7,"args":{"steps":1},"key":"tenant/7","weight":3,"attempts":4,"timeout":90 """;
        var put = $$$"""
            {{{{what}}},"tags":{"a":"b"},"deadline":600,"retention":0,"notify":[{"url":"https://example.org/hook","on":["failure"]}],"cron":"0 3 1 1 *","zone":"Europe/Berlin",
             "start":"2030-01-01T00:00:00Z","end":"2040-01-01T00:00:00Z","count":9,"jitter":5,"overlap":"queue","missed":"all","missedAfter":70,"missedWithin":7200,"later":{"than":"this page"}}
            """;
        var told = put.TrimEnd()[..^1] + ""","id":"s","version":"1-1","createdAt":"2030-01-01T00:00:00Z","changedAt":"2030-01-01T00:00:00Z","nextAt":"2031-01-01T00:00:00Z","dueAt":"2031-01-01T00:00:00Z","come":2,"paused":{"by":"x"},"application":"a","release":"1","runs":[]}""";
        var page = await fixture.ModulesAsync();
        var body = await page.EvaluateAsync<string>(
            """
            async (told) => {
              const { scheduleForm } = await import('/js/form/scheduleForm.js');
              const form = scheduleForm({ types: [], schedule: JSON.parse(told), onInstants: () => {} });
              form.element.querySelector('input[placeholder="30 2 * * MON-FRI"]').value = '0 4 1 1 *';
              return form.read().body;
            }
            """,
            told);
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(put.Replace("0 3 1 1 *", "0 4 1 1 *", StringComparison.Ordinal)), JsonElement.Parse(body)), body);
    }

    [Fact]
    public async Task WhatFewNeed_IsPutByTheForm_AndTakenAway()
    {
        var id = $"s-{Guid.NewGuid():N}"[..12];
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/new-schedule");
        await page.Page.GetByLabel("Id").FillAsync(id);
        await page.Page.GetByLabel("Job type").FillAsync("longtask");
        await page.Page.GetByLabel("Arguments as JSON").FillAsync("""{"steps":1,"stepMs":1}""");
        await page.Page.GetByLabel("Or every so many seconds").FillAsync("3600");
        await page.Page.GetByLabel("Of instants that nobody could serve").SelectOptionAsync("all");
        var more = page.Page.Locator("details.options");
        await more.Locator("summary").ClickAsync();
        foreach (var (label, value) in new[]
        {
            ("No instant before", "2030-01-01T00:00:00Z"), ("No instant after", "2030-01-02T00:00:00Z"), ("The seconds count from", "2030-01-01T00:30:00Z"), ("So many instants", "0"),
            ("Later by up to so many seconds", "5"), ("Priority", "7"), ("Attempts", "3"), ("Seconds for one attempt", "90"), ("Missed when so many seconds late", "70"),
            ("Of all missed, serve those so many seconds late", "7200"),
        }) await page.Page.GetByLabel(label, new() { Exact = true }).FillAsync(value);
        // What would come is of all of it.
        var coming = page.Page.GetByRole(AriaRole.Region, new() { Name = "The next ten" });
        await ConsolePage.SeeAsync(coming, "30:00");
        // What is wrong with one of them is shown, though they are folded.
        await more.Locator("summary").ClickAsync();
        await page.Button("Make the schedule").ClickAsync();
        await ConsolePage.SeeAsync(more, "A count is 1 to");
        await page.Page.GetByLabel("So many instants").FillAsync("5");
        await page.Page.GetByLabel("Id").FocusAsync();
        await Expect(coming.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(5);
        await page.Button("Make the schedule").ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = id })).ToBeVisibleAsync();
        var made = await fixture.Host.Http.GetFromJsonAsync<JsonElement>(new Uri($"/schedules/{id}", UriKind.Relative));
        Assert.Equal(
            "2030-01-01T00:00:00Z 2030-01-02T00:00:00Z 2030-01-01T00:30:00Z 5 5 7 3 90 70 7200",
            string.Join(' ', ((string[])["start", "end", "anchor", "count", "jitter", "priority", "attempts", "timeout", "missedAfter", "missedWithin"]).Select(name => made.GetProperty(name).ToString().Replace(".000Z", "Z", StringComparison.Ordinal))));

        await page.GoAsync($"/schedules/{id}/edit");
        await more.Locator("summary").ClickAsync();
        foreach (var label in new[] { "No instant after", "So many instants", "Attempts" }) await page.Page.GetByLabel(label, new() { Exact = true }).FillAsync("");
        await page.Button("Save").ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = id })).ToBeVisibleAsync();
        made = await fixture.Host.Http.GetFromJsonAsync<JsonElement>(new Uri($"/schedules/{id}", UriKind.Relative));
        foreach (var name in new[] { "end", "count", "attempts" }) Assert.False(made.TryGetProperty(name, out _), name);
        Assert.Equal(90, made.GetProperty("timeout").GetInt32());
        await fixture.Host.Http.DeleteAsync(new Uri($"/schedules/{id}", UriKind.Relative));
    }

    [Fact]
    public async Task WhatWouldCome_IsOfWhatStandsThere()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/new-schedule");
        var coming = page.Page.GetByRole(AriaRole.Region, new() { Name = "The next ten" });
        var cron = page.Page.GetByLabel("Cron expression");
        await cron.FillAsync("0 3 1 1 *");
        await cron.BlurAsync();
        await Expect(coming.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(10);
        await cron.FillAsync("");
        await cron.BlurAsync();
        await Expect(coming.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(0);
        await ConsolePage.SeeAsync(coming, "Say when");
    }

    [Fact]
    public async Task AnEdit_OfWhatSomebodyElseHasChanged_IsRefused()
    {
        var id = $"s-{Guid.NewGuid():N}"[..12];
        await PutAsync(id, "0 3 1 1 *");
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/schedules/{id}/edit");
        await Expect(page.Page.GetByLabel("Cron expression")).ToHaveValueAsync("0 3 1 1 *");
        await PutAsync(id, "0 5 1 1 *");
        await page.Button("Save").ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "It has changed since.");
        await fixture.Host.Http.DeleteAsync(new Uri($"/schedules/{id}", UriKind.Relative));
    }

    [Fact]
    public async Task ARunNow_WhoseAnswerIsLost_AndThatIsAskedForAgain_RunsOnce()
    {
        var id = $"s-{Guid.NewGuid():N}"[..12];
        await PutAsync(id, "0 3 1 1 *");
        await using var page = await fixture.OpenAsync();
        var asked = 0;
        await page.Page.RouteAsync("**/trigger", async route =>
        {
            if (++asked > 1)
            {
                await route.ContinueAsync();
                return;
            }

            await route.FetchAsync();
            await route.AbortAsync();
        });
        await page.GoAsync($"/schedules/{id}");
        await page.Button($"Run now {id}").ClickAsync();
        var runs = page.Page.GetByRole(AriaRole.Region, new() { Name = "Newest occurrences" }).GetByRole(AriaRole.Table);
        await ConsolePage.SeeAsync(runs, "succeeded");
        var again = await page.Page.RunAndWaitForResponseAsync(() => page.Button($"Run now {id}").ClickAsync(), "**/trigger");
        Assert.Equal((202, 2), (again.Status, asked));
        var told = await fixture.Host.Http.GetFromJsonAsync<JsonElement>(new Uri($"/schedules/{id}/runs", UriKind.Relative));
        Assert.Equal(1, told.GetProperty("runs").GetArrayLength());
        await fixture.Host.Http.DeleteAsync(new Uri($"/schedules/{id}", UriKind.Relative));
    }

    private async Task PutAsync(string id, string cron)
    {
        using var answer = await fixture.Host.Http.PutAsJsonAsync(new Uri($"/schedules/{id}", UriKind.Relative), new { type = "longtask", cron, args = new { steps = 1 } });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
