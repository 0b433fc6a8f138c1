using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Tests.Gateway.Guarding;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Whether, where and how far the console is served.</summary>
public sealed class ConsoleOptionsTests
{
    private static readonly (string, string) FromConsole = (ConsoleRequests.Header, "1");

    [Fact]
    public async Task WhereItIsOff_NoPageIsServed_AndTheRestIs()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:Console:Enabled"] = "false" });
        foreach (var path in new[] { "/", "/index.html", "/js/app.js", "/css/base.css", "/favicon.svg" })
            Assert.Equal((HttpStatusCode.NotFound, "not-found"), ((await host.Http.GetAsync(path)).StatusCode, await (await host.Http.GetAsync(path)).ProblemAsync()));
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/queues")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/docs")).StatusCode);
    }

    [Theory]
    [InlineData("/", "/", "./")]
    [InlineData("/console", "/console/", "../")]
    [InlineData("/ops/jobs", "/ops/jobs/", "../../")]
    [InlineData("/ops/jobs/", "/ops/jobs/", "../../")]
    public async Task Elsewhere_ItFindsItsFilesAndTheGateway(string option, string address, string gateway)
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:Console:Path"] = option });
        var page = await host.Http.GetStringAsync(address);
        Assert.Contains($"""<meta name="gateway" content="{gateway}">""", page);
        Assert.Equal(page, await host.Http.GetStringAsync(address + "index.html"));
        var files = Regex.Matches(page, "(?:href|src)=\"([^\"#]+)\"").Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.True(files.Count > 5);
        foreach (var file in files) Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync(new Uri(new Uri(host.Http.BaseAddress!, address), file))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync(new Uri(new Uri(host.Http.BaseAddress!, address), gateway + "queues"))).StatusCode);
        if (address != "/") Assert.Equal(HttpStatusCode.NotFound, (await host.Http.GetAsync("/")).StatusCode);
    }

    [Fact]
    public async Task WithoutItsLastSlash_ItLeadsThere_WhateverStandsBeforeIt()
    {
        await using var host = await GatewayHost.StartAsync(
            new() { ["Gateway:Console:Path"] = "/ops/jobs" },
            configure: builder => builder.Services.AddSingleton<IStartupFilter>(new PathBase("/internal")));
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var http = new HttpClient(handler) { BaseAddress = host.Http.BaseAddress };
        foreach (var before in new[] { "", "/internal" })
        {
            var answer = await http.GetAsync(before + "/ops/jobs?readonly");
            Assert.Equal((HttpStatusCode.Found, "jobs/?readonly"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(new Uri(http.BaseAddress!, before + "/ops/jobs"), answer.Headers.Location))).StatusCode);
        }
    }

    /// <summary>All that is asked for is then what the host has before it: what the page loads would be looked for beside it.</summary>
    [Fact]
    public async Task AtTheRootOfAHostBelowAPath_ItLeadsBehindTheSlash()
    {
        await using var host = await GatewayHost.StartAsync(configure: builder => builder.Services.AddSingleton<IStartupFilter>(new PathBase("/internal/jobs grid")));
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var http = new HttpClient(handler) { BaseAddress = host.Http.BaseAddress };
        var answer = await http.GetAsync("/internal/jobs%20grid?readonly");
        Assert.Equal((HttpStatusCode.Found, "jobs%20grid/?readonly"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        var address = new Uri(new Uri(http.BaseAddress!, "/internal/jobs%20grid"), answer.Headers.Location);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(address)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(address, "js/app.js"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/")).StatusCode);
    }

    [Theory]
    [InlineData("ops")]
    [InlineData("/a b")]
    [InlineData("/../x")]
    [InlineData("/{x}")]
    [InlineData("/jobs")]
    [InlineData("/JOBS/console")]
    [InlineData("/caller")]
    public async Task APathThatCannotBe_IsRefusedAtStart(string path)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayHost.StartAsync(new() { ["Gateway:Console:Path"] = path }));
        Assert.Contains("Gateway:Console:Path", refused.Message);
    }

    [Fact]
    public void TheGatewaysOwnAddresses_AreAllTaken()
    {
        IEndpointRouteBuilder app = GatewayHost.Build(new() { ["Gateway:Console:Enabled"] = "false" }, new FakeGrid());
        var first = app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText!.Split('/')[1]).Distinct();
        Assert.Empty(first.Except(ConsoleRules.Taken));
    }

    [Fact]
    public async Task ForLookingOnly_WhatTheConsoleWouldChange_IsRefused_AndOthersMayChangeIt()
    {
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?> { ["Gateway:Console:ReadOnly"] = "true" }.With("ops", ["submit", "read", "operate"]));
        var bearer = KeySettings.Bearer("ops");
        foreach (var path in new[] { "/jobs/longtask", "/queues/mail/pause", "/jobs:act" })
        {
            var refused = await host.Http.PostJsonAsync(path, "{}", bearer, FromConsole);
            Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), (refused.StatusCode, await refused.ProblemAsync()));
        }

        Assert.Empty(host.Grid.Jobs);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Http.PostJsonAsync("/jobs/longtask", "{}", FromConsole)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/queues", bearer, FromConsole)).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await host.Http.PostJsonAsync("/jobs/longtask", "{}", bearer)).StatusCode);

        var caller = await (await host.Http.GetAsync("/caller", bearer, FromConsole)).JsonAsync();
        Assert.Equal(("read", true), (string.Join(' ', caller.GetProperty("scopes").EnumerateArray()), caller.GetProperty("readOnly").GetBoolean()));
        caller = await (await host.Http.GetAsync("/caller", bearer)).JsonAsync();
        Assert.Equal(("submit read operate", false), (string.Join(' ', caller.GetProperty("scopes").EnumerateArray()), caller.GetProperty("readOnly").GetBoolean()));
    }

    [Fact]
    public async Task Caller_SaysWhoAsks()
    {
        await using var open = await GatewayHost.StartAsync();
        Assert.Equal("""{"by":"open","scopes":["submit","read","operate","work"],"queues":[],"readOnly":false}""", await open.Http.GetStringAsync("/caller"));
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?>().With("shop", ["read"], "mail", "fax"));
        Assert.Equal("""{"by":"nobody","scopes":[],"queues":[],"readOnly":false}""", await host.Http.GetStringAsync("/caller"));
        Assert.Equal(
            """{"by":"key","name":"shop","id":"shop","scopes":["read"],"queues":["mail","fax"],"readOnly":false}""",
            await (await host.Http.GetAsync("/caller", KeySettings.Bearer("shop"))).Content.ReadAsStringAsync());
    }

    private sealed class PathBase(string path) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UsePathBase(path);
            next(app);
        };
    }
}
