using System.Net.Http.Json;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Gateway.Guarding;
using static Microsoft.Playwright.Assertions;

namespace OrleansJobs.Tests.Browser;

/// <summary>What is offered goes by who looks, and wherever the console is served it works.</summary>
[Collection(BrowserCollection.Name)]
public class WhoSeesWhatTests(BrowserFixture fixture)
{
    private static readonly string[] All = ["submit", "read", "operate"];

    /// <summary>Whatever changes something, in any view.</summary>
    private const string Changing =
        "button:text-matches('^(Cancel|Run|Delete|Move|Priority|Pause|Resume|Send|Start|Act on|Make|Save)'), a:text-is('New schedule'), a:text-matches('^Edit'), input.pick, summary:text-matches('^(Run again|Send)')";

    private static readonly string[] Views =
        ["/overview", "/jobs", "/jobs?queue=mail&state=FAILURE", "/jobs/failed", "/jobs/later", "/failures", "/schedules", "/schedules/nightly", "/schedules/nightly/edit", "/new-schedule", "/coming", "/queues", "/keys", "/keys/tenant/7", "/history"];

    [Theory]
    [InlineData("ops", "", true)]
    [InlineData("ops", "?readonly", false)]
    [InlineData("viewer", "", false)]
    public async Task Buttons_AreThereForThoseWhoMayUseThem(string key, string search, bool areThere)
    {
        var grid = await StartAsync(new Dictionary<string, string?>().With("ops", All).With("viewer", ["read"]));
        try
        {
            await FillAsync(grid);
            await using var page = await OpenAsync(new Uri(grid.Address, search), key);
            foreach (var view in Views)
            {
                await SeeAsync(page, view);
                if (!areThere) Assert.Equal((view, 0), (view, await page.Main.Locator(Changing).CountAsync()));
                else if (view is not ("/overview" or "/history")) await Expect(page.Main.Locator(Changing).First).ToBeAttachedAsync();
            }

            await Expect(page.Link("Start")).ToHaveCountAsync(areThere ? 1 : 0);
            await page.GoAsync();
            await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = areThere ? "Start a job" : "Overview" })).ToBeVisibleAsync();
        }
        finally
        {
            await grid.DisposeAsync();
        }
    }

    [Fact]
    public async Task WhereTheConsoleIsForLookingOnly_NobodyIsOfferedAChange()
    {
        var grid = await StartAsync(new Dictionary<string, string?> { ["Gateway:Console:ReadOnly"] = "true" }.With("ops", All));
        try
        {
            await FillAsync(grid);
            await using var page = await OpenAsync(grid.Address, "ops");
            foreach (var view in Views)
            {
                await SeeAsync(page, view);
                Assert.Equal((view, 0), (view, await page.Main.Locator(Changing).CountAsync()));
            }

            // Nor is it done where somebody asks for it all the same.
            var status = await page.Page.EvaluateAsync<int>("async () => { try { await (await import('/js/api/jobs.js')).retryJob('failed'); return 200; } catch (problem) { return problem.status; } }");
            Assert.Equal(403, status);
        }
        finally
        {
            await grid.DisposeAsync();
        }
    }

    [Fact]
    public async Task AKeyOfSeveralQueues_WorksInEveryView()
    {
        var grid = await StartAsync(new Dictionary<string, string?>().With("ops", All).With("both", All, "fax", "mail"));
        try
        {
            await FillAsync(grid);
            await using var page = await OpenAsync(grid.Address, "both");
            foreach (var view in Views)
            {
                await SeeAsync(page, view);
                await Expect(page.Main.Locator(".error-box")).ToHaveCountAsync(view == "/jobs/failed" ? 1 : 0);
            }

            // Its own queues, and those alone.
            await page.GoAsync("/overview");
            await ConsolePage.SeeAsync(page.Main, "mail");
            await Expect(page.Main).Not.ToContainTextAsync("default");
            await page.GoAsync("/jobs");
            await Expect(page.Page.GetByLabel("Queue")).ToHaveValueAsync("fax");
            await page.Page.GetByLabel("Queue").SelectOptionAsync("mail");
            await Expect(page.RowOf("failed")).ToBeVisibleAsync();
            await page.GoAsync("/failures");
            await ConsolePage.SeeAsync(page.Main, "2 failed jobs");
            await page.GoAsync("/coming");
            await page.Page.GetByLabel("Queue").SelectOptionAsync("mail");
            await Expect(page.RowOf("later")).ToBeVisibleAsync();
            await page.GoAsync("/keys");
            await ConsolePage.SeeAsync(page.Main, "Keys are of all queues");

            // What it starts goes to a queue of its own.
            await page.GoAsync();
            var card = await page.StartLongTaskAsync(steps: 2, stepMs: 10);
            await ConsolePage.SeeAsync(card, "Result 42");
        }
        finally
        {
            await grid.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("", "/ops/jobs")]
    [InlineData("/internal", "/ops/jobs")]
    [InlineData("/internal", "/")]
    public async Task Elsewhere_AndBehindAProxyThatPutsSomethingBefore_ItWorks(string before, string path)
    {
        var grid = await StartAsync(new() { ["Gateway:Console:Path"] = path }, builder => builder.Services.AddSingleton<IStartupFilter>(new Stripping(before)));
        try
        {
            await using var page = await fixture.OpenAsync(new Uri(grid.Address, before + path));
            await page.GoAsync();
            var card = await page.StartLongTaskAsync(steps: 30, stepMs: 40);
            await ConsolePage.SeeMovingAsync(card);
            await Expect(page.Page.GetByText("Live", new() { Exact = true })).ToBeVisibleAsync();
            await ConsolePage.SeeAsync(card, "Result 42");
            await card.GetByRole(AriaRole.Link).First.ClickAsync();
            await ConsolePage.SeeAsync(page.Main, "\"steps\": 30");
            await page.Link("Queues").ClickAsync();
            await ConsolePage.SeeAsync(page.Main, "default");
        }
        finally
        {
            await grid.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("?readonly", false)]
    public async Task WhoMayOnlyLook_CanSignOut_ButNotFromTheWall(string search, bool isOffered)
    {
        var grid = await StartSignedInAsync(new() { ["Gateway:Console:ReadOnly"] = "true" });
        try
        {
            await using var page = await fixture.OpenAsync(new Uri(grid.Address, search));
            await page.GoAsync("/queues");
            await page.Page.EvaluateAsync("fetch('/login?name=ann')");
            await page.Page.ReloadAsync();
            await Expect(page.Page.GetByText("ann", new() { Exact = true })).ToBeVisibleAsync();
            await Expect(page.Link("Sign out")).ToHaveCountAsync(isOffered ? 1 : 0);
        }
        finally
        {
            await grid.DisposeAsync();
        }
    }

    private static Task<GridHost> StartSignedInAsync(Dictionary<string, string?> settings)
    {
        return StartAsync(
            new(settings)
            {
                ["Gateway:SignIn:Scheme"] = CookieAuthenticationDefaults.AuthenticationScheme, ["Gateway:SignIn:Path"] = "/login?name=ann", ["Gateway:SignIn:OutPath"] = "/logout",
                ["Gateway:SignIn:Grants:0:Scopes:0"] = "submit", ["Gateway:SignIn:Grants:0:Scopes:1"] = "read", ["Gateway:SignIn:Grants:0:Scopes:2"] = "operate",
            },
            builder =>
            {
                builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
                builder.Services.AddAntiforgery();
            },
            app =>
            {
                app.MapGet("/login", async (HttpContext context, string name, string? returnUrl) =>
                {
                    await context.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.Name, name)], "test")));
                    return Results.LocalRedirect(returnUrl ?? "/");
                });
                app.MapGet("/logout", async (HttpContext context) =>
                {
                    await context.SignOutAsync();
                    return Results.LocalRedirect("/");
                });
            });
    }

    [Fact]
    public async Task WhoIsSignedInByACookie_NeedsNoKey_AndChangesThings_ButNotAsSomebodyElseWhoHasSignedInSince()
    {
        var grid = await StartSignedInAsync([]);
        try
        {
            await using var page = await fixture.OpenAsync(grid.Address);
            await page.GoAsync("/queues");
            await page.Main.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
            // Back where they came from.
            await Expect(page.Page.GetByText("ann", new() { Exact = true })).ToBeVisibleAsync();
            await Expect(page.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("#/queues$"));
            await page.GoAsync();
            await ConsolePage.SeeAsync(await page.StartLongTaskAsync(steps: 1, stepMs: 0), "Result 42");

            // The token of this page is worth nothing without its other half, and another is asked for.
            await page.Page.Context.ClearCookiesAsync(new() { NameRegex = new("Antiforgery") });
            await ConsolePage.SeeAsync(await page.StartLongTaskAsync(steps: 1, stepMs: 1), "Result 42");

            // Nothing is done as somebody whom the page has not shown.
            await page.Page.EvaluateAsync("fetch('/login?name=bob')");
            await page.Button("Start a long job").ClickAsync();
            await ConsolePage.SeeAsync(page.Main, "bob is signed in now");
            await Expect(page.Page.GetByText("bob", new() { Exact = true })).ToBeVisibleAsync();
            await Expect(page.Started.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(2);
            await ConsolePage.SeeAsync(await page.StartLongTaskAsync(steps: 1, stepMs: 2), "Result 42");

            await page.Link("Sign out").ClickAsync();
            await Expect(page.Main.GetByRole(AriaRole.Link, new() { Name = "Sign in" })).ToBeVisibleAsync();
        }
        finally
        {
            await grid.DisposeAsync();
        }
    }

    private static async Task<GridHost> StartAsync(Dictionary<string, string?> settings, Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null)
    {
        var grid = new GridHost();
        await grid.StartAsync(settings, configure: configure, map: map);
        return grid;
    }

    /// <summary>A failed job and one that is to come in the queue mail, another failed one in fax, and one in a queue that is nobody's; a schedule, and a key with a job.</summary>
    private static async Task FillAsync(GridHost grid)
    {
        grid.Http.DefaultRequestHeaders.Authorization = new("Bearer", KeySettings.KeyOf("ops"));
        object fails = new { steps = 0 };
        foreach (var submission in new object[]
        {
            new { id = "failed", type = "longtask", queue = "mail", attempts = 1, args = fails }, new { id = "failed-too", type = "longtask", queue = "fax", attempts = 1, args = fails },
            new { id = "foreign", type = "longtask", queue = "default", attempts = 1, args = fails }, new { id = "later", type = "longtask", queue = "mail", countdown = 90_000 },
            new { type = "longtask", queue = "mail", key = "tenant/7" },
        })
        {
            // Nothing of the key is started, so that it has a line to look at.
            using var paused = await grid.Http.PostAsync("/keys/tenant/7/pause", null);
            using var answer = await grid.Http.PostAsJsonAsync("/jobs", submission);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        foreach (var id in new[] { "failed", "failed-too", "foreign" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/jobs/{id}") { Headers = { { "Prefer", "wait=30" } } };
            Assert.Contains("FAILURE", await (await grid.Http.SendAsync(request)).Content.ReadAsStringAsync());
        }

        using var schedule = await grid.Http.PutAsJsonAsync("/schedules/nightly", new { type = "longtask", queue = "mail", cron = "0 3 * * *" });
        Assert.True(schedule.IsSuccessStatusCode, await schedule.Content.ReadAsStringAsync());
    }

    private async Task<ConsolePage> OpenAsync(Uri address, string key)
    {
        var page = await fixture.OpenAsync(address);
        await page.Page.AddInitScriptAsync($"sessionStorage.setItem('orleansjobs.key', '{KeySettings.KeyOf(key)}')");
        return page;
    }

    private static async Task SeeAsync(ConsolePage page, string view)
    {
        await page.GoAsync(view);
        await Expect(page.Main.Locator(".loading")).ToHaveCountAsync(0);
    }

    /// <summary>What a proxy does that puts something before the gateway's addresses and does not tell it.</summary>
    private sealed class Stripping(string before) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((HttpContext context, RequestDelegate go) =>
            {
                if (context.Request.Path.StartsWithSegments(before, out var rest)) context.Request.Path = rest;
                else if (before.Length > 0 && !context.Request.Path.StartsWithSegments("/health")) context.Request.Path = "/not-here";
                return go(context);
            });
            next(app);
        };
    }
}
