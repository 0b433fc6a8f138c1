using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

[Collection(BrowserCollection.Name)]
public class LayoutTests(BrowserFixture fixture)
{
    private const int Phone = 360;

    [Theory]
    [InlineData("/")]
    [InlineData("/?type=wordcount")]
    [InlineData("/jobs")]
    [InlineData("/jobs/{0}")]
    [InlineData("/failures")]
    [InlineData("/schedules")]
    [InlineData("/new-schedule")]
    [InlineData("/coming")]
    [InlineData("/queues")]
    [InlineData("/overview")]
    [InlineData("/history")]
    [InlineData("/history?range=30d")]
    [InlineData("/nowhere")]
    public async Task View_OnAPhone_DoesNotScrollSideways(string view)
    {
        var id = await fixture.Host.SubmitAsync(new { type = "hash-file", args = new { path = new string('x', 300) }, attempts = 1, tags = new { name = new string('y', 64) } });
        await fixture.Host.EndOfAsync(id);
        await using var page = await fixture.OpenAsync(Phone);

        await page.GoAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, view, id));
        await Expect(page.Main.Locator(".loading")).ToHaveCountAsync(0);

        Assert.False(await page.ScrollsSidewaysAsync());
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Colours_CanBeRead(ColorScheme colours)
    {
        await using var page = await fixture.OpenAsync(colours: colours);
        await page.GoAsync();

        // The contrast that WCAG 2 asks of text (level AA).
        foreach (var (text, ground) in TextOnGround)
        {
            var contrast = await page.Page.EvaluateAsync<double>(Contrast, new[] { text, ground });
            Assert.True(contrast >= 4.5, $"--{text} on --{ground}: {contrast:0.00}");
        }
    }

    private static readonly (string Text, string Ground)[] TextOnGround =
    [
        ("text", "ground"), ("text", "surface"), ("dim", "ground"), ("dim", "surface"), ("dim", "surface-2"), ("accent", "ground"), ("accent", "surface"),
        ("on-accent", "accent"), ("accent-strong", "accent-ground"), ("good", "good-ground"), ("bad", "bad-ground"), ("bad", "surface"),
        ("warn", "warn-ground"), ("text", "warn-ground"), ("surface", "bad"),
    ];

    private const string Contrast =
        """
        ([text, ground]) => {
          const luminance = (name) => {
            const hex = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
            const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const [dark, light] = [luminance(text), luminance(ground)].sort((a, b) => a - b);
          return (light + 0.05) / (dark + 0.05);
        }
        """;
}
