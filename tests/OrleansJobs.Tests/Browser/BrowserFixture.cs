using Microsoft.Playwright;

namespace OrleansJobs.Tests.Browser;

/// <summary>One browser and one host for all tests of the page.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    /// <summary>Where the sample page of another origin is served.</summary>
    internal FolderServer Foreign { get; private set; } = null!;
    internal ConsoleHost Host { get; private set; } = null!;
    internal IBrowser Browser { get; private set; } = null!;
    private IPlaywright? _playwright;
    private ConsolePage? _modules;

    public async Task InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        Browser = await Chromium.LaunchAsync(_playwright);
        Foreign = await FolderServer.StartAsync(Infrastructure.Repository.PathOf("samples/pages"));
        Host = await ConsoleHost.StartAsync(KeyValuePair.Create("Gateway:Cors:Origins:0", Foreign.Origin));
    }

    public async Task DisposeAsync()
    {
        if (_modules is not null) await _modules.DisposeAsync();
        Host?.Dispose();
        if (Foreign is not null) await Foreign.DisposeAsync();
        if (Browser is not null) await Browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>One page for all that only want to call the page's functions.</summary>
    internal async Task<IPage> ModulesAsync()
    {
        if (_modules is null)
        {
            _modules = await OpenAsync();
            await _modules.GoAsync();
        }

        return _modules.Page;
    }

    /// <summary>The same, of a console somewhere else.</summary>
    internal Task<ConsolePage> OpenAsync(Uri address) => ConsolePage.OpenAsync(Browser, address, new() { ViewportSize = new() { Width = 1200, Height = 800 }, Locale = "en-GB" });

    /// <summary>A browser that knows nothing of the tests before, with an empty page.</summary>
    internal Task<ConsolePage> OpenAsync(int width = 1200, ColorScheme colours = ColorScheme.Light, ConsoleHost? host = null) =>
        ConsolePage.OpenAsync(Browser, (host ?? Host).Address, new() { ViewportSize = new() { Width = width, Height = 800 }, ColorScheme = colours, Locale = "en-GB" });
}

[CollectionDefinition(Name)]
public sealed class BrowserCollection : ICollectionFixture<BrowserFixture>
{
    public const string Name = "browser";
}
