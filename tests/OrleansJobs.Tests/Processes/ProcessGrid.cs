using System.Text;
using System.Text.Json;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Faults.Sinks;
using ProcessCluster = OrleansJobs.Faults.Processes.Cluster;

namespace OrleansJobs.Tests.Processes;

/// <summary>Redis, silos and a gateway as processes of their own, in a directory of their own, spoken to over HTTP.</summary>
internal sealed class ProcessGrid : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("orleansjobs-processes-");
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };

    private ProcessGrid()
    {
    }

    public ProcessCluster Cluster { get; private set; } = null!;

    public static async Task<ProcessGrid> StartAsync(int silos, IReadOnlyDictionary<string, string> options)
    {
        var grid = new ProcessGrid();
        try
        {
            grid.Cluster = await ProcessCluster.StartAsync(grid._directory.FullName, new ClusterPlan(silos, options, Gateways: 1));
            return grid;
        }
        catch
        {
            await grid.DisposeAsync();
            throw;
        }
    }

    public Uri Gateway => Cluster.Gateways[0].Address;

    /// <summary>What the handlers wrote to their own file as they started and ended.</summary>
    public IReadOnlyList<RunMark> Marks => SinkFormat.ReadDirectory(_directory.FullName);

    public async Task<SiloProcess> AddSiloAsync()
    {
        var silo = Cluster.AddSilo();
        silo.Start(Cluster.Settings);
        await Cluster.UntilReadyAsync(silo);
        return silo;
    }

    /// <returns>The exit code.</returns>
    public static async Task<int> TerminateAsync(SiloProcess silo)
    {
        silo.Send(Signal.Terminate);
        Assert.True(await silo.WaitForExitAsync(Patience), $"{silo.Life} did not stop; see {silo.Log}");
        return silo.ExitCode!.Value;
    }

    public async Task<string> SubmitAsync(string json, string? traceParent = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Gateway, "/jobs")) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (traceParent is not null) request.Headers.Add("traceparent", traceParent);
        using var answer = await _http.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement.GetProperty("id").GetString()!;
    }

    public async Task<IReadOnlyList<string>> SubmitManyAsync(IEnumerable<string> jobs, Uri? gateway = null)
    {
        using var answer = await _http.PostAsync(new Uri(gateway ?? Gateway, "/jobs:batch"), new StringContent($"[{string.Join(',', jobs)}]", Encoding.UTF8, "application/json"));
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return [.. JsonDocument.Parse(body).RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("job").GetProperty("id").GetString()!)];
    }

    /// <summary>Asks as a client should: again, where the gateway says that the grid is out of reach for a moment, as it is while a silo leaves.</summary>
    public async Task<JsonElement> GetAsync(string path, Uri? gateway = null)
    {
        string? body = null;
        await UntilAsync($"{path} is answered", async () =>
        {
            using var answer = await _http.GetAsync(new Uri(gateway ?? Gateway, path));
            var text = await answer.Content.ReadAsStringAsync();
            if (answer.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable) return false;
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
            body = text;
            return true;
        });
        return JsonDocument.Parse(body!).RootElement;
    }

    public Task<JsonElement> JobAsync(string id) => GetAsync($"/jobs/{id}");

    public async Task<string> StateAsync(string id) => (await JobAsync(id)).GetProperty("state").GetString()!;

    public Task UntilAsync(string what, Func<Task<bool>> condition) => Deadlines.UntilAsync(what, Patience, condition);

    public Task<string> ScrapeAsync(Uri process) => _http.GetStringAsync(new Uri(process, "/metrics"));

    public async Task<int> PutAsync(string path, string json)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var answer = await _http.PutAsync(new Uri(Gateway, path), content);
        return (int)answer.StatusCode;
    }

    public async Task<bool> PostAsync(string path)
    {
        using var answer = await _http.PostAsync(new Uri(Gateway, path), null);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Sends and takes any answer.</summary>
    public async Task<int> TryPostAsync(string path, string json)
    {
        using var answer = await _http.PostAsync(new Uri(Gateway, path), new StringContent(json, Encoding.UTF8, "application/json"));
        return (int)answer.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (Cluster is not null) await Cluster.DisposeAsync();
        _http.Dispose();
        _directory.Delete(recursive: true);
    }
}
