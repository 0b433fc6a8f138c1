using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;
using OrleansJobs.HttpCalls;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.HttpCalls;

/// <summary>Jobs that are calls, from a submit over HTTP to a real server and back.</summary>
public sealed partial class HttpJobTests(HttpJobTests.Fixture fixture) : IClassFixture<HttpJobTests.Fixture>
{
    private async Task<JsonElement> RunAsync(object args, int attempts = 1)
    {
        using var accepted = await fixture.Host.Http.PostJsonAsync("/jobs", JsonSerializer.Serialize(new { type = "http", args, attempts }));
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var id = (await accepted.JsonAsync()).Text("id");
        return await Eventually.AnswersAsync(
            async () => await (await fixture.Host.Http.GetAsync($"/jobs/{id}?wait=20")).JsonAsync(), job => job.Text("state") is "SUCCESS" or "FAILURE");
    }

    [Fact]
    public async Task ACall_IsMadeAsItIsSaid_AndItsAnswerIsTheResult()
    {
        await using var receiver = await Receiver.StartAsync((context, _) =>
        {
            context.Response.Headers["x-said"] = "yes";
            context.Response.Headers.SetCookie = "a=b";
            return context.Response.WriteAsJsonAsync(new { ok = true });
        });
        var job = await RunAsync(new { url = receiver.Address + "/a/b?c=d", method = "put", headers = new Dictionary<string, string> { ["x-mine"] = "1" }, body = new { level = 2 } });
        var call = Assert.Single(receiver.Calls);
        Assert.Equal(("PUT", "/a/b?c=d", "1", "application/json", """{"level":2}"""), (call.Method, call.Path, call.Headers["x-mine"], call.Headers["content-type"], call.Text));
        Assert.Equal(job.Text("id"), call.Headers["idempotency-key"]);
        Assert.Equal("""{"ok":true}""", job.GetProperty("result").GetProperty("body").GetRawText());
        Assert.Equal((200, "yes"), (job.GetProperty("result").GetProperty("status").GetInt32(), job.GetProperty("result").GetProperty("headers").Text("x-said")));
        Assert.False(job.GetProperty("result").GetProperty("headers").TryGetProperty("set-cookie", out _));
    }

    [Fact]
    public async Task Text_IsSentAsItIs_WhereItsTypeSaysSo_AndAnswersThatAreNoJsonAreText()
    {
        await using var receiver = await Receiver.StartAsync(200, "<ok/>", "application/xml");
        var job = await RunAsync(new { url = receiver.Address, headers = new Dictionary<string, string> { ["Content-Type"] = "text/plain" }, body = "plain \"text\"" });
        Assert.Equal(("POST", "plain \"text\""), (receiver.Calls.Single().Method, receiver.Calls.Single().Text));
        Assert.Equal("<ok/>", job.GetProperty("result").Text("body"));
    }

    [Fact]
    public async Task AnswersThatMayChange_AreAskedForAgain_AndRetryAfterIsHonoured()
    {
        var times = 0;
        await using var receiver = await Receiver.StartAsync((context, _) =>
        {
            context.Response.StatusCode = ++times switch { 1 => 429, 2 => 500, _ => 200 };
            if (times == 1) context.Response.Headers.RetryAfter = "2";
            return context.Response.WriteAsync("not now");
        });
        var job = await RunAsync(new { url = receiver.Address }, attempts: 3);
        Assert.Equal(("SUCCESS", 3), (job.Text("state"), job.GetProperty("attempt").GetInt32()));
        var calls = receiver.Calls.ToArray();
        Assert.True(calls[1].At - calls[0].At > TimeSpan.FromSeconds(1.9), $"{calls[1].At - calls[0].At}");
        Assert.Equal("The answer was 429: not now", job.GetProperty("attempts")[0].GetProperty("error").Text("message"));
    }

