using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Gateway;
using OrleansJobs.Gateway.Guarding;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Walks the route table: what is true of every route is asked of every route, so that a new one cannot be forgotten.</summary>
public sealed class RouteTests(RouteTests.Fixture fixture) : IClassFixture<RouteTests.Fixture>
{
    /// <summary>What anybody may have. Everything else needs a key.</summary>
    private static readonly string[] Public = ["GET /", "GET /index.html", "GET /favicon.svg", "GET /docs", "GET /openapi/v1.json", "GET /caller", "GET /health/live", "GET /health/ready", "GET /health/startup"];

    private static readonly string[] PublicFolders = ["GET /css/", "GET /js/", "GET /docs/"];

    /// <summary>From a gateway that is made for the question only: the routes have to be known before a test runs.</summary>
    public static TheoryData<string> Guarded { get; } = FindGuarded();

    [Fact]
    public void Routes_AreGuardedUnlessListedAsPublic()
    {
        foreach (var endpoint in ((IEndpointRouteBuilder)fixture.Host.App).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
        {
            var route = Name(endpoint);
            var needsKey = endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null;
            Assert.True(needsKey != IsPublic(route), $"{route} is {(needsKey ? "" : "not ")}guarded.");
        }
    }

    [Theory]
    [MemberData(nameof(Guarded))]
    public async Task Route_WithoutAKey_Is401(string route) => Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(route, null)).StatusCode);

    [Theory]
    [MemberData(nameof(Guarded))]
    public async Task Route_WithAForeignToken_Is401(string route)
    {
        foreach (var token in new[] { "Bearer " + new string('x', 48), "Bearer eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZXJhdGUifQ.", "Basic YTpi", "Bearer", "Bearer " + new string('x', 4000) })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(route, token)).StatusCode);
        }
    }

    [Theory]
    [MemberData(nameof(Guarded))]
    public async Task Route_WithTheOtherScopesOnly_Is403_AndWithItsOwnIsLetIn(string route)
    {
        var scopes = ScopesOf(route);
        // One of several does not do.
        foreach (var other in Scopes.All.Where(other => scopes.Length > 1 || other != scopes[0]))
        {
            var refused = await SendAsync(route, "Bearer " + Fixture.KeyOf(other));
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Equal("urn:orleansjobs:problem:forbidden", (await JsonAsync(refused)).GetProperty("type").GetString());
        }

        var key = "Bearer " + Fixture.KeyOf(string.Join('-', scopes));
        Assert.NotEqual(HttpStatusCode.Unauthorized, (await SendAsync(route, key)).StatusCode);
        Assert.NotEqual(HttpStatusCode.Forbidden, (await SendAsync(route, key)).StatusCode);
    }

    [Theory]
    [MemberData(nameof(Guarded))]
    public async Task Route_WithAWatchToken_IsLetInOnlyToWatchThatJob(string route)
    {
        // Another route that was asked before may have deleted it.
        fixture.AddJob();
        var tokens = fixture.Host.App.Services.GetRequiredService<WatchTokens>();
        var isWatch = route is "GET /jobs/{id}" or "GET /jobs/{id}/events" or "GET /events";
        var query = route == "GET /events" ? "?jobs=job-1&" : "?";
        var own = await SendAsync(route, null, $"{query}watchToken={tokens.Of(fixture.Job.Status)}");
        Assert.Equal(isWatch, own.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden));
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(route, null, $"{query}watchToken={tokens.Of(fixture.Job.Status with { Id = "job-2" })}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(route, null, $"{query}watchToken=")).StatusCode);
    }

    [Fact]
    public async Task OpenApi_DescribesEveryRouteAndNoOther()
    {
        var api = await JsonAsync(await fixture.Host.Http.GetAsync("/openapi/v1.json"));
        var described = api.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"));
        var served = RoutesOf(fixture.Host.App).Where(route => !IsPublic(route) || route is "GET /caller" || route.StartsWith("GET /health", StringComparison.Ordinal));
        Assert.Equal(served.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task OpenApi_NamesTheScopeThatTheRouteAsksFor()
    {
        var api = await JsonAsync(await fixture.Host.Http.GetAsync("/openapi/v1.json"));
        foreach (var route in RoutesOf(fixture.Host.App).Where(route => !IsPublic(route)))
        {
            var operation = api.GetProperty("paths").GetProperty(route.Split(' ')[1]).GetProperty(route.Split(' ')[0].ToLowerInvariant());
            foreach (var scope in ScopesOf(route)) Assert.Contains($"Scope `{scope}`.", operation.GetProperty("description").GetString());
        }
    }

    [Fact]
    public async Task Routes_ThatAreRead_TakeHeadToo()
    {
        var asked = 0;
        foreach (var route in RoutesOf(fixture.Host.App).Where(route => route.StartsWith("GET", StringComparison.Ordinal) && !route.EndsWith("/events", StringComparison.Ordinal)))
        {
            var key = "Bearer " + Fixture.KeyOf(Scopes.Read);
            var (read, head) = (await SendAsync(route, key), await SendAsync("HEAD" + route[3..], key));
            Assert.Equal((route, read.StatusCode, read.Content.Headers.ContentType), (route, head.StatusCode, head.Content.Headers.ContentType));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
            asked++;
        }

        Assert.True(asked > 15, $"{asked} routes");
    }

    private static TheoryData<string> FindGuarded()
    {
        var app = GatewayHost.Build(Fixture.Settings(), new FakeGrid());
        return [.. RoutesOf(app).Where(route => !IsPublic(route))];
    }

    private static string[] ScopesOf(string route) => route switch
    {
        "POST /jobs" or "POST /jobs:batch" or "POST /jobs/{type}" or "POST /flows" or "POST /topics/{key}" => [Scopes.Submit],
        _ when route.StartsWith("GET", StringComparison.Ordinal) => [Scopes.Read],
        "POST /work" or "POST /work/jobs/{id}/checkpoint" or "POST /work/jobs/{id}/children" or "POST /work/jobs/{id}/memory" or "POST /work/jobs/{id}/report" or "PUT /job-types/{type}" => [Scopes.Work],
        "POST /jobs/{id}/copy" => [Scopes.Operate, Scopes.Read],
        _ => [Scopes.Operate],
    };

    private static bool IsPublic(string route) => Public.Contains(route) || PublicFolders.Any(folder => route.StartsWith(folder, StringComparison.Ordinal));

    private static IEnumerable<string> RoutesOf(IEndpointRouteBuilder app) =>
        app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(Name).Distinct();

    private static string Name(RouteEndpoint endpoint) =>
        $"{endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods[0]} {endpoint.RoutePattern.RawText}";

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) => JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;

    private Task<HttpResponseMessage> SendAsync(string route, string? authorization, string query = "")
    {
        var (method, path) = (route.Split(' ')[0], route.Split(' ')[1].Replace("{id}", "job-1").Replace("{type}", "longtask").Replace("{name}", "default").Replace("{key}", "orders.eu"));
        var request = new HttpRequestMessage(new HttpMethod(method), path + query);
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return fixture.Host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        internal GatewayHost Host { get; private set; } = null!;

        public void AddJob() => Host.Grid.Add(new() { Id = "job-1", Type = "longtask", Queue = "default", Version = 1, State = JobState.Success });

        public async Task InitializeAsync()
        {
            Host = await GatewayHost.StartAsync(Settings());
            _ = Job;
        }

        /// <summary>Some route deletes it.</summary>
        internal FakeGrid.FakeJob Job => Host.Grid.Jobs.FirstOrDefault(job => job.Status.Id == "job-1")
            ?? Host.Grid.Add(new() { Id = "job-1", Type = "longtask", Queue = "default", Version = 1, State = JobState.Success });

        public async Task DisposeAsync() => await Host.DisposeAsync();

        internal static string KeyOf(string scope) => $"test-key-of-the-scope-{scope}";

        internal static Dictionary<string, string?> Settings()
        {
            var settings = new Dictionary<string, string?>();
            foreach (var (scopes, index) in Scopes.All.Append($"{Scopes.Operate}-{Scopes.Read}").Select((scopes, index) => (scopes, index)))
            {
                settings[$"Gateway:Keys:{index}:Id"] = scopes;
                settings[$"Gateway:Keys:{index}:Sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(KeyOf(scopes))));
                foreach (var (scope, place) in scopes.Split('-').Select((scope, place) => (scope, place))) settings[$"Gateway:Keys:{index}:Scopes:{place}"] = scope;
            }

            return settings;
        }
    }
}
