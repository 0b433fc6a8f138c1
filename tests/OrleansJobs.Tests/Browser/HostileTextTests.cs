using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

/// <summary>Whatever comes from jobs is text on the page, never a part of it.</summary>
[Collection(BrowserCollection.Name)]
public class HostileTextTests(BrowserFixture fixture)
{
    private const string Markup = "<img src=x onerror=document.title='taken'><svg onload=alert(1)>";

    [Theory]
    [InlineData("/jobs/{0}")]
    [InlineData("/jobs?tag=run%3D{1}")]
    [InlineData("/failures")]
    [InlineData("/queues")]
    public async Task Markup_IsShownAsText(string view)
    {
        var run = Guid.NewGuid().ToString("N");
        // Its path comes back in the error; its tag, queue and arguments are shown as well.
        var id = await fixture.Host.SubmitAsync(new { type = "hash-file", args = new { path = Markup }, attempts = 1, tags = new { run, markup = "<b>bold</b>" } });
        var ended = await fixture.Host.EndOfAsync(id);
        Assert.Contains(Markup, ended.GetProperty("error").GetProperty("message").GetString());
        await using var page = await fixture.OpenAsync();
        await PauseAsync($"markup-{run}");

        await page.GoAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, view, id, run));

        await ConsolePage.SeeAsync(page.Main, "<img src=x onerror=");
        await Expect(page.Main.Locator("img, svg, b, script")).ToHaveCountAsync(0);
        Assert.DoesNotContain("taken", await page.Page.TitleAsync());
    }

    [Fact]
    public async Task Markup_InTheCardOfAJob_IsShownAsText()
    {
        await using var page = await fixture.OpenAsync();
        await page.GoAsync("/?type=hash-file");
        await page.Page.GetByLabel("Path").FillAsync(Markup);
        await page.Button("Start hash-file").ClickAsync();

        await ConsolePage.SeeAsync(page.Started, Markup);
        await Expect(page.Main.Locator("img, svg, b, script")).ToHaveCountAsync(0);
    }

    private async Task PauseAsync(string queue)
    {
        using var response = await fixture.Host.Http.PostAsync($"/queues/{queue}/pause", System.Net.Http.Json.JsonContent.Create(new { reason = Markup }));
        response.EnsureSuccessStatusCode();
    }
}
