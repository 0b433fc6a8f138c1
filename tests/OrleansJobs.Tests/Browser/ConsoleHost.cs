using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Tests.Browser;

/// <summary>The sample host as its users start it: one process, its jobs in a file, page included.</summary>
internal sealed class ConsoleHost : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansjobs-console-");
    private ChildProcess? _process;

    public Uri Address { get; } = new($"http://127.0.0.1:{Ports.Free()}");
    public HttpClient Http { get; }

    private ConsoleHost() => Http = new HttpClient { BaseAddress = Address };

    /// <param name="settings">Further configuration.</param>
    public static async Task<ConsoleHost> StartAsync(params IEnumerable<KeyValuePair<string, string>> settings)
    {
        var host = new ConsoleHost();
        try
        {
            host.Start(settings);
            await host.ReadyAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
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

    public ValueTask DisposeAsync()
    {
        _process?.Dispose();
        Http.Dispose();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private string Log => Path.Combine(_folder.FullName, "host.log");

    private void Start(IEnumerable<KeyValuePair<string, string>> settings)
    {
        string[] own =
        [
            Path.Combine(AppContext.BaseDirectory, "OrleansJobs.Silo.dll"), "--Urls", Address.ToString(), "--Samples:Files", _folder.FullName,
            "--Silo:Port", Number(Ports.Free()), "--Silo:GatewayPort", Number(Ports.Free()), "--Store:Path", Path.Combine(_folder.FullName, "jobs.db"),
        ];
        _process = ChildProcess.Start(Log, null, "dotnet", [.. own, .. settings.SelectMany(setting => new[] { $"--{setting.Key}", setting.Value })]);
    }

    private Task ReadyAsync() => Deadlines.UntilAsync("the host is ready", StartTimeout, async () =>
        !_process!.HasExited ? await IsReadyAsync() : throw new InvalidOperationException($"The host has ended:\n{await File.ReadAllTextAsync(Log)}"));

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await Http.GetAsync("/health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
