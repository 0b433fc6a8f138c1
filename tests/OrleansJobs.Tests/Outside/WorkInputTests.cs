using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Outside;

/// <summary>What workers may get wrong, and what they are told; nothing of it reaches the grid.</summary>
public sealed partial class WorkInputTests(WorkInputTests.Fixture fixture) : IClassFixture<WorkInputTests.Fixture>
{
    public static TheoryData<string> Names => [.. WorkInputs.All.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task BadInput_IsAnsweredAsTheTableSays(string name)
    {
        var row = WorkInputs.All.Single(row => row.Name == name);
        var body = row.Body.Replace("SESSION", WorkSession.New("anonymous"), StringComparison.Ordinal).Replace("ANOTHER", WorkSession.New("another"), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new HttpMethod(row.Method), row.Path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(row.Content);

        using var answer = await fixture.Host.Http.SendAsync(request);

        var problem = await answer.JsonAsync();
        Assert.Equal((row.Status, "urn:orleansjobs:problem:" + row.Type), ((int)answer.StatusCode, problem.Text("type")));
        if (row.Pointer.Length > 0) Assert.Contains(row.Pointer, problem.GetProperty("errors").EnumerateArray().Select(error => error.Text("pointer")));
    }

    [Fact]
    public void Table_HasTheRowsOfTheTests()
    {
        var document = File.ReadAllText(Repository.PathOf("docs/WORKERS.md"));
        var section = document[document.IndexOf("## Bad input", StringComparison.Ordinal)..document.IndexOf("## Limits", StringComparison.Ordinal)];
        var documented = Row().Matches(section).Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value} {row.Groups[3].Value} {row.Groups[4].Value}");
        Assert.Equal(WorkInputs.All.Select(row => $"{row.Name} {row.Status} {row.Type} {row.Pointer}"), documented);
    }

    [GeneratedRegex(@"(?m)^\| (.+?) \| (\d+) \| `([a-z-]+)` \| (?:`([^`]*)`)? ?\|$")]
    private static partial Regex Row();

    public sealed class Fixture : IAsyncLifetime
    {
        internal GatewayHost Host { get; private set; } = null!;

        public async Task InitializeAsync() => Host = await GatewayHost.StartAsync();

        public async Task DisposeAsync() => await Host.DisposeAsync();
    }
}
