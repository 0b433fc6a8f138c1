using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

/// <summary>
/// The console in one tab, found by what people see and hear: roles, labels and texts. When it is closed, whatever the browser complained of
/// (an exception, a breach of the content policy) fails the test.
/// </summary>
internal sealed class ConsolePage : IAsyncDisposable
{
    // Looking now and then misses a bar that fills in a second, so every value that a bar shows is noted on it.
    private const string NoteBars =
        """
        new MutationObserver((changes) => {
          for (const { target } of changes) (target.values ??= []).push(Number(target.getAttribute('aria-valuenow')));
        }).observe(document, { attributes: true, attributeFilter: ['aria-valuenow'], subtree: true });
        """;

    private readonly IBrowserContext _context;
    private readonly Uri _address;
    private readonly List<string> _complaints = [];

    private ConsolePage(IBrowserContext context, IPage page, Uri address)
    {
        _context = context;
        _address = address;
        Page = page;
        page.PageError += (_, error) => _complaints.Add(error);
        page.Console += (_, message) =>
        {
            // The browser logs every answer that is no success; the tests see those on the page.
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)) _complaints.Add(message.Text);
        };
    }

    public IPage Page { get; }
    public ILocator Main => Page.GetByRole(AriaRole.Main);
    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);
    public ILocator Started => Page.GetByRole(AriaRole.List, new() { Name = "Jobs started here" });
    public ILocator Said => Page.Locator("#announcer");

    public static async Task<ConsolePage> OpenAsync(IBrowser browser, Uri address, BrowserNewContextOptions options)
    {
        var context = await browser.NewContextAsync(options);
        context.SetDefaultTimeout(15_000);
        await context.AddInitScriptAsync(NoteBars);
        return new ConsolePage(context, await context.NewPageAsync(), address);
    }

    /// <param name="view">What comes after the '#', such as <c>/jobs?state=FAILURE</c>.</param>
    public async Task GoAsync(string view = "/")
    {
        await Page.GotoAsync($"{_address}#{view}");
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    /// <summary>Starts a long task from the form.</summary>
    /// <returns>Its card.</returns>
    public async Task<ILocator> StartLongTaskAsync(int steps, int stepMs)
    {
        await Page.GetByLabel("Steps").FillAsync($"{steps}");
        await Page.GetByLabel("Step ms").FillAsync($"{stepMs}");
        var before = await Started.GetByRole(AriaRole.Listitem).CountAsync();
        await Button("Start a long job").ClickAsync();
        await Expect(Started.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(before + 1);
        // The newest is on top; by its id it is found there later too.
        var id = await Started.GetByRole(AriaRole.Listitem).First.GetAttributeAsync("data-job");
        return CardOf(id!);
    }

    public ILocator CardOf(string id) => Page.Locator($"li[data-job='{id}']");

    public ILocator RowOf(string id) => Page.Locator($"tr[data-job='{id}']");

    /// <summary>Waits until the bar in this place has been on its way: neither empty nor full.</summary>
    public static async Task SeeMovingAsync(ILocator place)
    {
        var bar = await place.GetByRole(AriaRole.Progressbar).ElementHandleAsync();
        await place.Page.WaitForFunctionAsync("bar => bar.values?.some((value) => value > 0 && value < 100)", bar);
    }

    public static Task SeeAsync(ILocator place, string text) => Expect(place).ToContainTextAsync(text, new() { Timeout = 15_000 });

    public Task<bool> ScrollsSidewaysAsync() => Page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth");

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.Empty(_complaints);
    }
}