    [Fact]
    public async Task AnswersThatStay_FailTheJobForGood_AndRedirectsAreNotFollowed()
    {
        await using var elsewhere = await Receiver.StartAsync(200, "{}");
        await using var receiver = await Receiver.StartAsync((context, call) =>
        {
            if (call.Path == "/gone") context.Response.StatusCode = 404;
            else context.Response.Redirect(elsewhere.Address);
            return Task.CompletedTask;
        });
        var gone = await RunAsync(new { url = receiver.Address + "/gone" }, attempts: 5);
        Assert.Equal(("FAILURE", 1, "The answer was 404."), (gone.Text("state"), gone.GetProperty("attempt").GetInt32(), gone.GetProperty("error").Text("message")));
        var moved = await RunAsync(new { url = receiver.Address }, attempts: 5);
        Assert.Equal("FAILURE", moved.Text("state"));
        Assert.Contains("which is not followed", moved.GetProperty("error").Text("message"), StringComparison.Ordinal);
        Assert.Empty(elsewhere.Calls);
    }

    [Fact]
    public async Task WhatTakesTooLong_OrIsNotThere_FailsForThisTime()
    {
        var never = new TaskCompletionSource();
        await using var receiver = await Receiver.StartAsync((context, _) => never.Task.WaitAsync(context.RequestAborted));
        var late = await RunAsync(new { url = receiver.Address, timeout = 0.3 });
        Assert.Equal("There was no answer within 0.3 s.", late.GetProperty("error").Text("message"));
        var port = receiver.Port;
        await receiver.DisposeAsync();
        var closed = await RunAsync(new { url = $"http://127.0.0.1:{port}" });
        Assert.StartsWith("The call failed:", closed.GetProperty("error").Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAnswer_IsReadUpToItsBound()
    {
        await using var receiver = await Receiver.StartAsync(200, "[" + new string('1', 200_000) + "]");
        var job = await RunAsync(new { url = receiver.Address });
        Assert.True(job.GetProperty("result").GetProperty("truncated").GetBoolean());
        Assert.Equal(128 << 10, job.GetProperty("result").Text("body").Length);
    }

    /// <summary>How addresses can be written, with what becomes of a call, as the document says.</summary>
    public static TheoryData<string, string> Written
    {
        get
        {
            var document = File.ReadAllText(Repository.PathOf("docs/HTTP-JOBS.md"));
            var data = new TheoryData<string, string>();
            foreach (Match row in Row().Matches(document[document.IndexOf("| Written as |", StringComparison.Ordinal)..])) data.Add(row.Groups[1].Value, row.Groups[2].Value);
            return data;
        }
    }

    [Fact]
    public void ThereAreManyWaysToWriteAnAddress() => Assert.True(Written.Count >= 36, $"{Written.Count} rows");

    /// <summary>All names may be called here: what keeps them apart is where they lead.</summary>
    [Theory]
    [MemberData(nameof(Written))]
    public async Task WhatIsNotPublic_IsNotConnectedTo_HoweverItIsWritten(string form, string code)
    {
        await using var inside = await Receiver.StartAsync(200, "{}", "text/plain");
        var options = Options.Create(new JobGridOptions());
        options.Value.Http.Hosts.AddRange(["*:*", "http://*:*"]);
        using var caller = new HttpCaller(
            options, (host, _) => Task.FromResult<IPAddress[]>(host == "mixed.example" ? [IPAddress.IPv6Loopback, IPAddress.Parse("10.1.2.3")] : [IPAddress.Loopback]), TimeProvider.System);
        var call = new HttpCall { Url = form.Replace("8080", inside.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) };
        var refused = await Assert.ThrowsAsync<GiveUpException>(async () =>
        {
            using var request = HttpCallRules.RequestOf(call, caller.Hosts, options.Value.Http);
            await caller.SendAsync(request, TimeSpan.FromSeconds(10), CancellationToken.None);
        });
        Assert.Equal(code, refused.Code);
        Assert.Empty(inside.Calls);
    }

    [GeneratedRegex(@"(?m)^\| [^|]+ \| `([^`|]+)` \| `([a-z_]+)` \|$")]
    private static partial Regex Row();

    [Fact]
    public async Task ANameThatLeadsElsewhere_FromOneMomentToTheNext_IsCheckedWhereItIsConnectedTo()
    {
        await using var outside = await Receiver.StartAsync(
            (context, _) =>
            {
                context.Response.Headers.Connection = "close";
                return Task.CompletedTask;
            },
            IPAddress.Parse("127.0.0.2"));
        var options = Options.Create(new JobGridOptions());
        options.Value.Http.Hosts.Add("http://rebound.example:*");
        options.Value.Http.AllowNetworks.Add("127.0.0.2/32");
        var looks = 0;
        using var caller = new HttpCaller(options, (_, _) => Task.FromResult<IPAddress[]>([++looks == 1 ? IPAddress.Parse("127.0.0.2") : IPAddress.Loopback]), TimeProvider.System);
        var call = new HttpCall { Url = $"http://rebound.example:{outside.Port}/" };
        using var first = HttpCallRules.RequestOf(call, caller.Hosts, options.Value.Http);
        // One look-up: what it found is what was checked, and what was connected to.
        Assert.Equal(HttpStatusCode.OK, (await caller.SendAsync(first, null, CancellationToken.None)).Status);
        Assert.Equal((1, 1), (looks, outside.Calls.Count));
        using var second = HttpCallRules.RequestOf(call, caller.Hosts, options.Value.Http);
        var refused = await Assert.ThrowsAsync<GiveUpException>(() => caller.SendAsync(second, null, CancellationToken.None));
        Assert.Equal((HttpCallErrors.AddressNotAllowed, 1), (refused.Code, outside.Calls.Count));
    }

    [Fact]
    public async Task AConnectionThatIsNotMadeInTime_IsAFailedCall_AndNoCancellation()
    {
        var options = Options.Create(new JobGridOptions());
        options.Value.Http.Hosts.Add("*");
        using var caller = new HttpCaller(
            options, async (_, cancellation) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
                return [];
            }, TimeProvider.System, connectTimeout: TimeSpan.FromMilliseconds(50));
        using var request = HttpCallRules.RequestOf(new HttpCall { Url = "https://away.example/" }, caller.Hosts, options.Value.Http);
        var failed = await Assert.ThrowsAsync<HttpCallFailedException>(() => caller.SendAsync(request, null, CancellationToken.None));
        Assert.Contains("No connection", failed.Message);
    }

    [Fact]
    public async Task AProxyOfTheEnvironment_IsNotTaken()
    {
        await using var proxy = await Receiver.StartAsync(200, "{}");
        Environment.SetEnvironmentVariable("http_proxy", proxy.Address);
        try
        {
            await using var receiver = await Receiver.StartAsync(200, "{}");
            var options = Options.Create(new JobGridOptions());
            options.Value.Http.Hosts.Add("http://*:*");
            options.Value.Http.AllowNetworks.Add("127.0.0.0/8");
            using var caller = new HttpCaller(options, Dns.GetHostAddressesAsync, TimeProvider.System);
            using var request = HttpCallRules.RequestOf(new HttpCall { Url = receiver.Address }, caller.Hosts, options.Value.Http);
            Assert.Equal(HttpStatusCode.OK, (await caller.SendAsync(request, null, CancellationToken.None)).Status);
            Assert.Empty(proxy.Calls);
        }
        finally
        {
            Environment.SetEnvironmentVariable("http_proxy", null);
        }
    }

    [Fact]
    public async Task AGridThatNamesNoHosts_HasNoSuchJobs()
    {
        var host = new GridHost();
        await host.StartAsync([]);
        try
        {
            using var refused = await host.Http.PostJsonAsync("/jobs", """{"type":"http","args":{"url":"https://example.com"}}""");
            Assert.Equal("unknown-type", await refused.ProblemAsync());
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    public sealed class Fixture : IAsyncLifetime
    {
        internal GridHost Host { get; } = new();

        public Task InitializeAsync() => Host.StartAsync(new()
        {
            ["JobGrid:Http:Hosts:0"] = "http://127.0.0.1:*", ["JobGrid:Http:AllowNetworks:0"] = "127.0.0.0/8", ["JobGrid:Retry:FirstDelay"] = "00:00:00.050",
        });

        public Task DisposeAsync() => Host.DisposeAsync();
    }
}
