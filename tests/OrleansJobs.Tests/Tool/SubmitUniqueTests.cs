using System.Net;

namespace OrleansJobs.Tests.Tool;

/// <summary>What the tool can say of a unique job.</summary>
public class SubmitUniqueTests
{
    private readonly ToolRun _tool = new();

    public SubmitUniqueTests() => _tool.Gateway.On("POST /jobs", ToolRun.Job(state: "PENDING"), HttpStatusCode.Accepted);

    [Theory]
    [InlineData(new[] { "--unique" }, "\"unique\":{}")]
    [InlineData(new[] { "--unique", "report", "--unique-for", "10m" }, "\"unique\":{\"value\":\"report\",\"seconds\":600}")]
    [InlineData(new[] { "--unique-until", "start" }, "\"unique\":{\"until\":\"start\"}")]
    [InlineData(new[] { "--countdown", "5", "--unique", "doc-3", "--unique-on", "debounce", "--unique-longest", "1m30s" }, "\"countdown\":5,\"unique\":{\"value\":\"doc-3\",\"on\":\"debounce\",\"longest\":90}")]
    public async Task Submit_SaysAllThatThereIsToSay(string[] options, string members)
    {
        Assert.Equal(0, await _tool.RunAsync(["submit", "longtask", .. options]));
        Assert.Equal($"{{\"type\":\"longtask\",{members}}}", _tool.Gateway.Requests[0].Body);
    }
}
