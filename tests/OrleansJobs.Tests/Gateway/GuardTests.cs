using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Tests.Gateway;

public sealed class GuardTests
{
    private const string Key = "a-key-for-tests-that-is-long-enough";
    private const string Json = """{"type":"longtask","queue":"mail"}""";

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://*:0")]
    public async Task BeyondLoopback_WithoutKeys_RefusesToStart(string url)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => GatewayHost.StartAsync(url: url));
        Assert.Contains("Gateway:AllowAnonymous=true", refused.Message);
    }

    [Fact]
    public async Task BeyondLoopback_InCode_RefusesToStart()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => GatewayHost.StartAsync(
            configure: builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Any, 0))));
        Assert.Contains("Gateway:AllowAnonymous=true", refused.Message);
    }

    [Fact]
    public async Task BeyondLoopback_WithKeysOrInSoManyWords_Starts()
    {
        await using var anonymous = await GatewayHost.StartAsync(new() { ["Gateway:AllowAnonymous"] = "true" }, url: "http://0.0.0.0:0");
        await using var keyed = await GatewayHost.StartAsync(KeyWith("read"), url: "http://0.0.0.0:0");
    }

    [Theory]
    [InlineData("Gateway:Keys:0:Sha256", "abc", "Keys:0:Sha256")]
    [InlineData("Gateway:Keys:0:Scopes:0", "admin", "'admin'")]
    [InlineData("Gateway:Keys:0:Id", "a b", "'a b'")]
    [InlineData("Gateway:Keys:0:Queues:0", "a/b", "'a/b'")]
    [InlineData("Gateway:WatchTokenKey", "short", "32 characters")]
    [InlineData("Gateway:Cors:Origins:0", "https://a.example/path", "https://a.example/path")]
    [InlineData("Gateway:PublicUrl", "ftp://a.example", "PublicUrl")]
    [InlineData("Gateway:MaxBatchBytes", "1", "MaxBatchBytes")]
    [InlineData("Gateway:Scheme", "Other", "Scheme")]
    [InlineData("Gateway:PingInterval", "00:00:00", "PingInterval")]
    [InlineData("Gateway:RateLimit:RequestsPerSecond", "-1", "RateLimit:RequestsPerSecond")]
    public async Task WrongOptions_AreRefusedAtStart_ByName(string option, string value, string named)
    {
        var settings = KeyWith("read");
        settings[option] = value;
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayHost.StartAsync(settings));
        Assert.Contains(named, refused.Message);
        Assert.DoesNotContain("short", refused.Message);
    }

    [Fact]
    public async Task AKeyLimitedToQueues_SeesAndTouchesNoOthers()
    {
        var settings = KeyWith("submit", "read", "operate");
        settings["Gateway:Keys:0:Queues:0"] = "mail";
        await using var host = await StartAsync(settings);
        host.Grid.Add(new() { Id = "own", Type = "longtask", Queue = "mail", Version = 1 });
        host.Grid.Add(new() { Id = "foreign", Type = "longtask", Queue = "default", Version = 1 });

        Assert.Equal(HttpStatusCode.Accepted, (await host.Http.PostJsonAsync("/jobs", Json)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Http.PostJsonAsync("/jobs", """{"type":"longtask"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/jobs/own")).StatusCode);
        foreach (var path in new[] { "/jobs/foreign", "/jobs/foreign/result", "/jobs/foreign/args", "/jobs/foreign/events", "/events?jobs=own,foreign" })
            Assert.Equal(HttpStatusCode.NotFound, (await host.Http.GetAsync(path)).StatusCode);
        foreach (var path in new[] { "/jobs/foreign/cancel", "/jobs/foreign/retry" })
            Assert.Equal(HttpStatusCode.NotFound, (await host.Http.PostAsync(path, null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Http.DeleteAsync("/jobs/foreign")).StatusCode);
        Assert.Equal(JobState.Pending, host.Grid["foreign"].Status.State);
        // Into another queue: from and to those that the key is good for.
        Assert.Equal(HttpStatusCode.NotFound, (await host.Http.PostJsonAsync("/jobs/foreign/queue", """{"queue":"mail"}""")).StatusCode);
        using var away = await host.Http.PostJsonAsync("/jobs/own/queue", """{"queue":"default"}""");
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), (away.StatusCode, await away.ProblemAsync()));
        Assert.Equal(("default", "mail"), (host.Grid["foreign"].Status.Queue, host.Grid["own"].Status.Queue));
        Assert.Equal(HttpStatusCode.OK, (await host.Http.PostJsonAsync("/jobs/own/queue", """{"queue":"mail"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Http.PostAsync("/queues/default/pause", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Http.GetAsync("/stats")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Http.GetAsync("/jobs?queue=default")).StatusCode);
        Assert.DoesNotContain("foreign", await host.Http.GetStringAsync("/jobs"));
        Assert.DoesNotContain("default", await host.Http.GetStringAsync("/queues"));
    }

    [Fact]
    public async Task OneKeysIdempotencyKeys_AreApartFromAnothers()
    {
        var settings = KeyWith("submit");
        settings["Gateway:Keys:1:Id"] = "other";
        settings["Gateway:Keys:1:Sha256"] = Hash("another-key-for-tests-that-is-long");
        settings["Gateway:Keys:1:Scopes:0"] = "submit";
        await using var host = await StartAsync(settings);
        await host.Http.PostJsonAsync("/jobs", Json, ("Idempotency-Key", "k"));
        host.Http.DefaultRequestHeaders.Authorization = new("Bearer", "another-key-for-tests-that-is-long");
        Assert.Null((await host.Http.PostJsonAsync("/jobs", Json, ("Idempotency-Key", "k"))).Header("Idempotent-Replayed"));
        Assert.Equal(2, host.Grid.Jobs.Count);
    }

    [Fact]
    public async Task WatchTokens_OfOneSecret_AreGoodAtEveryGateway()
    {
        var settings = KeyWith("submit");
        settings["Gateway:WatchTokenKey"] = new string('s', 32);
        await using var one = await StartAsync(settings);
        await using var two = await GatewayHost.StartAsync(settings, one.Grid);
        var job = await (await one.Http.PostJsonAsync("/jobs", Json)).JsonAsync();
        var address = $"/jobs/{job.Text("id")}?watchToken={job.Text("watchToken")}";
        Assert.Equal(HttpStatusCode.OK, (await two.Http.GetAsync(address)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await two.Http.GetAsync(address[..^1] + (address[^1] == 'A' ? 'Q' : 'A'))).StatusCode);
    }

    [Fact]
    public async Task AHostsOwnScheme_GrantsByClaims()
    {
        await using var host = await GatewayHost.StartAsync(
            new() { ["Gateway:Scheme"] = HeaderScheme.Name },
            configure: builder => builder.Services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, HeaderScheme>(HeaderScheme.Name, null));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Http.GetAsync("/queues")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Http.GetAsync("/queues", ("X-Scope", "submit operate"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/queues", ("X-Scope", "submit read"))).StatusCode);
        Assert.Equal("unauthorized", await (await host.Http.GetAsync("/queues")).ProblemAsync());
    }

    /// <summary>People whom a cookie tells of are called so: nobody is taken for one of them because another scheme calls them so.</summary>
    [Fact]
    public async Task WhoIsCalledLikeSomebodyWhoIsSignedIn_IsAnother()
    {
        await using var host = await GatewayHost.StartAsync(
            new() { ["Gateway:Scheme"] = HeaderScheme.Name },
            configure: builder => builder.Services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, HeaderScheme>(HeaderScheme.Name, null));
        foreach (var (name, id) in new[] { ("user/ann", "scheme/user/ann"), ("ann", "ann") })
            Assert.Equal(id, (await (await host.Http.GetAsync("/caller", ("X-Scope", "read"), ("X-Name", name))).JsonAsync()).Text("id"));
    }

    [Fact]
    public async Task Cors_OfAnAllowedOrigin_ExposesWhatAPageNeeds()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:Cors:Origins:0"] = "https://app.example" });
        var preflight = await host.Http.SendJsonAsync(HttpMethod.Options, "/jobs", null,
            ("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type,idempotency-key,prefer,authorization"));
        Assert.Equal((HttpStatusCode.NoContent, "https://app.example"), (preflight.StatusCode, preflight.Header("Access-Control-Allow-Origin")));

        var posted = await host.Http.PostJsonAsync("/jobs", Json, ("Origin", "https://app.example"));
        Assert.Equal(HttpStatusCode.Accepted, posted.StatusCode);
        foreach (var header in new[] { "Location", "Retry-After", "ETag", "Link" }) Assert.Contains(header, posted.Header("Access-Control-Expose-Headers"));
        Assert.StartsWith(host.Http.BaseAddress!.ToString(), posted.Headers.Location!.ToString());

        // Problems too, or the page could not say what is wrong.
        Assert.Equal("https://app.example", (await host.Http.GetAsync("/jobs/nope", ("Origin", "https://app.example"))).Header("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Cors_OfAnotherOrigin_AllowsNothing()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:Cors:Origins:0"] = "https://app.example" });
        Assert.Null((await host.Http.GetAsync("/queues", ("Origin", "https://evil.example"))).Header("Access-Control-Allow-Origin"));
        foreach (var path in new[] { "/jobs/longtask", "/jobs/a/cancel", "/queues/default/pause" })
        {
            var refused = await host.Http.SendJsonAsync(HttpMethod.Post, path, null, ("Origin", "https://evil.example"));
            Assert.Equal((HttpStatusCode.Forbidden, "foreign-origin"), (refused.StatusCode, await refused.ProblemAsync()));
        }

        Assert.Empty(host.Grid.Jobs);
    }

    [Fact]
    public async Task TheOwnPage_MayChangeThings()
    {
        await using var host = await GatewayHost.StartAsync();
        var own = host.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        Assert.Equal(HttpStatusCode.Accepted, (await host.Http.PostJsonAsync("/jobs", Json, ("Origin", own))).StatusCode);
    }

    [Fact]
    public async Task RateLimit_HoldsEachKey_AndABatchCountsItsJobs()
    {
        var settings = KeyWith("submit", "read");
        settings["Gateway:RateLimit:RequestsPerSecond"] = "0.001";
        settings["Gateway:RateLimit:Burst"] = "5";
        await using var host = await StartAsync(settings);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.PostJsonAsync("/jobs:batch", $"[{string.Join(',', Enumerable.Repeat(Json, 4))}]")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/queues")).StatusCode);
        var refused = await host.Http.GetAsync("/queues");
        Assert.Equal((HttpStatusCode.TooManyRequests, "rate-limited"), (refused.StatusCode, await refused.ProblemAsync()));
        Assert.InRange(int.Parse(refused.Header("Retry-After")!), 900, 1001);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task EveryAnswer_CarriesTheSecurityHeaders()
    {
        await using var host = await StartAsync(KeyWith("read"));
        foreach (var path in new[] { "/", "/docs", "/js/app.js", "/jobs/nope", "/nowhere", "/stats", "/health/live", "/openapi/v1.json" })
        {
            var answer = await host.Http.GetAsync(path);
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            var policy = answer.Header("Content-Security-Policy")!;
            Assert.StartsWith("default-src 'none'", policy);
            Assert.DoesNotContain("unsafe", policy);
            Assert.Contains("frame-ancestors 'none'", policy);
            Assert.Null(answer.Header("Server"));
        }
    }

    [Fact]
    public async Task TooManyBodiesAtATime_Are503()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:MaxBodyBytesInFlight"] = $"{1 << 20}" },
            configure: builder => builder.Services.PostConfigure<KestrelServerOptions>(kestrel => kestrel.Limits.MinRequestBodyDataRate = null));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var large = RawHttp.Request("POST", "/jobs", "Content-Type: application/json\r\n", Encoding.UTF8.GetBytes($$"""{"type":"anything","args":"{{new string('x', 200_000)}}"}"""));
        var dawdlers = new List<TcpClient>();
        RawAnswer? refused = null;
        for (var i = 0; i < 20 && refused is null; i++)
        {
            // All but its end: the gateway has to hold what came.
            var socket = new TcpClient();
            dawdlers.Add(socket);
            await socket.ConnectAsync("127.0.0.1", host.Http.BaseAddress!.Port, patience.Token);
            await socket.GetStream().WriteAsync(large.AsMemory(0, large.Length - 1), patience.Token);
            var whole = await RawHttp.SendAsync(host.Http.BaseAddress!, large, patience.Token);
            if (whole.Status == 503) refused = whole;
        }

        Assert.Equal("overloaded", refused?.ProblemType);
        Assert.Contains("Retry-After: 1", refused!.Head);
        dawdlers.ForEach(socket => socket.Dispose());
        var bodies = host.App.Services.GetRequiredService<OrleansJobs.Gateway.Submitting.BodyReader>();
        await Eventually.IsTrueAsync(() => bodies.InFlight == 0);
    }

    private static async Task<GatewayHost> StartAsync(Dictionary<string, string?> settings)
    {
        var host = await GatewayHost.StartAsync(settings);
        host.Http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        return host;
    }

    private static Dictionary<string, string?> KeyWith(params string[] scopes)
    {
        var settings = new Dictionary<string, string?> { ["Gateway:Keys:0:Id"] = "tests", ["Gateway:Keys:0:Sha256"] = Hash(Key) };
        for (var i = 0; i < scopes.Length; i++) settings[$"Gateway:Keys:0:Scopes:{i}"] = scopes[i];
        return settings;
    }

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>Believes what a header says.</summary>
    private sealed class HeaderScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        public const string Name = "Header";

        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Request.Headers.TryGetValue("X-Scope", out var scope)
            ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim("scope", scope.ToString()), .. Request.Headers["X-Name"].Select(name => new Claim(ClaimTypes.Name, name!))], Name)), Name))
            : AuthenticateResult.NoResult());
    }
}
