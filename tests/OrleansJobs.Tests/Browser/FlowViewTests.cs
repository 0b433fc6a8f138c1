using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

/// <summary>A flow's page, and what a job's page says of flows, waits and signals.</summary>
[Collection(BrowserCollection.Name)]
public class FlowViewTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Flow_DrawsItsGraph_AndMovesWithIt()
    {
        var id = await SubmitFlowAsync("""
            {"jobs":[{"name":"count","type":"wordcount","args":{"text":"to be"}},
                     {"name":"slow","type":"longtask","args":{"steps":10000,"stepMs":1000},"after":["count"]},
                     {"name":"many","type":"longtask","each":[1,2,3],"args":{"steps":{"$ref":"each.value"},"stepMs":1},"after":[{"job":"slow","on":"end"}]},
                     {"name":"undo","type":"longtask","after":["slow"]}]}
            """);
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs/{id}");
        var graph = page.Page.GetByRole(AriaRole.Group, new() { Name = "Graph of the flow" });
        await Expect(graph.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(4);
        await Expect(Box(graph, "many")).ToContainTextAsync("waits for slow");
        await Expect(Box(graph, "slow")).ToContainTextAsync("Running");
        await Expect(graph.Locator("path")).ToHaveCountAsync(3);

        var flow = await fixture.Host.Http.GetFromJsonAsync<JsonElement>($"/flows/{id}");
        await fixture.Host.Http.PostAsync($"/jobs/{flow.GetProperty("jobs")[1].GetProperty("id").GetString()}/cancel", null);
        await Expect(Box(graph, "slow")).ToContainTextAsync("Cancelled", new() { Timeout = 30_000 });
        await Expect(Box(graph, "many")).ToContainTextAsync("3 of 3", new() { Timeout = 30_000 });
        await Expect(Box(graph, "many")).ToContainTextAsync("Succeeded");
        await Expect(Box(graph, "undo")).ToContainTextAsync("Not run");

        // From the flow to a child and back.
        await graph.GetByRole(AriaRole.Link).Filter(new() { HasText = "count" }).ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "Child of");
        await page.Main.GetByRole(AriaRole.Definition).GetByRole(AriaRole.Link).Filter(new() { HasText = id[^10..] }).ClickAsync();
        await page.Link("All children").ClickAsync();
        await Expect(page.Main.Locator("tr[data-job]")).ToHaveCountAsync(5);
    }

    [Fact]
    public async Task FlowOfFifty_IsDrawn_AndScrollsWithinItsPlace()
    {
        var jobs = Enumerable.Range(0, 50).Select(i => $$$"""{"name":"job-{{{i}}}","type":"longtask","args":{"steps":1,"stepMs":0}{{{(i < 5 ? "" : $",\"after\":[\"job-{i - 5}\"]")}}}}""");
        var id = await SubmitFlowAsync($$"""{"jobs":[{{string.Join(',', jobs)}}]}""");
        await using var page = await fixture.OpenAsync(360);
        await page.GoAsync($"/jobs/{id}");
        var graph = page.Page.GetByRole(AriaRole.Group, new() { Name = "Graph of the flow" });
        await Expect(graph.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(50);
        await Expect(Box(graph, "job-49")).ToContainTextAsync("Succeeded", new() { Timeout = 60_000 });
        Assert.False(await page.ScrollsSidewaysAsync());
    }

    [Fact]
    public async Task FlowOfTenThousandChildren_IsOneBoxForAllOfThem()
    {
        var id = await SubmitFlowAsync($$$"""{"jobs":[{"name":"many","type":"longtask","each":[{{{string.Join(',', Enumerable.Range(0, 10_000))}}}],"args":{"steps":1,"stepMs":0}},{"name":"last","type":"longtask","args":{"steps":1,"stepMs":0},"after":["many"]}]}""");
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs/{id}");
        var graph = page.Page.GetByRole(AriaRole.Group, new() { Name = "Graph of the flow" });
        await Expect(graph.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(2);
        await Expect(Box(graph, "many")).ToContainTextAsync("of 10,000", new() { Timeout = 60_000 });
        await Expect(Box(graph, "last")).ToContainTextAsync("Succeeded", new() { Timeout = 180_000 });
        await Expect(Box(graph, "many")).ToContainTextAsync("10,000 of 10,000");
    }

    [Fact]
    public async Task AWaitingJob_SaysWhatItWaitsFor_AndTakesASignal()
    {
        var first = await fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 1, stepMs = 0 }, countdown = 3600 });
        var second = await fixture.Host.SubmitAsync(new { type = "longtask", args = new { steps = 1, stepMs = 0 }, after = new[] { first } });
        await using var page = await fixture.OpenAsync();
        await page.GoAsync($"/jobs/{second}");
        await ConsolePage.SeeAsync(page.Main, "Waits for");
        await Expect(page.Main.GetByRole(AriaRole.Link).Filter(new() { HasText = first[^10..] }).First).ToHaveAttributeAsync("href", $"#/jobs/{first}");

        await page.GoAsync($"/jobs/{first}");
        await page.Main.GetByRole(AriaRole.Link, new() { Name = $"longtask …{second[^10..]}" }).ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "Waits for");
        await page.Main.GetByText("Send a signal").ClickAsync();
        await page.Page.GetByLabel("Signal").FillAsync("approved");
        await page.Page.GetByLabel("What it says").FillAsync("{");
        await page.Button("Send").ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "This is not JSON");
        await page.Page.GetByLabel("What it says").FillAsync("""{"by":"me"}""");
        await page.Button("Send").ClickAsync();
        await ConsolePage.SeeAsync(page.Main, "“approved” is sent");

        await fixture.Host.Http.PostAsync($"/jobs/{first}/cancel", null);
        // Nobody takes a signal of a job that has ended.
        await ConsolePage.SeeAsync(page.Main, "dependency_failed");
        await Expect(page.Main.GetByText("Send a signal")).ToBeHiddenAsync();
    }

    private static ILocator Box(ILocator graph, string name) => graph.GetByRole(AriaRole.Listitem).Filter(new() { Has = graph.Page.GetByText(name, new() { Exact = true }) });

    private async Task<string> SubmitFlowAsync(string flow)
    {
        using var response = await fixture.Host.Http.PostAsync("/flows", new StringContent(flow, System.Text.Encoding.UTF8, "application/json"));
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(response.IsSuccessStatusCode, body.GetRawText());
        return body.GetProperty("id").GetString()!;
    }
}
