using System.Security.Cryptography;
using System.Text;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

/// <summary>A host that asks for keys.</summary>
[Collection(BrowserCollection.Name)]
public class GuardedHostTests(BrowserFixture fixture)
{
    private const string FullKey = "full-0123456789abcdef0123456789abcdef";
    private const string SubmitKey = "submit-0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task Key_IsAskedForAndLetsTheUserIn()
    {
        using var host = await StartAsync();
        await using var page = await fixture.OpenAsync(host: host);
        await page.GoAsync();

        await page.Button("Enter an API key").ClickAsync();
        await page.Dialog.GetByLabel("API key").FillAsync(FullKey);
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Use this key" }).ClickAsync();
        var card = await page.StartLongTaskAsync(steps: 30, stepMs: 60);

        await ConsolePage.SeeMovingAsync(card);
        await Expect(page.Page.GetByText("Live", new() { Exact = true })).ToBeVisibleAsync();
        await ConsolePage.SeeAsync(card, "Result 42");
        // The key is in no address.
        Assert.DoesNotContain(FullKey, await page.Page.EvaluateAsync<string>("location.href + performance.getEntriesByType('resource').map((entry) => entry.name)"));
    }

    [Fact]
    public async Task Key_ThatMayOnlySubmit_WatchesWhatItStarted()
    {
        using var host = await StartAsync();
        var foreign = await SubmitWithAsync(host, FullKey);
        await using var page = await fixture.OpenAsync(host: host);
        await page.GoAsync();
        await page.Button("Enter an API key").ClickAsync();
        await page.Dialog.GetByLabel("API key").FillAsync(SubmitKey);
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Use this key" }).ClickAsync();

        // It may not read which types there are, so the name is typed and the arguments are JSON.
        await page.Page.GetByLabel("Job type").FillAsync("longtask");
        await page.Page.GetByLabel("Arguments as JSON").FillAsync("""{"steps":30,"stepMs":100}""");
        await page.Button("Start a long job").ClickAsync();

        var card = page.Started.GetByRole(AriaRole.Listitem);
        await ConsolePage.SeeMovingAsync(card);
        await ConsolePage.SeeAsync(card, "Result 42");
        await page.GoAsync($"/jobs/{foreign}");
        await ConsolePage.SeeAsync(page.Main, "This key does not allow it");
    }

    private static async Task<string> SubmitWithAsync(ConsoleHost host, string key)
    {
        host.Http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return await host.SubmitAsync(new { type = "longtask", args = new { steps = 1, stepMs = 0 } });
    }

    private static Task<ConsoleHost> StartAsync() => ConsoleHost.StartAsync([.. Key(0, "full", FullKey, "submit", "read", "operate"), .. Key(1, "submitter", SubmitKey, "submit")]);

    private static IEnumerable<KeyValuePair<string, string>> Key(int index, string id, string key, params string[] scopes) =>
    [
        KeyValuePair.Create($"Gateway:Keys:{index}:Id", id),
        KeyValuePair.Create($"Gateway:Keys:{index}:Sha256", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))),
        .. scopes.Select((scope, at) => KeyValuePair.Create($"Gateway:Keys:{index}:Scopes:{at}", scope)),
    ];
}
