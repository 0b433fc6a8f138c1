using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Tests.Tool;

public class SubmitCommandTests
{
    private readonly ToolRun _tool = new();

    public SubmitCommandTests() => _tool.Gateway.On("POST /jobs", ToolRun.Job(state: "PENDING"), HttpStatusCode.Accepted);

    [Theory]
    [InlineData(new[] { """{"steps":3}""" }, """{"steps":3}""")]
    [InlineData(new[] { "[1,2]" }, "[1,2]")]
    [InlineData(new[] { "null" }, "null")]
    [InlineData(new[] { "-a", "steps=3", "-a", "name=Ada", "-a", "n=null", "-a", "eq=a=b", "-a", "deep={\"x\":[true]}" }, """{"steps":3,"name":"Ada","n":null,"eq":"a=b","deep":{"x":[true]}}""")]
    [InlineData(new[] { "-" }, """{"from":"input"}""")]
    public async Task Submit_TakesArgumentsInManyWays(string[] arguments, string args)
    {
        _tool.Input = """{"from":"input"}""";
        Assert.Equal(0, await _tool.RunAsync(["submit", "longtask", .. arguments]));
        Assert.Equal("a\n", _tool.Out);
        Assert.Equal($$"""{"type":"longtask","args":{{args}}}""", _tool.Gateway.Requests[0].Body);
    }

