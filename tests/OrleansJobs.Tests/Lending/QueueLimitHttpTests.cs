using System.Net;
using System.Text;
using System.Text.Json;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Lending;

/// <summary>Limits of queues over HTTP, on a grid that runs jobs.</summary>
public sealed class QueueLimitHttpTests(GridHost grid) : IClassFixture<GridHost>
{
    [Fact]
    public async Task LimitsHoldJobsBack_WhichSayWhy_UntilTheyAreTakenAway()
    {
        const string Path = "/queues/bulk/limits";
        var put = await grid.Http.SendAsync(Request(HttpMethod.Put, Path, """{"concurrency":1,"rate":{"limit":1000,"per":1,"burst":10}}"""));
        var limits = await put.JsonAsync();
        Assert.Equal((HttpStatusCode.Created, "bulk", 1, 10), (put.StatusCode, limits.Text("queue"), limits.GetProperty("concurrency").GetInt32(), limits.GetProperty("rate").GetProperty("burst").GetInt32()));
        Assert.Equal(HttpStatusCode.OK, (await grid.Http.SendAsync(Request(HttpMethod.Put, Path, """{"concurrency":1}"""))).StatusCode);
        var first = await SubmitAsync();
        await StateAsync(first, "PROGRESS");
        var second = await SubmitAsync();
        var wait = Assert.Single((await JobAsync(second)).GetProperty("waitingFor").EnumerateArray());
        Assert.Equal(("limit", "bulk", "concurrency", false), (wait.Text("what"), wait.Text("queue"), wait.Text("limit"), wait.TryGetProperty("key", out _)));
        limits = await (await grid.Http.GetAsync(Path)).JsonAsync();
        Assert.Equal((1, 1), (limits.GetProperty("running").GetInt32(), limits.GetProperty("waiting").GetInt32()));
        Assert.Equal(HttpStatusCode.NoContent, (await grid.Http.DeleteAsync(Path)).StatusCode);
        await StateAsync(second, "PROGRESS");
        foreach (var id in (string[])[first, second]) await grid.Http.PostAsync($"/jobs/{id}/cancel", null);
        Assert.Equal("queue-limits-not-found", await (await grid.Http.DeleteAsync("/queues/never/limits")).ProblemAsync());
        Assert.Equal(HttpStatusCode.Forbidden, (await grid.Http.SendAsync(Request(HttpMethod.Put, "/queues/oj-flows/limits", """{"concurrency":1}"""))).StatusCode);
    }

    private async Task<string> SubmitAsync() =>
        (await (await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","args":{"steps":1000,"stepMs":50},"queue":"bulk"}""")).JsonAsync()).Text("id")!;

    private async Task<JsonElement> JobAsync(string id) => await (await grid.Http.GetAsync($"/jobs/{id}")).JsonAsync();

    private Task<JsonElement> StateAsync(string id, string state) => Eventually.AnswersAsync(() => JobAsync(id), job => job.Text("state") == state);

    private static HttpRequestMessage Request(HttpMethod method, string path, string body) =>
        new(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
}
