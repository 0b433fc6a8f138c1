using System.Net;
using System.Text;
using OrleansJobs.Tests.Gateway.Guarding;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Schedules that have a flow, over a grid that runs nothing.</summary>
public sealed class ScheduleFlowTests
{
    // The one id of which the grid has no schedule yet.
    private const string Path = "/schedules/nope";
    private const string Flow = """{"jobs":[{"name":"a","type":"longtask","args":{"steps":3}},{"name":"b","type":"anything","args":{"of":{"$ref":"a.result"},"at":{"$at":"scheduled"}},"after":["a"]}],"result":{"$ref":"b.result"}}""";

    [Fact]
    public async Task WhatIsPut_IsShownAsAFlow_AndCanBePutAgain()
    {
        await using var host = await GatewayHost.StartAsync();
        var made = await PutAsync(host, $$"""{"every":60,"tags":{"kind":"report"},"deadline":90.5,"flow":{{Flow}}}""");
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var json = await (await host.Http.GetAsync(Path)).JsonAsync();
        // The queues that were checked stand in it.
        Assert.All(json.GetProperty("flow").GetProperty("jobs").EnumerateArray(), job => Assert.NotEmpty(job.Text("queue")));
        Assert.Equal("scheduled", json.GetProperty("flow").GetProperty("jobs")[1].GetProperty("args").GetProperty("at").Text("$at"));
        Assert.Equal((90.5, "report"), (json.GetProperty("deadline").GetDouble(), json.GetProperty("tags").Text("kind")));
        foreach (var member in new[] { "type", "queue", "priority", "args" }) Assert.False(json.TryGetProperty(member, out _), member);
        var again = await PutAsync(host, $$"""{"every":60,"flow":{{json.GetProperty("flow").GetRawText()}}}""");
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
    }

    [Fact]
    public async Task AKeyThatIsLimited_MakesThemOfItsQueues_AndSeesThese()
    {
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?>()
            .With("mail", ["submit", "read", "operate"], "mail").With("side", ["submit", "read", "operate"], "side").With("all", ["submit", "read", "operate"]));
        var refused = await PutAsync(host, $$"""{"every":60,"flow":{{Flow}}}""", "mail");
        Assert.Equal((HttpStatusCode.Forbidden, "/flow/jobs/0/queue"), (refused.StatusCode, (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer")));

        var flow = """{"jobs":[{"name":"a","type":"longtask","queue":"mail"}]}""";
        Assert.Equal(HttpStatusCode.Created, (await PutAsync(host, $$"""{"every":60,"flow":{{flow}}}""", "mail")).StatusCode);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NotFound), (await GetAsync("mail"), await GetAsync("all"), await GetAsync("side")));
        // What the grid has added for that is not shown, so that it can be put again as it is.
        var json = await (await host.Http.GetAsync(Path, KeySettings.Bearer("mail"))).JsonAsync();
        Assert.Empty(json.GetProperty("tags").EnumerateObject());
        // Nor does it go from its key when somebody who is good for more changes it.
        Assert.Equal(HttpStatusCode.Created, (await PutAsync(host, $$"""{"every":90,"flow":{{json.GetProperty("flow").GetRawText()}}}""", "all")).StatusCode);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NotFound), (await GetAsync("mail"), await GetAsync("all"), await GetAsync("side")));
        Assert.Equal(HttpStatusCode.Created, (await PutAsync(host, $$"""{"every":60,"flow":{{flow}}}""", "mail")).StatusCode);
        // Neither may it be taken over.
        Assert.Equal(HttpStatusCode.NotFound, (await PutAsync(host, """{"every":60,"flow":{"jobs":[{"name":"a","type":"longtask","queue":"side"}]}}""", "side")).StatusCode);

        async Task<HttpStatusCode> GetAsync(string key) => (await host.Http.GetAsync(Path, KeySettings.Bearer(key))).StatusCode;
    }

    /// <summary>Who sees it is said in tags, which are beside the schedule's own.</summary>
    [Theory]
    [InlineData(15, 1, true), InlineData(16, 1, false), InlineData(10, 7, false), InlineData(0, 16, true), InlineData(0, 17, false)]
    public async Task OfMoreQueuesThanAJobHasTags_ItIsTakenFromWhoIsGoodForAll_AndNobodyElseSeesIt(int tags, int queues, bool isSeen)
    {
        string[] names = [.. Enumerable.Range(0, queues).Select(i => $"q{i}")];
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?>().With("some", ["submit", "read", "operate"], names).With("all", ["submit", "read", "operate"]));
        var own = string.Join(',', Enumerable.Range(0, tags).Select(i => $"\"t{i}\":\"x\""));
        var jobs = string.Join(',', names.Select(name => $$"""{"name":"{{name}}","type":"longtask","queue":"{{name}}"}"""));
        var body = $$"""{"every":60,"tags":{ {{own}} },"flow":{"jobs":[{{jobs}}]} }""";
        var made = await PutAsync(host, body, "all");
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK, isSeen ? HttpStatusCode.OK : HttpStatusCode.NotFound), (made.StatusCode, await GetAsync("all"), await GetAsync("some")));
        if (isSeen) return;
        // Who could not see it afterwards does not make it.
        await using var other = await GatewayHost.StartAsync(new Dictionary<string, string?>().With("some", ["submit", "read", "operate"], names));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PutAsync(other, body, "some")).StatusCode);

        async Task<HttpStatusCode> GetAsync(string key) => (await host.Http.GetAsync(Path, KeySettings.Bearer(key))).StatusCode;
    }

    private static async Task<HttpResponseMessage> PutAsync(GatewayHost host, string body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            var (name, value) = KeySettings.Bearer(key);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await host.Http.SendAsync(request);
    }
}
