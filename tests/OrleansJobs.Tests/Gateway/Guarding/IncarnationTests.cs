using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>An id is a name that anybody may take, before a job and after it: what one job's holder was given opens no other job of that id.</summary>
public sealed class IncarnationTests : IAsyncLifetime
{
    private const string Mine = """{"type":"longtask","id":"x","queue":"b"}""";
    private const string Theirs = """{"type":"longtask","id":"x","queue":"a"}""";
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync(new Dictionary<string, string?>()
        .With("a", ["submit", "read", "operate"], "a").With("b", ["submit", "read", "operate"], "b"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task AWatchToken_EndsWithItsJob_ThoughAnotherHasItsId()
    {
        var token = (await (await PostAsync(Mine, "b")).JsonAsync()).Text("watchToken");
        Assert.Equal(HttpStatusCode.OK, (await _host.Http.GetAsync($"/jobs/x?watchToken={token}")).StatusCode);
        _host.Grid["x"].Succeed("1");
        Assert.Equal(HttpStatusCode.OK, (await _host.Http.GetAsync($"/jobs/x?watchToken={token}")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await _host.Http.SendJsonAsync(HttpMethod.Delete, "/jobs/x", null, KeySettings.Bearer("b"))).StatusCode);

        var theirs = (await (await PostAsync(Theirs, "a")).JsonAsync()).Text("watchToken");
        Assert.Equal(HttpStatusCode.OK, (await _host.Http.GetAsync($"/jobs/x?watchToken={theirs}")).StatusCode);
        _host.Grid["x"].Succeed("\"their secret\"");
        foreach (var path in new[] { "/jobs/x", "/jobs/x/events" })
            Assert.Equal(HttpStatusCode.NotFound, (await _host.Http.GetAsync($"{path}?watchToken={token}")).StatusCode);
        Assert.DoesNotContain("their secret", await _host.Http.GetStringAsync($"/events?jobs=x&watchToken={token}"));
        Assert.Contains("their secret", await _host.Http.GetStringAsync($"/events?jobs=x&watchToken={theirs}"));
    }

    [Fact]
    public async Task AWatchToken_OutlivesARetryAndAReplay()
    {
        var token = (await (await PostAsync(Mine, "b")).JsonAsync()).Text("watchToken");
        var replay = await PostAsync(Mine, "b");
        Assert.Equal("true", replay.Header("Idempotent-Replayed"));
        Assert.Equal(token, (await replay.JsonAsync()).Text("watchToken"));
        _host.Grid["x"].Fail("error", "no");
        Assert.Equal(HttpStatusCode.Accepted, (await _host.Http.PostJsonAsync("/jobs/x/retry", "{}", KeySettings.Bearer("b"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _host.Http.GetAsync($"/jobs/x?watchToken={token}")).StatusCode);
    }

    [Fact]
    public async Task AStream_EndsWithTheJobThatItWasOpenedFor()
    {
        var token = (await (await PostAsync(Mine, "b")).JsonAsync()).Text("watchToken");
        using var stream = await EventStream.OpenAsync(_host.Http, $"/jobs/x/events?watchToken={token}");
        using var keyed = await EventStream.OpenAsync(_host.Http, "/jobs/x/events", KeySettings.Bearer("b"));
        Assert.NotNull(await stream.NextAsync());
        Assert.NotNull(await keyed.NextAsync());
        // What a watch over the grid goes on with after a silo was lost: another job, whose versions are higher.
        _host.Grid["x"].Become(status => status with { SubmittedAt = status.SubmittedAt.AddMinutes(1), Queue = "a", Message = "theirs" });
        Assert.Null(await stream.NextAsync());
        Assert.Null(await keyed.NextAsync());
    }

    [Theory]
    [InlineData("a")]
    [InlineData("web")]
    public async Task TheIdOfAnIdempotencyKey_IsNobodysToTakeBeforehand(string scope)
    {
        var guess = "k-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{scope.Length}:{scope}order-7")).AsSpan(0, 16));
        var id = (await (await _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","queue":"a"}""", KeySettings.Bearer("a"), ("Idempotency-Key", "order-7"))).JsonAsync()).Text("id");
        Assert.NotEqual(guess, id);
        Assert.StartsWith("oj-", id);
        _host.Grid.Forget(id);
        foreach (var taken in new[] { id, "oj-", "oj-mine" })
        {
            var refused = await PostAsync($$"""{"type":"longtask","id":"{{taken}}","queue":"b"}""", "b");
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "invalid-member"), (refused.StatusCode, await refused.ProblemAsync()));
        }

        var batch = await (await _host.Http.PostJsonAsync("/jobs:batch", $$"""[{"type":"longtask","id":"{{id}}","queue":"b"}]""", KeySettings.Bearer("b"))).JsonAsync();
        Assert.Equal(0, batch.GetProperty("accepted").GetInt32());
        Assert.Empty(_host.Grid.Jobs);
    }

    [Fact]
    public async Task TheIdOfAnIdempotencyKey_IsTheSameAtEveryGatewayOfAGrid_AndAnotherInAnother()
    {
        var settings = new Dictionary<string, string?>().With("a", ["submit"]);
        await using var again = await GatewayHost.StartAsync(settings, _host.Grid);
        await using var other = await GatewayHost.StartAsync(settings);
        var ids = new List<string>();
        foreach (var host in new[] { _host, again, other })
            ids.Add((await (await host.Http.PostJsonAsync("/jobs", """{"type":"longtask","queue":"a"}""", KeySettings.Bearer("a"), ("Idempotency-Key", "order-7"))).JsonAsync()).Text("id"));
        Assert.Equal(ids[0], ids[1]);
        Assert.NotEqual(ids[0], ids[2]);
    }

    [Fact]
    public async Task APlaceOfABatch_IsNoKeyOfASingleSubmit()
    {
        await _host.Http.PostJsonAsync("/jobs:batch", """[{"type":"longtask","queue":"a"}]""", KeySettings.Bearer("a"), ("Idempotency-Key", "order"));
        var single = await _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","queue":"a"}""", KeySettings.Bearer("a"), ("Idempotency-Key", "order#0"));
        Assert.Null(single.Header("Idempotent-Replayed"));
        Assert.Equal(2, _host.Grid.Jobs.Count);
    }

    private Task<HttpResponseMessage> PostAsync(string json, string key) => _host.Http.PostJsonAsync("/jobs", json, KeySettings.Bearer(key));
}
