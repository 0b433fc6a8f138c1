using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Outside;

/// <summary>A worker over HTTP, against a whole grid in this process.</summary>
public sealed class WorkRouteTests(GridHost grid) : IClassFixture<GridHost>
{
    private readonly string _type = $"t{Guid.NewGuid():N}";

    private async Task<JsonElement> WorkAsync(string body)
    {
        using var answer = await grid.Http.PostJsonAsync("/work", body);
        var json = await answer.JsonAsync();
        Assert.True(answer.StatusCode is HttpStatusCode.OK, json.GetRawText());
        return json;
    }

    [Fact]
    public async Task AJob_GoesThroughAWorker_AndItsTypeIsATypeLikeAnyOther()
    {
        var opened = await WorkAsync($$"""{"seq":1,"want":5,"wait":10,"types":[{"name":"{{_type}}","queue":"pictures","description":"Makes them small.","schema":{"type":"object","required":["width"]},"attempts":7,"timeout":90,"release":"1.2"}]}""");
        var session = opened.Text("session");
        Assert.Equal(10, opened.GetProperty("heartbeat").GetInt32());
        Assert.Empty(opened.GetProperty("leases").EnumerateArray());

        using var misfit = await grid.Http.PostJsonAsync($"/jobs/{_type}", "{}");
        Assert.Equal("invalid-args", await misfit.ProblemAsync());
        using var accepted = await grid.Http.PostJsonAsync("/jobs", $$$"""{"type":"{{{_type}}}","args":{"width":80},"tags":{"a":"b"}}""");
        var id = (await accepted.JsonAsync()).Text("id");

        var lease = (await WorkAsync($$"""{"session":"{{session}}","seq":2,"want":5,"wait":10,"types":["{{_type}}"]}""")).GetProperty("leases")[0];
        Assert.Equal((id, _type, "pictures", """{"width":80}""", 1, 7, 90), (lease.Text("id"), lease.Text("type"), lease.Text("queue"), lease.GetProperty("args").GetRawText(),
            lease.GetProperty("attempt").GetInt32(), lease.GetProperty("attempts").GetInt32(), lease.GetProperty("timeout").GetInt32()));
        Assert.Equal("b", lease.GetProperty("tags").Text("a"));
        var name = $$"""{"id":"{{id}}","token":"{{lease.Text("token")}}"}""";

        await WorkAsync($$"""{"session":"{{session}}","seq":3,"holds":[{{name}}],"progress":[{"id":"{{id}}","token":"{{lease.Text("token")}}","current":2,"total":4,"message":"Half","data":{"files":["a"]} }]}""");
        var half = await Eventually.AnswersAsync(async () => await (await grid.Http.GetAsync($"/jobs/{id}")).JsonAsync(), job => job.GetProperty("current").GetInt32() == 2);
        Assert.Equal(("Half", """{"files":["a"]}""", session), (half.Text("status"), half.GetProperty("data").GetRawText(), half.Text("silo")));

        using var saved = await grid.Http.PostJsonAsync($"/work/jobs/{id}/checkpoint", $$"""{"session":"{{session}}","token":"{{lease.Text("token")}}","checkpoint":{"page":3} }""");
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);

        var report = $$"""{"id":"{{id}}","token":"{{lease.Text("token")}}","outcome":"success","result":{"ok":true} }""";
        var stale = $$"""{"id":"{{id}}","token":"1","outcome":"success"}""";
        var answered = await WorkAsync($$"""{"session":"{{session}}","seq":4,"reports":[{{report}},{{stale}}]}""");
        Assert.Equal([200, 409], answered.GetProperty("reports").EnumerateArray().Select(one => one.GetProperty("status").GetInt32()));
        var end = await (await grid.Http.GetAsync($"/jobs/{id}", ("Prefer", "wait=10"))).JsonAsync();
        Assert.Equal(("SUCCESS", """{"ok":true}"""), (end.Text("state"), end.GetProperty("result").GetRawText()));
        Assert.Equal(session, end.GetProperty("attempts")[0].Text("silo"));

