using System.Net;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Guarding;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>A host that signs people in by ASP.NET's own cookie, over real HTTP.</summary>
public sealed class SignInTests
{
    private const string Submit = """{"type":"longtask"}""";
    private static readonly string[] Full = ["submit", "read", "operate"];

    private static readonly Dictionary<string, string?> Grants = new()
    {
        ["Gateway:SignIn:Scheme"] = CookieAuthenticationDefaults.AuthenticationScheme, ["Gateway:SignIn:Path"] = "/login", ["Gateway:SignIn:OutPath"] = "/logout",
        ["Gateway:SignIn:Grants:0:Claim"] = "role", ["Gateway:SignIn:Grants:0:Value"] = "admin",
        ["Gateway:SignIn:Grants:0:Scopes:0"] = "submit", ["Gateway:SignIn:Grants:0:Scopes:1"] = "read", ["Gateway:SignIn:Grants:0:Scopes:2"] = "operate",
        ["Gateway:SignIn:Grants:1:Claim"] = "team", ["Gateway:SignIn:Grants:1:Value"] = "mail", ["Gateway:SignIn:Grants:1:Scopes:0"] = "read", ["Gateway:SignIn:Grants:1:Scopes:1"] = "operate",
        ["Gateway:SignIn:Grants:1:Queues:0"] = "mail", ["Gateway:SignIn:Grants:1:Queues:1"] = "fax",
        ["Gateway:SignIn:Grants:2:Claim"] = "role", ["Gateway:SignIn:Grants:2:Scopes:0"] = "read",
    };

