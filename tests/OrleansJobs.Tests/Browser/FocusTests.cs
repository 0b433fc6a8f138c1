using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

/// <summary>Whoever works by keyboard stays where they are while what they look at is asked for again.</summary>
[Collection(BrowserCollection.Name)]
public class FocusTests(BrowserFixture fixture)
{
    [Theory]
    [InlineData("/jobs?tag=run%3D{0}", "tr[data-job] a", "/jobs?")]
    [InlineData("/jobs?tag=run%3D{0}", "tr[data-job] input", "/jobs?")]
    [InlineData("/jobs?tag=run%3D{0}", "a[rel=next]", "/jobs?")]
    [InlineData("/coming", "tr[data-job] button", "/jobs?order=due")]
    [InlineData("/queues", "li[data-queue='q-{0}'] button", "/queues")]
    [InlineData("/queues", "li[data-queue='q-{0}'] a >> nth=0", "/queues")]
    [InlineData("/schedules", "li[data-schedule='s-{0}'] button >> nth=0", "/schedules?")]
    [InlineData("/schedules/s-{0}", "pre", "/schedules/s-{0}/runs")]
    public async Task Focus_IsKept_WhenAViewIsRefreshed(string view, string focused, string asked)
    {
        var run = Guid.NewGuid().ToString("N");
        foreach (var i in Enumerable.Range(0, 51)) await SubmitAsync(new { type = "longtask", queue = $"q-{run}", args = new { steps = 1, stepMs = 0 }, tags = new { run } });
        await SubmitAsync(new { type = "longtask", countdown = 90_000 });
        using var schedule = await fixture.Host.Http.PutAsync($"/schedules/s-{run}", new StringContent("""{"type":"longtask","cron":"0 3 * * *","args":{"steps":1,"stepMs":0}}""", System.Text.Encoding.UTF8, "application/json"));
        Assert.True(schedule.IsSuccessStatusCode);
        await using var page = await fixture.OpenAsync();
        await page.GoAsync(view.Replace("{0}", run));
        var element = page.Main.Locator(focused.Replace("{0}", run)).First;
        await element.FocusAsync();
        // What is shown has changed each time, too.
        for (var i = 0; i < 2; i++)
        {
            await SubmitAsync(new { type = "longtask", queue = $"q-{run}", args = new { steps = 1, stepMs = 0 } });
            using var trigger = await fixture.Host.Http.PostAsync($"/schedules/s-{run}/trigger", null);
            await page.Page.WaitForResponseAsync(response => response.Url.Contains(asked.Replace("{0}", run), StringComparison.Ordinal));
        }

        // The second answer has been shown by the time that there is a third.
        await page.Page.WaitForRequestAsync(request => request.Url.Contains(asked.Replace("{0}", run), StringComparison.Ordinal));
        await Expect(element).ToBeFocusedAsync();
    }

    private async Task SubmitAsync(object submission) => await fixture.Host.SubmitAsync(submission);
}