        using var late = await grid.Http.PostJsonAsync($"/work/jobs/{id}/checkpoint", $$"""{"session":"{{session}}","token":"{{lease.Text("token")}}","checkpoint":1}""");
        Assert.Equal("stale-lease", await late.ProblemAsync());
        var lost = await WorkAsync($$"""{"session":"{{session}}","seq":5,"wait":10,"holds":[{{name.Replace(lease.Text("token"), "1", StringComparison.Ordinal)}}]}""");
        Assert.Equal("lost", lost.GetProperty("cancel")[0].Text("why"));
        await WorkAsync($$"""{"session":"{{session}}","seq":6,"bye":true}""");
    }

    [Fact]
    public async Task ATypeThatIsAnnounced_IsKnownAtOnce_AndANewerReleaseStays()
    {
        using var put = await grid.Http.SendJsonAsync(HttpMethod.Put, $"/job-types/{_type}", """{"schema":{"type":"array"},"description":"First","release":"1.10"}""");
        var first = await put.JsonAsync();
        Assert.Equal(("First", "1.10", 0), (first.GetProperty("type").Text("description"), first.GetProperty("type").Text("release"), first.GetProperty("type").GetProperty("silos").GetInt32()));
        Assert.False(first.TryGetProperty("warnings", out _));
        using var accepted = await grid.Http.PostJsonAsync($"/jobs/{_type}", "[]");
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);

        using var older = await grid.Http.SendJsonAsync(HttpMethod.Put, $"/job-types/{_type}", """{"schema":{"type":"object"},"release":"1.9"}""");
        var kept = await older.JsonAsync();
        Assert.Equal("First", kept.GetProperty("type").Text("description"));
        Assert.Contains("newer release 1.10", kept.GetProperty("warnings")[0].GetString());
        using var misfit = await grid.Http.PostJsonAsync($"/jobs/{_type}", "{}");
        Assert.Equal("invalid-args", await misfit.ProblemAsync());

        using var newer = await grid.Http.SendJsonAsync(HttpMethod.Put, $"/job-types/{_type}", """{"schema":{"type":"object"},"release":"2.0"}""");
        Assert.False((await newer.JsonAsync()).TryGetProperty("warnings", out _));
        using var fits = await grid.Http.PostJsonAsync($"/jobs/{_type}", "{}");
        Assert.Equal(HttpStatusCode.Accepted, fits.StatusCode);
        var listed = (await (await grid.Http.GetAsync("/job-types")).JsonAsync()).EnumerateArray().Single(type => type.Text("name") == _type);
        Assert.Equal("2.0", listed.Text("release"));
    }

    [Fact]
    public async Task ATypeThatSomebodyElseAnnouncedAnewMeanwhile_IsWhatIsSaidLast()
    {
        await OpenAsync("First");
        // By another gateway.
        await grid.Services.GetRequiredService<IGrainFactory>().GetGrain<IJobTypesGrain>(0).Announce([new() { Name = _type, Description = "Second" }], onlyNew: false);
        await Eventually.AnswersAsync(
            async () =>
            {
                await OpenAsync("First");
                return await (await grid.Http.GetAsync("/job-types")).JsonAsync();
            },
            types => types.EnumerateArray().Single(type => type.Text("name") == _type).Text("description") == "First");

        async Task OpenAsync(string description)
        {
            using var opened = await grid.Http.PostJsonAsync("/work", $$"""{"seq":1,"types":[{"name":"{{_type}}","description":"{{description}}"}]}""");
            Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        }
    }

    [Fact]
    public async Task ATypeOfASilo_IsDescribedByItsHandler_AndSharedWithAWorker()
    {
        var opened = await WorkAsync("""{"seq":1,"types":[{"name":"longtask","description":"Mine"}]}""");
        Assert.Contains("longtask", opened.GetProperty("warnings")[0].GetString());
        var type = (await (await grid.Http.GetAsync("/job-types")).JsonAsync()).EnumerateArray().Single(type => type.Text("name") == "longtask");
        Assert.False(type.TryGetProperty("description", out var said) && said.GetString() == "Mine");
    }

    [Fact]
    public async Task AKey_WorksOnItsTypesAndQueues_AndOnNoOtherSession()
    {
        await using var host = new KeyedHost();
        await host.StartAsync();
        using var other = await host.PostAsync("resizer", "/work", """{"seq":1,"types":["sort"]}""");
        Assert.Equal("forbidden", await other.ProblemAsync());
        using var queue = await host.PostAsync("resizer", "/work", """{"seq":1,"types":["resize"],"queues":["mail"]}""");
        Assert.Equal("forbidden", await queue.ProblemAsync());
        using var reader = await host.PostAsync("reader", "/work", """{"seq":1}""");
        Assert.Equal("forbidden", await reader.ProblemAsync());
        using var opened = await host.PostAsync("resizer", "/work", """{"seq":1,"types":["resize"]}""");
        var session = (await opened.JsonAsync()).Text("session");
        using var stolen = await host.PostAsync("all", "/work", $$"""{"seq":2,"session":"{{session}}"}""");
        Assert.Equal("session-not-found", await stolen.ProblemAsync());
        using var announced = await host.SendAsync("resizer", HttpMethod.Put, "/job-types/sort", "{}");
        Assert.Equal("forbidden", await announced.ProblemAsync());

        // Of all queues, those of the key.
        foreach (var name in (string[])["mail", "pictures"])
        {
            using var accepted = await host.PostAsync("all", "/jobs", $$"""{"type":"resize","queue":"{{name}}","id":"{{name}}"}""");
            Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        }

        using var taken = await host.PostAsync("resizer", "/work", $$"""{"seq":2,"session":"{{session}}","types":["resize"],"want":5,"wait":5}""");
        Assert.Equal(["pictures"], (await taken.JsonAsync()).GetProperty("leases").EnumerateArray().Select(lease => lease.Text("id")));
    }

    private sealed class KeyedHost : IAsyncDisposable
    {
        private readonly GridHost _host = new();

        public Task StartAsync() => _host.StartAsync(new()
        {
            ["Gateway:Keys:0:Id"] = "resizer", ["Gateway:Keys:0:Sha256"] = Hash("resizer"), ["Gateway:Keys:0:Scopes:0"] = "work",
            ["Gateway:Keys:0:Types:0"] = "resize", ["Gateway:Keys:0:Queues:0"] = "pictures",
            ["Gateway:Keys:1:Id"] = "all", ["Gateway:Keys:1:Sha256"] = Hash("all"), ["Gateway:Keys:1:Scopes:0"] = "work", ["Gateway:Keys:1:Scopes:1"] = "submit",
            ["Gateway:Keys:2:Id"] = "reader", ["Gateway:Keys:2:Sha256"] = Hash("reader"), ["Gateway:Keys:2:Scopes:0"] = "read",
        });

        public Task<HttpResponseMessage> PostAsync(string key, string path, string json) => SendAsync(key, HttpMethod.Post, path, json);

        public Task<HttpResponseMessage> SendAsync(string key, HttpMethod method, string path, string json) => _host.Http.SendJsonAsync(method, path, json, ("Authorization", $"Bearer {key}"));

        public async ValueTask DisposeAsync() => await _host.DisposeAsync();

        private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }
}
