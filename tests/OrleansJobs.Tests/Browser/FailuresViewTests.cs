using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class FailuresViewTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Failures_AreGroupedByWhereTheyFailed_AndRunAgainTogether()
    {
        // Each says something else, and three of them failed at one place.
        var type = $"broken-{Guid.NewGuid():N}";
        var failures = new[] { ("No such file: a", "read"), ("The disk is full", "read"), ("Nothing there", "read"), ("No such file: a", "write") };
        var session = (await WorkAsync($$"""{"seq":1,"types":[{"name":"{{type}}"}]}""")).GetProperty("session").GetString();
        var ids = new List<string>();
        foreach (var (message, place) in failures)
        {
            var id = await fixture.Host.SubmitAsync(new { type, queue = ids.Count == 0 ? "slow" : "default" });
            var token = (await WorkAsync($$"""{"session":"{{session}}","seq":{{2 * ids.Count + 2}},"types":["{{type}}"],"want":1,"wait":10}""")).GetProperty("leases")[0].GetProperty("token").GetString();
            await WorkAsync($$"""
                {"session":"{{session}}","seq":{{2 * ids.Count + 3}},"reports":[{"id":"{{id}}","token":"{{token}}","outcome":"failure","final":true,
                 "error":{"type":"IOError","message":"{{message}}","trace":"at {{place}} (files.py:{{ids.Count}})"} }]}
                """);
            ids.Add(id);
        }

        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/failures");

        var groups = page.Page.Locator("li[data-group]").Filter(new() { HasText = type });
        await Expect(groups).ToHaveCountAsync(2);
        var group = groups.Filter(new() { HasText = "at read" });
        await ConsolePage.SeeAsync(group, "3 jobs");
        await ConsolePage.SeeAsync(group, "Queue default 2, slow 1");
        await group.GetByRole(AriaRole.Button, new() { Name = "Run all again" }).ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("Run 3 jobs again?");
        await page.Dialog.GetByLabel("Reason").FillAsync("The disk is mended");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Run 3 jobs again" }).ClickAsync();

        await ConsolePage.SeeAsync(page.Said, "3 jobs will run again");
        await Expect(groups).ToHaveCountAsync(1);
        foreach (var id in ids[..3]) Assert.Equal("PENDING", (await StateOfAsync(id)));
        Assert.Contains("The disk is mended", await fixture.Host.Http.GetStringAsync($"/jobs/{ids[0]}"));
        Assert.Equal("FAILURE", await StateOfAsync(ids[3]));

        // What is not worth it goes.
        await groups.GetByRole(AriaRole.Button, new() { Name = "Delete all" }).ClickAsync();
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete 1 job" }).ClickAsync();
        await Expect(groups).ToHaveCountAsync(0);
        using var gone = await fixture.Host.Http.GetAsync($"/jobs/{ids[3]}");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.StatusCode);
    }

    private async Task<string?> StateOfAsync(string id) =>
        System.Text.Json.JsonDocument.Parse(await fixture.Host.Http.GetStringAsync($"/jobs/{id}")).RootElement.GetProperty("state").GetString();

    private async Task<System.Text.Json.JsonElement> WorkAsync(string body)
    {
        using var answer = await fixture.Host.Http.PostAsync("/work", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return System.Text.Json.JsonDocument.Parse(text).RootElement;
    }
}