    [Fact]
    public async Task Submit_ReadsArgumentsFromAFile()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "{\"a\": 1}");
        Assert.Equal(0, await _tool.RunAsync("submit", "longtask", "@" + file));
        Assert.Equal("""{"type":"longtask","args":{"a":1}}""", _tool.Gateway.Requests[0].Body);
        File.Delete(file);
        Assert.Equal(2, await _tool.RunAsync("submit", "longtask", "@" + file));
    }

    [Fact]
    public async Task Submit_CarriesEveryOption()
    {
        Assert.Equal(0, await _tool.RunAsync("submit", "longtask", "--id", "mine", "--queue", "q", "--priority", "9", "--countdown", "1h30m", "--expires", "90",
            "--attempts", "5", "--timeout", "1.5s", "--retention", "7d", "--tag", "tenant=acme", "--tag", "n=1"));
        Assert.Equal(
            """{"type":"longtask","id":"mine","queue":"q","priority":9,"countdown":5400,"expires":90,"attempts":5,"timeout":1.5,"retention":604800,"tags":{"tenant":"acme","n":"1"}}""",
            _tool.Gateway.Requests[0].Body);
        Assert.False(_tool.Gateway.Requests[0].Message.Headers.Contains("Idempotency-Key"));
    }

    [Fact]
    public async Task Submit_CarriesTheKeyOfTheUser()
    {
        Assert.Equal(0, await _tool.RunAsync("submit", "longtask", "--idempotency-key", "order/7"));
        Assert.Equal("\"order/7\"", _tool.Gateway.Requests[0].Message.Headers.GetValues("Idempotency-Key").Single());
    }

    [Theory]
    [InlineData("submit")]
    [InlineData("submit", "longtask", "{")]
    [InlineData("submit", "longtask", "1", "-a", "a=1")]
    [InlineData("submit", "longtask", "-a", "a")]
    [InlineData("submit", "longtask", "-a", "a=1", "-a", "a=2")]
    [InlineData("submit", "longtask", "--tag", "=x")]
    [InlineData("submit", "longtask", "--tag", "a=1", "--tag", "a=1")]
    [InlineData("submit", "longtask", "--countdown", "soon")]
    [InlineData("submit", "longtask", "--countdown", "-5")]
    [InlineData("submit", "longtask", "--priority", "high")]
    [InlineData("submit", "longtask", "--no-such-option")]
    [InlineData("submit", "longtask", "--idempotency-key", "a\"b")]
    [InlineData("submit", "longtask", "--idempotency-key", "a b")]
    [InlineData("submit", "longtask", "--idempotency-key", "")]
    [InlineData("submit", "longtask", "--idempotency-key", "k", "--id", "mine")]
    [InlineData("submit", "longtask", "--url", "localhost:8080")]
    [InlineData("submit", "longtask", "--key", "two words")]
    public async Task Submit_WhenTheCommandLineIsWrong_AsksNothingAndEndsWith2(params string[] arguments)
    {
        Assert.Equal(2, await _tool.RunAsync(arguments));
        Assert.NotEmpty(_tool.Error);
        Assert.Empty(_tool.Gateway.Requests);
    }

    [Fact]
    public async Task Submit_WhenTheAnswerIsLost_SendsItAgainUnderTheSameKey()
    {
        var tool = new ToolRun();
        tool.Gateway.On("POST /jobs", () => throw new HttpRequestException("reset"));
        tool.Gateway.OnProblem("POST /jobs", 503, "The grid did not answer in time.", retryAfter: 3);
        tool.Gateway.On("POST /jobs", ToolRun.Job());
        var started = tool.Time.GetUtcNow();

        Assert.Equal(0, await tool.RunAsync("submit", "longtask"));

        Assert.Equal(3, tool.Gateway.Requests.Count);
        Assert.Single(tool.Gateway.Requests.Select(request => request.Message.Headers.GetValues("Idempotency-Key").Single()).Distinct());
        Assert.InRange(tool.Time.GetUtcNow() - started, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Submit_WhenTheGatewayStaysAway_EndsWith6()
    {
        var tool = new ToolRun();
        tool.Gateway.On("POST /jobs", () => throw new HttpRequestException("Connection refused"));
        Assert.Equal(6, await tool.RunAsync("submit", "longtask"));
        Assert.Equal(4, tool.Gateway.Requests.Count);
        Assert.Equal("The gateway at http://localhost:8080/ cannot be reached: Connection refused\n", tool.Error);
    }

    [Fact]
    public async Task Submit_WhenRefused_NamesEachMistake()
    {
        var tool = new ToolRun();
        tool.Gateway.OnProblem("POST /jobs", 422, "A member of the body is wrong.", "2 members", ""","errors":[{"pointer":"/args/steps","detail":"It must be an integer."},{"pointer":"/queue","detail":"No."}]""");
        Assert.Equal(5, await tool.RunAsync("submit", "longtask"));
        Assert.Equal("A member of the body is wrong. (422)\n/args/steps: It must be an integer.\n/queue: No.\n", tool.Error);
        Assert.Single(tool.Gateway.Requests);

        Assert.Equal(5, await tool.RunAsync("submit", "longtask", "--json"));
        Assert.Equal(422, JsonNode.Parse(tool.Error)!["status"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("SUCCESS", ""","result":{"answer":42}""", 0, "a succeeded: {\"answer\":42}")]
    [InlineData("FAILURE", ""","error":{"code":"timeout","message":"too slow"}""", 1, "a failed: timeout: too slow")]
    [InlineData("REVOKED", "", 3, "a was cancelled")]
    public async Task Submit_WithWatch_EndsAsTheJobDoes(string state, string more, int code, string last)
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(state: "PENDING", version: 0));
        _tool.Gateway.OnEvents("GET /jobs/a/events", ToolRun.Job(version: 4), "ping", ToolRun.Job(version: 3), ToolRun.Job(state: state, version: 9, more: more));

        Assert.Equal(code, await _tool.RunAsync("submit", "longtask", "--watch"));

        Assert.Equal(["a", "a  PENDING  0/10  0%  step 0", "a  PROGRESS  4/10  40%  step 4", $"a  {state}  9/10  90%  step 9", last], _tool.Lines);
    }

    [Fact]
    public async Task Submit_AsJson_PrintsTheStatusOnOneLine()
    {
        Assert.Equal(0, await _tool.RunAsync("submit", "longtask", "--json"));
        Assert.Equal("PENDING", JsonSerializer.Deserialize<JsonElement>(Assert.Single(_tool.Lines)).GetProperty("state").GetString());
    }
}
