using System.Net;
using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Flows over HTTP, on a grid that runs them.</summary>
public sealed class FlowsOverGridTests(GridHost grid) : IClassFixture<GridHost>
{
    private const string Documented = """
        {"jobs":[
          {"name":"split","type":"wordcount","args":{"text":"to be or not to be"}},
          {"name":"a","type":"longtask","args":{"steps":3,"stepMs":10},"after":["split"]},
          {"name":"b","type":"longtask","args":{"steps":5,"stepMs":10},"after":["split"]},
          {"name":"sum","type":"sum","args":{"values":[{"$ref":"a.result"},{"$ref":"b.result"}]},"after":["a","b"]}],
         "result":{"$ref":"sum.result"}, "onFailure":"cancel"}
        """;

    [Fact]
    public async Task TheGraphOfTheDocuments_EndsWith84()
    {
        var accepted = await (await grid.Http.PostJsonAsync("/flows", Documented)).JsonAsync();
        var id = accepted.Text("id");
        var ended = await EndOfAsync(id);
        Assert.True(ended.Text("state") == "SUCCESS", ended.GetRawText());
        Assert.Equal("84", ended.GetProperty("result").GetRawText());
        Assert.True(ended.GetProperty("flow").GetBoolean());

        var view = await (await grid.Http.GetAsync($"/flows/{id}")).JsonAsync();
        Assert.Equal(["split SUCCESS", "a SUCCESS", "b SUCCESS", "sum SUCCESS"], view.GetProperty("jobs").EnumerateArray().Select(job => $"{job.Text("name")} {job.Text("state")}"));
        var children = (await (await grid.Http.GetAsync($"/jobs?parent={id}")).JsonAsync()).GetProperty("jobs").EnumerateArray().ToList();
        Assert.Equal(view.GetProperty("jobs").EnumerateArray().Select(job => job.Text("id")).Order(StringComparer.Ordinal), children.Select(job => job.Text("id")).Order(StringComparer.Ordinal));
        Assert.All(children, child => Assert.Equal(id, child.Text("parent")));
    }

    [Fact]
    public async Task Each_RunsAJobForEveryElement()
    {
        var id = (await (await grid.Http.PostJsonAsync("/flows", """
            {"jobs":[{"name":"each-one","type":"longtask","each":[1,2,3],"args":{"steps":{"$ref":"each.value"},"stepMs":1}},
                     {"name":"sum","type":"sum","args":{"values":{"$ref":"each-one.result"}}}],"result":[{"$ref":"sum.result"},{"$ref":"each-one.state"}]}
            """)).JsonAsync()).Text("id");
        var ended = await EndOfAsync(id);
        Assert.True(ended.Text("state") == "SUCCESS", ended.GetRawText());
        Assert.Equal("[126,\"SUCCESS\"]", ended.GetProperty("result").GetRawText());
        var each = (await (await grid.Http.GetAsync($"/flows/{id}")).JsonAsync()).GetProperty("jobs")[0];
        Assert.Equal("SUCCESS", each.Text("state"));
        Assert.Equal("""{"total":3,"started":3,"succeeded":3,"failed":0}""", each.GetProperty("children").GetRawText());
    }

    [Fact]
    public async Task WhatAReferenceBrings_IsSeenWhenItComes()
    {
        var id = (await (await grid.Http.PostJsonAsync("/flows", """
            {"jobs":[{"name":"a","type":"wordcount","args":{"text":"to be"}},{"name":"b","type":"longtask","args":{"steps":{"$ref":"a.result/no/such"}}}]}
            """)).JsonAsync()).Text("id");
        var ended = await EndOfAsync(id);
        Assert.Equal(("FAILURE", "bad_args"), (ended.Text("state"), ended.GetProperty("error").Text("code")));
        Assert.Contains("a.result/no/such", ended.GetProperty("error").Text("message"), StringComparison.Ordinal);
        Assert.Equal(["SUCCESS", "SKIPPED"], (await (await grid.Http.GetAsync($"/flows/{id}")).JsonAsync()).GetProperty("jobs").EnumerateArray().Select(job => job.Text("state")));
    }

    [Fact]
    public async Task AJobAfterAnother_SaysWhatItWaitsFor_AndRunsThen()
    {
        var first = (await (await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","countdown":3600}""")).JsonAsync()).Text("id");
        var second = (await (await grid.Http.PostJsonAsync("/jobs", $$"""{"type":"longtask","args":{"steps":1,"stepMs":1},"after":[{"job":"{{first}}","on":"failure"}]}""")).JsonAsync()).Text("id");
        var waits = (await (await grid.Http.GetAsync("/jobs/" + second)).JsonAsync()).GetProperty("waitingFor");
        Assert.Equal($$"""[{"what":"job","id":"{{first}}"}]""", waits.GetRawText());
        await grid.Http.PostAsync($"/jobs/{first}/cancel", null);
        var ended = await EndOfAsync(second);
        Assert.Equal("SUCCESS", ended.Text("state"));
        Assert.Equal($$"""[{"job":"{{first}}","on":"failure"}]""", ended.GetProperty("after").GetRawText());
        async Task<JsonElement> FollowersAsync() => await (await grid.Http.GetAsync($"/jobs?after={first}")).JsonAsync();
        Assert.Equal([second], (await FollowersAsync()).GetProperty("jobs").EnumerateArray().Select(job => job.Text("id")));
        await grid.Http.DeleteAsync("/jobs/" + second);
        Assert.Empty((await FollowersAsync()).GetProperty("jobs").EnumerateArray());

        var unknown = await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","after":["never-was"]}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, unknown.StatusCode);
        Assert.Equal("/after/0", (await unknown.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
    }

    [Fact]
    public async Task ABatchThatIsAChain_RunsInItsOrder()
    {
        var items = (await (await grid.Http.PostJsonAsync("/jobs:batch", """
            [{"type":"longtask","id":"chain-3","args":{"steps":1,"stepMs":1},"after":["chain-2"]},{"type":"longtask","id":"chain-2","args":{"steps":1,"stepMs":1},"after":["chain-1"]},{"type":"longtask","id":"chain-1","args":{"steps":1,"stepMs":1}}]
            """)).JsonAsync()).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal([202, 202, 202], items.Select(item => item.GetProperty("status").GetInt32()));
        var (second, third) = (await EndOfAsync("chain-2"), await EndOfAsync("chain-3"));
        Assert.Equal(("SUCCESS", "SUCCESS"), (second.Text("state"), third.Text("state")));
        Assert.True(third.GetProperty("startedAt").GetDateTimeOffset() >= second.GetProperty("finishedAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task Signals_AreKeptUntilTheJobEnds()
    {
        var id = (await (await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","countdown":3600}""")).JsonAsync()).Text("id");
        Assert.Equal(HttpStatusCode.Accepted, (await grid.Http.PostJsonAsync($"/jobs/{id}/signals/go", "{}", ("Idempotency-Key", "k"))).StatusCode);
        Assert.Equal("true", (await grid.Http.PostJsonAsync($"/jobs/{id}/signals/go", "{}", ("Idempotency-Key", "k"))).Header("Idempotent-Replayed"));
        await grid.Http.PostAsync($"/jobs/{id}/cancel", null);
        Assert.Equal(HttpStatusCode.Conflict, (await grid.Http.PostJsonAsync($"/jobs/{id}/signals/go", "{}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await grid.Http.PostJsonAsync("/jobs/never-was/signals/go", "{}")).StatusCode);
    }

    private async Task<JsonElement> EndOfAsync(string id) => await (await grid.Http.GetAsync($"/jobs/{id}", ("Prefer", "wait=30"))).JsonAsync();
}
