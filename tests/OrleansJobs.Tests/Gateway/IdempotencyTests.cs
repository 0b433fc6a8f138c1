using System.Net;
using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

public sealed class IdempotencyTests : IAsyncLifetime
{
    private const string Job = """{"type":"longtask","args":{"steps":3}}""";
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task SameKeyAndContent_AnswersTheFirstJob()
    {
        var first = await _host.Http.PostJsonAsync("/jobs", Job, ("Idempotency-Key", "\"order-7\""));
        var second = await _host.Http.PostJsonAsync("/jobs", Job, ("Idempotency-Key", "order-7"));

        Assert.Null(first.Header("Idempotent-Replayed"));
        Assert.Equal((HttpStatusCode.Accepted, "true"), (second.StatusCode, second.Header("Idempotent-Replayed")));
        Assert.Equal((await first.JsonAsync()).Text("id"), (await second.JsonAsync()).Text("id"));
        Assert.Single(_host.Grid.Jobs);
    }

    [Fact]
    public async Task SameKeyAndOtherContent_Is422()
    {
        await _host.Http.PostJsonAsync("/jobs", Job, ("Idempotency-Key", "order-7"));
        var other = await _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","args":{"steps":4}}""", ("Idempotency-Key", "order-7"));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "idempotency-key-reused"), (other.StatusCode, await other.ProblemAsync()));
    }

    [Fact]
    public async Task SameIdAndOtherContent_Is409()
    {
        await _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"mine"}""");
        var same = await _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"mine"}""");
        var other = await _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"mine","priority":9}""");

        Assert.Equal((HttpStatusCode.Accepted, "true"), (same.StatusCode, same.Header("Idempotent-Replayed")));
        Assert.Equal((HttpStatusCode.Conflict, "id-taken"), (other.StatusCode, await other.ProblemAsync()));
    }

    [Fact]
    public async Task AFailedValidation_LeavesTheKeyFree()
    {
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _host.Http.PostJsonAsync("/jobs", """{"type":"nope"}""", ("Idempotency-Key", "k"))).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await _host.Http.PostJsonAsync("/jobs", Job, ("Idempotency-Key", "k"))).StatusCode);
    }

    [Fact]
    public async Task ABatchUnderOneKey_IsReplayedItemByItem()
    {
        const string batch = """[{"type":"longtask"},{"type":"longtask"}]""";
        var first = await (await _host.Http.PostJsonAsync("/jobs:batch", batch, ("Idempotency-Key", "b"))).JsonAsync();
        var second = await (await _host.Http.PostJsonAsync("/jobs:batch", batch, ("Idempotency-Key", "b"))).JsonAsync();

        Assert.Equal(2, _host.Grid.Jobs.Count);
        Assert.Equal(Ids(first), Ids(second));

        static string[] Ids(JsonElement answer) => [.. answer.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("job").Text("id"))];
    }
}
