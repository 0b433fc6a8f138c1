using System.Net.Http.Json;
using System.Text.Json;
using OrleansJobs.Tests.Processes;

namespace OrleansJobs.Tests.Logs;

/// <summary>A real process, killed: what it had acknowledged is there afterwards.</summary>
public sealed class KilledSiloLogTests : IDisposable
{
    private readonly LoneHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task LinesThatAReportBrought_AndThoseThatWereRead_OutliveTheProcess()
    {
        await StartAsync();
        var session = (await WorkAsync("""{"seq":1,"types":[{"name":"outside"}]}""")).GetProperty("session").GetString();
        var tokens = new Dictionary<string, string>();
        foreach (var id in new[] { "ended", "running" }) await _host.SubmitAsync($$"""{"type":"outside","id":"{{id}}"}""");
        for (var sequence = 2; tokens.Count < 2; sequence++)
        {
            var answer = await WorkAsync($$"""{"session":"{{session}}","seq":{{sequence}},"types":["outside"],"want":2,"wait":5,"holds":[{{string.Join(',', tokens.Select(Name))}}]}""");
            foreach (var lease in answer.GetProperty("leases").EnumerateArray()) tokens[lease.GetProperty("id").GetString()!] = lease.GetProperty("token").GetString()!;
        }

        await WorkAsync($$"""
            {"session":"{{session}}","seq":100,"holds":[{{Name(new("running", tokens["running"]))}}],
             "logs":[{"id":"running","token":"{{tokens["running"]}}","from":1,"lines":[{"text":"on its way"}]}],
             "reports":[{"id":"ended","token":"{{tokens["ended"]}}","outcome":"failure","final":true,"error":{"message":"no"},"logs":{"from":1,"lines":[{"text":"first"},{"text":"last words"}] } }]}
            """);
        // What is read is stored.
        Assert.Equal(["on its way"], Texts(await _host.Http.GetFromJsonAsync<JsonElement>("/jobs/running/logs?after=0&wait=20")));

        await _host.KillAsync();
        await StartAsync();

        var ended = await _host.Http.GetFromJsonAsync<JsonElement>("/jobs/ended/logs");
        Assert.Equal(["first", "last words"], Texts(ended));
        Assert.True(ended.GetProperty("over").GetBoolean());
        Assert.Equal("FAILURE", (await _host.JobAsync("ended")).GetProperty("state").GetString());
        var running = await _host.Http.GetFromJsonAsync<JsonElement>("/jobs/running/logs");
        Assert.Equal(["on its way"], Texts(running));
        Assert.False(running.GetProperty("over").GetBoolean());
    }

    private static string Name(KeyValuePair<string, string> lease) => $$"""{"id":"{{lease.Key}}","token":"{{lease.Value}}"}""";

    private static string[] Texts(JsonElement page) => [.. page.GetProperty("lines").EnumerateArray().Select(line => line.GetProperty("text").GetString()!)];

    private Task StartAsync() => _host.StartAsync("--Store:Path", Path.Combine(_host.Folder, "jobs.db"));

    private async Task<JsonElement> WorkAsync(string body)
    {
        using var answer = await _host.Http.PostAsync(new Uri("/work", UriKind.Relative), new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(answer.IsSuccessStatusCode, json.GetRawText());
        return json;
    }
}
