using System.Net.Http.Json;
using System.Text.Json;
using OrleansJobs.Tests.Processes;

namespace OrleansJobs.Tests.Browser;

/// <summary>The sample host as its users start it: one process, its jobs in a file, page included.</summary>
internal sealed class ConsoleHost : IDisposable
{
    private readonly LoneHost _host = new();

    private ConsoleHost()
    {
    }

    public Uri Address => Http.BaseAddress!;
    public HttpClient Http => _host.Http;

    /// <param name="settings">Further configuration.</param>
    public static async Task<ConsoleHost> StartAsync(params IEnumerable<KeyValuePair<string, string>> settings)
    {
        var host = new ConsoleHost();
        try
        {
            var folder = host._host.Folder;
            await host._host.StartAsync(
                ["--Samples:Files", folder, "--Store:Path", Path.Combine(folder, "jobs.db"), .. settings.SelectMany(setting => new[] { $"--{setting.Key}", setting.Value })]);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <returns>The id.</returns>
    public async Task<string> SubmitAsync(object submission)
    {
        using var response = await Http.PostAsJsonAsync("/jobs", submission);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>Waits for the end of a job and says how it ended.</summary>
    public async Task<JsonElement> EndOfAsync(string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/jobs/{id}") { Headers = { { "Prefer", "wait=30" } } };
        using var response = await Http.SendAsync(request);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public void Dispose() => _host.Dispose();
}
