using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Tests.Processes;

/// <summary>The sample silo as its users start it, with a folder of its own, over all its lives: the address stays, the process does not.</summary>
internal sealed class LoneHost : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansjobs-host-");
    private readonly Uri _address = new($"http://127.0.0.1:{Ports.Free()}");
    private ChildProcess? _process;
    private int _lives;

    /// <summary>Variables of its environment, as NAME=value.</summary>
    public string[] Environment { get; init; } = [];

    public LoneHost() => Http = new HttpClient { BaseAddress = _address };

    public HttpClient Http { get; }

    public string Folder => _folder.FullName;

    public string Log => Path.Combine(Folder, $"host-{_lives}.log");

    /// <summary>The command line of such a host.</summary>
    public static string[] Command(Uri address, params string[] settings) =>
    [
        Path.Combine(AppContext.BaseDirectory, "OrleansJobs.Silo.dll"), "--Urls", address.ToString(), "--Silo:Port", $"{Ports.Free()}", "--Silo:GatewayPort", $"{Ports.Free()}", .. settings,
    ];

    /// <summary>Does not wait for it.</summary>
    public void Start(params string[] settings)
    {
        _lives++;
        _process = ChildProcess.Start(Log, null, "env", [.. Environment, "dotnet", .. Command(_address, settings)]);
    }

    public async Task StartAsync(params string[] settings)
    {
        Start(settings);
        await Deadlines.UntilAsync("the silo is ready", Patience, async () =>
        {
            if (_process!.HasExited) throw new InvalidOperationException($"It has ended:\n{await ReadLogAsync()}");
            try
            {
                using var answer = await Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        Assert.True(await _process.WaitForExitAsync(Patience));
        _process.Dispose();
        _process = null;
    }

    public async Task<string> ReadLogAsync()
    {
        await using var file = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return await reader.ReadToEndAsync();
    }

    public async Task<bool> TrySubmitAsync(string json)
    {
        using var answer = await Http.PostAsync(new Uri("/jobs", UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"));
        return answer.IsSuccessStatusCode;
    }

    public async Task SubmitAsync(string json) => Assert.True(await TrySubmitAsync(json), json);

    public Task<JsonElement> JobAsync(string id) => Http.GetFromJsonAsync<JsonElement>(new Uri($"/jobs/{id}", UriKind.Relative));

    /// <summary>Asks as a client should: again, where the grid is out of reach for a moment.</summary>
    public async Task<JsonElement> UntilAsync(string id, Func<JsonElement, bool> condition)
    {
        JsonElement job = default;
        try
        {
            await Deadlines.UntilAsync($"job {id} is so", Patience, async () =>
            {
                try
                {
                    return condition(job = await JobAsync(id));
                }
                catch (HttpRequestException exception) when (exception.StatusCode is System.Net.HttpStatusCode.ServiceUnavailable)
                {
                    return false;
                }
            });
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message} It is {(job.ValueKind == JsonValueKind.Undefined ? "not answered for" : job)}", exception);
        }

        return job;
    }

    public void Dispose()
    {
        _process?.Dispose();
        Http.Dispose();
        _folder.Delete(recursive: true);
    }
}
