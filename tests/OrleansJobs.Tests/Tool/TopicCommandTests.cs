using System.Net;

namespace OrleansJobs.Tests.Tool;

public class TopicCommandTests
{
    private const string Binding = """{"id":"mail","pattern":"orders.#","type":"longtask","queue":"mail"}""";

    private readonly ToolRun _tool = new();

    [Fact]
    public async Task Publish_IsSentAgainUnderItsId_WhereTheAnswerIsLost_AndPrintsTheJobs()
    {
        _tool.Gateway.OnProblem("POST /topics/orders.eu", 503, "Away", retryAfter: 1)
            .On("POST /topics/orders.eu", """{"event":"e","key":"orders.eu","jobs":[{"binding":"mail","id":"a"},{"binding":"log","id":"b"}]}""", HttpStatusCode.Accepted);
        Assert.Equal(0, await _tool.RunAsync("publish", "orders.eu", """{"order":7}"""));
        Assert.Equal("a\nb\n", _tool.Out);
        Assert.Equal("""{"order":7}""", _tool.Gateway.Requests[0].Body);
        Assert.Equal(2, _tool.Gateway.Requests.Count);
        Assert.Single(_tool.Gateway.Requests.Select(request => string.Concat(request.Message.Headers.GetValues("Event-Id"))).Distinct());
    }

    [Fact]
    public async Task Publish_TakesAnIdOfOnesOwn_AndNothingIsNull()
    {
        _tool.Gateway.On("POST /topics/orders", """{"event":"mine","key":"orders","jobs":[]}""", HttpStatusCode.Accepted);
        Assert.Equal(0, await _tool.RunAsync("publish", "orders", "--event-id", "mine"));
        Assert.Equal(("mine", "null"), (string.Concat(_tool.Gateway.Requests[0].Message.Headers.GetValues("Event-Id")), _tool.Gateway.Requests[0].Body));
    }

    [Fact]
    public async Task Bindings_ArePutShownListedAndDeleted()
    {
        _tool.Gateway.On("PUT /bindings/mail", Binding, HttpStatusCode.Created).On("GET /bindings/mail", Binding)
            .On("GET /bindings?limit=200", $$"""{"bindings":[{{Binding}}],"cursor":"mail"}""").On("GET /bindings?limit=200&cursor=mail", """{"bindings":[]}""")
            .On("DELETE /bindings/mail", "", HttpStatusCode.NoContent);
        Assert.Equal(0, await _tool.RunAsync("binding", "put", "mail", "orders.#", "longtask", """{"to":"x"}""", "--queue", "mail"));
        Assert.Equal("""{"pattern":"orders.#","type":"longtask","queue":"mail","args":{"to":"x"}}""", _tool.Gateway.Requests[0].Body);
        Assert.Contains("mail\torders.#\tlongtask\tmail", _tool.Out, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync("binding", "show", "mail"));
        Assert.Equal(0, await _tool.RunAsync("bindings"));
        Assert.Contains("orders.#", _tool.Out, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync("binding", "delete", "mail"));
    }
}
