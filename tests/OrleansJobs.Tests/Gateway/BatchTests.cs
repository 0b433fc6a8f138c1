using System.Net;
using System.Text;

namespace OrleansJobs.Tests.Gateway;

public sealed class BatchTests : IAsyncLifetime
{
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Array_AnswersEachItemInOrder()
    {
        var answer = await (await _host.Http.PostJsonAsync("/jobs:batch", """
            [{"type":"longtask","id":"one","args":{"steps":7}}, {"type":"nope"}, 5, {"type":"anything","id":"two","args":[1, 2]}, {"type":"longtask","args":{"steps":"x"}}]
            """)).JsonAsync();

        Assert.Equal(2, answer.GetProperty("accepted").GetInt32());
        var items = answer.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal([202, 422, 422, 202, 422], items.Select(item => item.GetProperty("status").GetInt32()));
        Assert.Equal("one", items[0].GetProperty("job").Text("id"));
        Assert.Equal("/args/steps", items[4].GetProperty("problem").GetProperty("errors")[0].Text("pointer"));
        Assert.Equal("[1, 2]", Encoding.UTF8.GetString(_host.Grid["two"].Submission.Args));
        Assert.Equal("""{"steps":7}""", Encoding.UTF8.GetString(_host.Grid["one"].Submission.Args));
    }

    [Fact]
    public async Task Lines_AreTakenEachForItself()
    {
        var body = new StringContent("{\"type\":\"longtask\",\"id\":\"l1\",\"args\":{\"steps\":2}}\r\n\n{\"type\":\n {\"type\":\"longtask\",\"id\":\"l2\",\"args\":{\"steps\":3}}", Encoding.UTF8, "application/x-ndjson");
        var answer = await (await _host.Http.PostAsync("/jobs:batch", body)).JsonAsync();
        Assert.Equal([202, 400, 202], answer.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("status").GetInt32()));
        Assert.Equal("""{"steps":2}""", Encoding.UTF8.GetString(_host.Grid["l1"].Submission.Args));
        Assert.Equal("""{"steps":3}""", Encoding.UTF8.GetString(_host.Grid["l2"].Submission.Args));
    }

    [Fact]
    public async Task ABatchOfOneThousand_IsTaken()
    {
        var answer = await (await _host.Http.PostJsonAsync("/jobs:batch", $"[{string.Join(',', Enumerable.Repeat("{\"type\":\"longtask\"}", 1000))}]")).JsonAsync();
        Assert.Equal(1000, answer.GetProperty("accepted").GetInt32());
        Assert.Equal(1000, _host.Grid.Jobs.Count);
    }

    [Fact]
    public async Task ABatchThatIsRepeated_IsAnsweredWithoutResults()
    {
        var batch = $"[{string.Join(',', Enumerable.Repeat("{\"type\":\"longtask\"}", 50))}]";
        await _host.Http.PostJsonAsync("/jobs:batch", batch, ("Idempotency-Key", "k"));
        var result = $"\"{new string('r', 1 << 20)}\"";
        foreach (var job in _host.Grid.Jobs) job.Succeed(result);

        var answer = await _host.Http.PostJsonAsync("/jobs:batch", batch, ("Idempotency-Key", "k"));
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        Assert.InRange(bytes.Length, 1, 1 << 20);
        using var json = System.Text.Json.JsonDocument.Parse(bytes);
        Assert.All(json.RootElement.GetProperty("items").EnumerateArray(), item =>
        {
            Assert.Equal("SUCCESS", item.GetProperty("job").Text("state"));
            // Absent, rather than null, which would be said of a job without one.
            Assert.False(item.GetProperty("job").TryGetProperty("result", out _));
        });
    }

    [Fact]
    public async Task AnEmptyBatch_IsNoMistake()
    {
        var answer = await _host.Http.PostJsonAsync("/jobs:batch", "[]");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, (await answer.JsonAsync()).GetProperty("accepted").GetInt32());
    }

    [Fact]
    public async Task ARefusalOfTheGrid_IsTheItems()
    {
        _host.Grid.Refuse = job => job.Id == "full"
            ? new() { Id = job.Id, Outcome = SubmitOutcome.Overloaded, Reason = "Full.", RetryAfter = TimeSpan.FromSeconds(3) }
            : new() { Id = job.Id, Outcome = SubmitOutcome.Accepted, Status = new() { Id = job.Id, Type = job.Type, Queue = job.Queue } };
        var answer = await (await _host.Http.PostJsonAsync("/jobs:batch", """[{"type":"longtask","id":"full"},{"type":"longtask"}]""")).JsonAsync();
        Assert.Equal([503, 202], answer.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("status").GetInt32()));
    }
}
