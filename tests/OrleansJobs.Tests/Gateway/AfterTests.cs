using System.Net;
using OrleansJobs.Tests.Gateway.Guarding;

namespace OrleansJobs.Tests.Gateway;

/// <summary><c>after</c> over HTTP.</summary>
public sealed class AfterTests : IAsyncLifetime
{
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task After_IsTakenInBothForms()
    {
        var answer = await _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","after":["a",{"job":"b","on":"end"},{"on":"failure","job":"c"},{"job":"d"}],"onUnmet":"cancel"}""");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal([new("a"), new("b", DependencyOn.End), new("c", DependencyOn.Failure), new("d")], _host.Grid.LastSubmission!.After);
        Assert.True(_host.Grid.LastSubmission.CancelIfUnmet);
    }

    [Theory]
    [InlineData("""{"after":"a"}""", "/after")]
    [InlineData("""{"after":[5]}""", "/after/0")]
    [InlineData("""{"after":["a",{"on":"end"}]}""", "/after/1/job")]
    [InlineData("""{"after":[{"job":5}]}""", "/after/0/job,/after/0/job")]
    [InlineData("""{"after":[{"job":"a","on":"later"}]}""", "/after/0/on")]
    [InlineData("""{"after":[{"job":"a","when":"end"}]}""", "/after/0/when")]
    [InlineData("""{"after":[{"job":"a","job":"b"}]}""", "/after/0/job")]
    [InlineData("""{"after":["no id"]}""", "/after/0")]
    [InlineData("""{"after":["a","a"]}""", "/after/1")]
    [InlineData("""{"id":"me","after":["me"]}""", "/after/0")]
    [InlineData("""{"after":["a"],"onUnmet":"wait"}""", "/onUnmet")]
    [InlineData("""{"onUnmet":"cancel"}""", "/onUnmet")]
    public async Task WhatIsWrong_IsPointedAt(string submit, string pointers)
    {
        var answer = await _host.Http.PostJsonAsync("/jobs", submit.Insert(1, "\"type\":\"longtask\","));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal(pointers, string.Join(',', (await answer.JsonAsync()).GetProperty("errors").EnumerateArray().Select(error => error.Text("pointer"))));
        Assert.Empty(_host.Grid.Jobs);
    }

    [Fact]
    public async Task ABatch_IsSubmittedInTheOrderThatItNeeds_AndACircleIsRefusedInItsItems()
    {
        var order = new List<string>();
        _host.Grid.Refuse = job =>
        {
            lock (order) order.Add(job.Id);
            return new() { Id = job.Id, Outcome = SubmitOutcome.Accepted, Status = new() { Id = job.Id, Type = job.Type, Queue = job.Queue } };
        };
        var answer = await (await _host.Http.PostJsonAsync("/jobs:batch", """
            [{"type":"longtask","id":"c","after":["b"]},{"type":"longtask","id":"b","after":["a"]},{"type":"longtask","id":"a"},
             {"type":"longtask","id":"x","after":["a","y"]},{"type":"longtask","id":"y","after":["x"]}]
            """)).JsonAsync();
        var items = answer.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal([202, 202, 202, 422, 422], items.Select(item => item.GetProperty("status").GetInt32()));
        Assert.Equal("/after/1", items[3].GetProperty("problem").GetProperty("errors")[0].Text("pointer"));
        Assert.Equal(["a", "b", "c"], order);
    }

    [Fact]
    public async Task AJobOfAQueueThatTheKeyIsNotGoodFor_IsAsOneThatThereIsNot()
    {
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?>().With("mail", ["submit"], "mail"));
        host.Grid.Add(new() { Id = "hidden", Type = "longtask", Queue = "default" });
        host.Grid.Add(new() { Id = "own", Type = "longtask", Queue = "mail" });
        Task<HttpResponseMessage> Submit(string after) => host.Http.PostJsonAsync("/jobs", $$"""{"type":"longtask","queue":"mail","after":["own","{{after}}"]}""", KeySettings.Bearer("mail"));
        var refused = await Submit("hidden");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Equal("/after/1", (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
        Assert.Equal(HttpStatusCode.Accepted, (await Submit("other")).StatusCode);
    }
}