    [Fact]
    public async Task AChange_WithTheCookie_NeedsItsToken_AndWithIt_IsDone()
    {
        await using var host = await StartAsync(Grants);
        using var ann = await PersonAsync(host, "ann", "role=admin");

        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync("/queues")).StatusCode);
        var refused = await ann.PostJsonAsync("/jobs", Submit);
        Assert.Equal((HttpStatusCode.Forbidden, "antiforgery"), (refused.StatusCode, await refused.ProblemAsync()));
        Assert.Empty(host.Grid.Jobs);

        var token = await TokenAsync(ann);
        Assert.Equal("antiforgery", await (await ann.PostJsonAsync("/jobs", Submit, (token.Name, "CfDJ8" + token.Value[5..^1]))).ProblemAsync());
        Assert.Equal(HttpStatusCode.Accepted, (await ann.PostJsonAsync("/jobs", Submit, token)).StatusCode);
        Assert.Equal("antiforgery", await (await ann.DeleteAsync($"/jobs/{host.Grid.Jobs.Single().Status.Id}")).ProblemAsync());
        Assert.Single(host.Grid.Jobs);
    }

    [Fact]
    public async Task TheToken_IsWorthNothing_ToSomebodyElse_NorWithoutTheCookieThatIsItsOtherHalf()
    {
        await using var host = await StartAsync(Grants);
        using var ann = await PersonAsync(host, "ann", "role=admin");
        using var bob = await PersonAsync(host, "bob", "role=admin");
        var token = await TokenAsync(ann);
        await TokenAsync(bob);
        Assert.Equal("antiforgery", await (await bob.PostJsonAsync("/jobs", Submit, token)).ProblemAsync());

        using var again = await PersonAsync(host, "ann", "role=admin");
        Assert.Equal("antiforgery", await (await again.PostJsonAsync("/jobs", Submit, token)).ProblemAsync());
        Assert.Empty(host.Grid.Jobs);
    }

    /// <summary>What a form of another page can send, were the cookie sent along: the token as a field is looked for by nobody.</summary>
    [Fact]
    public async Task AForm_IsNoChange()
    {
        await using var host = await StartAsync(Grants);
        using var ann = await PersonAsync(host, "ann", "role=admin");
        var token = await TokenAsync(ann);
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("__RequestVerificationToken", token.Value)]);
        Assert.Equal("antiforgery", await (await ann.PostAsync("/queues/mail/pause", form)).ProblemAsync());
    }

    [Fact]
    public async Task Keys_GoOnBesideIt_WithoutATokenAndWithNoRedirect()
    {
        await using var host = await StartAsync(new Dictionary<string, string?>(Grants).With("shop", ["submit"]));
        Assert.Equal(HttpStatusCode.Accepted, (await host.Http.PostJsonAsync("/jobs", Submit, KeySettings.Bearer("shop"))).StatusCode);
        var forbidden = await host.Http.GetAsync("/queues", KeySettings.Bearer("shop"));
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), (forbidden.StatusCode, await forbidden.ProblemAsync()));
        var unknown = await host.Http.GetAsync("/queues", ("Authorization", "Bearer nobody's"));
        Assert.Equal((HttpStatusCode.Unauthorized, "unauthorized"), (unknown.StatusCode, await unknown.ProblemAsync()));
        var nobody = await host.Http.GetAsync("/queues");
        Assert.Equal((HttpStatusCode.Unauthorized, "unauthorized"), (nobody.StatusCode, await nobody.ProblemAsync()));

        // Who sends a key means it, whatever cookie comes along.
        using var ann = await PersonAsync(host, "ann", "role=admin");
        Assert.Equal(HttpStatusCode.Forbidden, (await ann.GetAsync("/queues", KeySettings.Bearer("shop"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ann.GetAsync("/queues", ("Authorization", "Bearer nobody's"))).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await ann.PostJsonAsync("/jobs", Submit, KeySettings.Bearer("shop"))).StatusCode);
    }

    [Fact]
    public async Task TheHostsOwnPages_AreItsOwn()
    {
        await using var host = await StartAsync(Grants);
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var stranger = new HttpClient(handler) { BaseAddress = host.Http.BaseAddress };
        Assert.Equal(HttpStatusCode.Redirect, (await stranger.GetAsync("/own")).StatusCode);
        using var ann = await PersonAsync(host, "ann", "role=admin");
        Assert.Equal("ann", await ann.GetStringAsync("/own"));
    }

    [Theory]
    [InlineData("role=admin team=mail", "submit read operate", "")]
    [InlineData("team=mail role=other", "read operate", "mail fax")]
    [InlineData("role=other", "read", "")]
    [InlineData("team=other", "", "")]
    [InlineData("scope=operate", "", "")]
    public async Task OfTheGrants_TheFirstThatFits_CountsAlone(string claims, string scopes, string queues)
    {
        await using var host = await StartAsync(Grants);
        using var person = await PersonAsync(host, "pat", claims);
        var caller = await CallerAsync(person);
        Assert.Equal(("signIn", "pat"), (caller.GetProperty("by").GetString(), caller.GetProperty("name").GetString()));
        Assert.Equal(scopes, string.Join(' ', caller.GetProperty("scopes").EnumerateArray()));
        Assert.Equal(queues, string.Join(' ', caller.GetProperty("queues").EnumerateArray()));
        Assert.Equal(scopes.Contains("read") ? HttpStatusCode.OK : HttpStatusCode.Forbidden, (await person.GetAsync("/job-types")).StatusCode);
        if (queues.Length > 0) Assert.Equal(HttpStatusCode.Forbidden, (await person.GetAsync("/jobs?queue=default")).StatusCode);
        if (scopes == "read") Assert.Equal("forbidden", await (await person.PostJsonAsync("/jobs", Submit, await TokenAsync(person))).ProblemAsync());
    }

    [Fact]
    public async Task WithoutGrants_TheHostsClaimsSayIt()
    {
        await using var host = await StartAsync(new() { ["Gateway:SignIn:Scheme"] = CookieAuthenticationDefaults.AuthenticationScheme });
        using var person = await PersonAsync(host, "pat", "scope=read+submit queue=mail");
        var caller = await CallerAsync(person);
        Assert.Equal("submit read", string.Join(' ', caller.GetProperty("scopes").EnumerateArray()));
        Assert.Equal("mail", string.Join(' ', caller.GetProperty("queues").EnumerateArray()));
    }

    [Fact]
    public async Task SomebodyWhoIsNamedLikeAKey_IsAnother()
    {
        await using var host = await StartAsync(new Dictionary<string, string?>(Grants).With("ann", Full));
        using var ann = await PersonAsync(host, "ann", "role=admin");
        var token = await TokenAsync(ann);
        await host.Http.PostJsonAsync("/jobs", Submit, KeySettings.Bearer("ann"), ("Idempotency-Key", "k"));
        Assert.Null((await ann.PostJsonAsync("/jobs", Submit, token, ("Idempotency-Key", "k"))).Header("Idempotent-Replayed"));
        Assert.Equal(2, host.Grid.Jobs.Count);
    }

    /// <summary>What people are called may be theirs to choose: whose job a key is for, and who did what, goes by what no two have.</summary>
    [Theory]
    [InlineData(null, "sub=1", "sub=2", "user/1")]
    [InlineData("email", "sub=1 email=a@b", "sub=1 email=c@d", "user/a@b")]
    [InlineData("email", "sub=1", "sub=2", "user/1")]
    public async Task TwoOfOneName_AreTwo(string? nameClaim, string one, string other, string id)
    {
        await using var host = await StartAsync(new(Grants) { ["Gateway:SignIn:NameClaim"] = nameClaim });
        using var ann = await PersonAsync(host, "ann", $"role=admin {one}");
        using var another = await PersonAsync(host, "ann", $"role=admin {other}");
        await ann.PostJsonAsync("/jobs", Submit, await TokenAsync(ann), ("Idempotency-Key", "k"));
        var answer = await another.PostJsonAsync("/jobs", Submit, await TokenAsync(another), ("Idempotency-Key", "k"));
        Assert.Equal((HttpStatusCode.Accepted, null), (answer.StatusCode, answer.Header("Idempotent-Replayed")));
        Assert.Equal(2, host.Grid.Jobs.Count);
        var caller = await CallerAsync(ann);
        Assert.Equal(("ann", id), (caller.Text("name"), caller.Text("id")));
    }

    /// <summary>A host that has rules of its own, as it may, takes nothing else away: neither the token that a change needs, nor what the grants say of queues.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(CookieAuthenticationDefaults.AuthenticationScheme)]
    [InlineData("OrleansJobs.SignIn")]
    public async Task APolicyOfTheHostsOwn_HoldsBesideTheRest(string? scheme)
    {
        var settings = new Dictionary<string, string?>(Grants) { ["Gateway:SignIn:Grants:0:Queues:0"] = "mail" }.With("ops", Full);
        await using var host = await StartAsync(settings, authorization => authorization.AddPolicy(Policies.Operate, policy =>
        {
            policy.RequireRole("admin");
            if (scheme is not null) policy.AddAuthenticationSchemes(scheme);
        }));
        foreach (var (id, queue) in new[] { ("m1", "mail"), ("m2", "mail"), ("d1", "default") })
            Assert.Equal(HttpStatusCode.Accepted, (await host.Http.PostJsonAsync("/jobs", $$"""{"type":"longtask","id":"{{id}}","queue":"{{queue}}"}""", KeySettings.Bearer("ops"))).StatusCode);
        using var ann = await PersonAsync(host, "ann", "role=admin");
        using var bob = await PersonAsync(host, "bob", "team=mail");

        var refused = await ann.PostJsonAsync("/jobs/m1/cancel", "{}");
        Assert.Equal((HttpStatusCode.Forbidden, "antiforgery"), (refused.StatusCode, await refused.ProblemAsync()));
        Assert.Equal(HttpStatusCode.OK, (await ann.PostJsonAsync("/jobs/m1/cancel", "{}", await TokenAsync(ann))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await ann.PostJsonAsync("/jobs/d1/cancel", "{}", await TokenAsync(ann))).StatusCode);
        Assert.NotEqual(HttpStatusCode.OK, (await bob.PostJsonAsync("/jobs/m2/cancel", "{}", await TokenAsync(bob))).StatusCode);
        Assert.Equal(["d1", "m2"], host.Grid.Jobs.Select(job => job.Status).Where(job => job.State == JobState.Pending).Select(job => job.Id).Order());
    }

    /// <summary>Whoever is signed out is refused with their next request, and a stream is one for as long as it is open.</summary>
    [Fact]
    public async Task AStream_ThatACookieHasOpened_EndsAfterAnHour()
    {
        var clock = new HourGlass();
        await using var host = await StartAsync(new(Grants), services: services => services.AddSingleton<TimeProvider>(clock));
        using var ann = await PersonAsync(host, "ann", "role=admin");
        var job = (await (await ann.PostJsonAsync("/jobs", Submit, await TokenAsync(ann))).JsonAsync()).Text("id");
        using var stream = await EventStream.OpenAsync(ann, $"/jobs/{job}/events");
        Assert.NotNull(await stream.NextAsync());
        clock.Pass();
        Assert.Null(await stream.NextAsync());
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync($"/jobs/{job}")).StatusCode);
    }

    [Fact]
    public async Task AVeryLongName_IsCut_AndStaysApartFromOthers()
    {
        await using var host = await StartAsync(Grants);
        var names = new List<string>();
        foreach (var end in new[] { "a", "b" })
        {
            using var person = await PersonAsync(host, new string('x', 500) + end, "role=admin");
            names.Add((await CallerAsync(person)).GetProperty("name").GetString()!);
        }

        Assert.NotEqual(names[0], names[1]);
        Assert.All(names, name => Assert.Equal(100, name.Length));
    }

    [Fact]
    public async Task Caller_OfNobody_SaysWhereToSignIn_AndGivesNoToken()
    {
        await using var host = await StartAsync(Grants);
        var caller = await CallerAsync(host.Http);
        Assert.Equal("nobody", caller.GetProperty("by").GetString());
        Assert.Equal(("/login", "/logout"), (caller.GetProperty("signIn").Text("path"), caller.GetProperty("signIn").Text("outPath")));
        Assert.Empty(caller.GetProperty("scopes").EnumerateArray());
        Assert.False(caller.TryGetProperty("antiforgery", out _));
    }

    [Theory]
    [InlineData("SignIn:Path", "https://evil.example/", "SignIn:Path")]
    [InlineData("SignIn:OutPath", "//evil.example", "SignIn:OutPath")]
    [InlineData("SignIn:Grants:0:Scopes:0", "work", "'work'")]
    [InlineData("SignIn:Grants:0:Queues:0", "a/b", "'a/b'")]
    [InlineData("SignIn:Grants:3:Value", "x", "SignIn:Grants:3:Claim")]
    [InlineData("SignIn:Scheme", null, "SignIn:Scheme")]
    public async Task WrongOptions_AreRefusedAtStart_ByName(string option, string? value, string named)
    {
        var settings = new Dictionary<string, string?>(Grants) { [$"Gateway:{option}"] = value };
        Assert.Contains(named, (await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(settings))).Message);
    }

    [Fact]
    public async Task WithoutAntiforgery_TheGatewayDoesNotStart()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => GatewayHost.StartAsync(new(Grants)));
        Assert.Contains("AddAntiforgery()", refused.Message);
    }

    private static Task<GatewayHost> StartAsync(Dictionary<string, string?> settings, Action<AuthorizationOptions>? authorization = null, Action<IServiceCollection>? services = null) => GatewayHost.StartAsync(
        new(settings),
        configure: builder =>
        {
            builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie => cookie.LoginPath = "/login");
            builder.Services.AddAntiforgery();
            if (authorization is not null) builder.Services.AddAuthorization(authorization);
            services?.Invoke(builder.Services);
        },
        map: app =>
        {
            app.MapGet("/in", (HttpContext context, string name, string claims) => context.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity(
                [
                    new(ClaimTypes.Name, name),
                    .. claims.Split(' ').Select(claim => claim.Split('=')).Select(pair => new Claim(pair[0] == "role" ? ClaimTypes.Role : pair[0], pair[1].Replace('+', ' '))),
                ],
                "test"))));
            app.MapGet("/own", (HttpContext context) => context.User.Identity!.Name).RequireAuthorization(policy => policy.RequireAuthenticatedUser());
        });

    /// <summary>A browser in which somebody has signed in.</summary>
    private static async Task<HttpClient> PersonAsync(GatewayHost host, string name, string claims)
    {
        // It is disposed with its client.
        var http = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() }) { BaseAddress = host.Http.BaseAddress };
        var answer = await http.GetAsync($"/in?name={name}&claims={Uri.EscapeDataString(claims)}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return http;
    }

    /// <summary>The time that there is, but that hours pass when the test says.</summary>
    private sealed class HourGlass : TimeProvider
    {
        private readonly List<ITimer> _hours = [];

        public void Pass()
        {
            lock (_hours) Assert.True(Assert.Single(_hours).Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime != TimeSpan.FromHours(1)) return timer;
            lock (_hours) _hours.Add(timer);
            return timer;
        }
    }

    private static async Task<JsonElement> CallerAsync(HttpClient http) => await (await http.GetAsync("/caller")).JsonAsync();

    private static async Task<(string Name, string Value)> TokenAsync(HttpClient http)
    {
        var antiforgery = (await CallerAsync(http)).GetProperty("antiforgery");
        return (antiforgery.Text("header"), antiforgery.Text("token"));
    }
}
