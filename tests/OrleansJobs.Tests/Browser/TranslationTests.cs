using System.Text.RegularExpressions;
using Microsoft.Playwright;
using OrleansJobs.Tests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

/// <summary>Another language, made of the English texts by marks around them: whatever is said without them has come from somewhere else.</summary>
[Collection(BrowserCollection.Name)]
public partial class TranslationTests(BrowserFixture fixture)
{
    private const string Marked =
        """
        import { texts as english } from './en.js';
        const mark = (text) => {
          if (typeof text === 'string') return `⟦${text}⟧`;
          if (typeof text === 'object') return Object.fromEntries(Object.entries(text).map(([name, each]) => [name, mark(each)]));
          return (...parts) => {
            const said = text(...parts);
            return Array.isArray(said) ? ['⟦', said, '⟧'] : `⟦${said}⟧`;
          };
        };
        export const texts = mark(english);
        delete texts.words.job;
        delete texts.states.phases.retrying;
        """;

    /// <summary>What people read or hear that is never data: headings of views, heads of columns, buttons, labels, and names of parts.</summary>
    private const string Said =
        """
        () => {
          const isSeen = (element) => element.checkVisibility() && !element.closest('.args, .code-block pre, dialog');
          const texts = [...document.querySelectorAll('button, thead th, dt, caption, legend, summary, .field label, .lead, .empty-title, nav a, .skip, section > h2, .badge, .error-title')]
            .filter((element) => isSeen(element) && element.textContent.trim() !== '').map((element) => element.textContent);
          const names = [...document.querySelectorAll('[aria-label], [placeholder]')].filter(isSeen).flatMap((element) => [element.getAttribute('aria-label'), element.getAttribute('placeholder')]).filter(Boolean);
          return [...texts, ...names];
        }
        """;

    [Fact]
    public async Task AllThatIsSaid_CanBeTranslated_AndWhatIsNot_IsEnglish()
    {
        var failed = await fixture.Host.SubmitAsync(new { type = "hash-file", args = new { path = "none" }, attempts = 1 });
        await fixture.Host.EndOfAsync(failed);
        await using var page = await ConsolePage.OpenAsync(fixture.Browser, fixture.Host.Address, new() { ViewportSize = new() { Width = 1200, Height = 800 }, Locale = "de-DE" });
        await page.Page.RouteAsync("**/js/texts.js", route => route.FulfillAsync(new() { ContentType = "text/javascript", Body = Repository.Read("src/Gateway/wwwroot/js/texts.js").Replace("const others = [];", "const others = ['de'];") }));
        await page.Page.RouteAsync("**/js/texts/de.js", route => route.FulfillAsync(new() { ContentType = "text/javascript", Body = Marked }));
        foreach (var view in new[] { "/", "/jobs", $"/jobs/{failed}", "/failures", "/schedules", "/new-schedule", "/coming", "/queues", "/keys", "/overview", "/history", "/nowhere" })
        {
            await page.GoAsync(view);
            await Expect(page.Main.Locator(".loading")).ToHaveCountAsync(0);
            var said = await page.Page.EvaluateAsync<string[]>(Said);
            // A word that was left out of the translation, and examples of what to write.
            Assert.Empty(said.Where(text => !text.Contains('⟦') && text is not "Job" && !Example().IsMatch(text)).Select(text => $"{view}: {text}"));
            Assert.Contains(said, text => text.Contains('⟦'));
        }

        await page.GoAsync("/jobs");
        await Expect(page.Page.Locator("thead th").First).ToHaveTextAsync("Job");
        // Also where it is one of several under a name.
        Assert.Equal(["Will run again", "⟦Scheduled⟧"], await page.Page.EvaluateAsync<string[]>(
            "async () => { const { stateWord } = await import('/js/live/jobStates.js'); return ['retrying', 'scheduled'].map((phase) => stateWord({ state: 'PENDING', phase })); }"));
        Assert.Equal("de", await page.Page.EvaluateAsync<string>("document.documentElement.lang"));
        Assert.Contains('⟦', await page.Page.TitleAsync());
    }

    [GeneratedRegex(@"=|^UTC$|^null$|\* \*")]
    private static partial Regex Example();
}
