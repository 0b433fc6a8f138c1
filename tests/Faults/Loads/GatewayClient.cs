using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Loads;

/// <summary>Speaks HTTP to the gateways, any of them, and reads answers without the product's types.</summary>
internal sealed class GatewayClient(Func<IReadOnlyList<Uri>> addresses, TimeSpan timeout) : IDisposable
{
    private const int MostConnections = 256;
    private static readonly TimeSpan AskPause = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20), MaxConnectionsPerServer = MostConnections })
    {
        Timeout = timeout,
    };

    private int _next;

    /// <summary>Answers to reads that no client should ever get, such as 500.</summary>
    public ConcurrentBag<string> Wrong { get; } = [];

    /// <summary>Gateways in turn, so that a retry goes elsewhere.</summary>
    public Uri NextAddress()
    {
        var all = addresses();
        return all[(int)((uint)Interlocked.Increment(ref _next) % (uint)all.Count)];
    }

    public Task<Answer> PostAsync(string path, string json, string? idempotencyKey = null, Uri? address = null, string? eventId = null) =>
        SendAsync(() =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address ?? NextAddress(), path))
            {
                Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
            };
            if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
            if (eventId is not null) request.Headers.Add("Event-Id", eventId);
            return request;
        });

    public Task<Answer> PutAsync(string path, string json) => SendAsync(() => new HttpRequestMessage(HttpMethod.Put, new Uri(NextAddress(), path))
    {
        Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
    });

    public Task<Answer> DeleteAsync(string path) => SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, new Uri(NextAddress(), path)));

    public Task<Answer> GetAsync(string path, Uri? address = null) =>
        SendAsync(() => new HttpRequestMessage(HttpMethod.Get, new Uri(address ?? NextAddress(), path)));

    /// <summary>Asks one gateway after the other until one answers with something to go by: those that have just died, or cannot tell now, are passed over.</summary>
    /// <param name="ask">To be repeated without harm.</param>
    /// <exception cref="HttpRequestException">Nobody answered in time.</exception>
    public static async Task<Answer> UntilAnsweredAsync(Func<Task<Answer>> ask, TimeSpan atMost)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                if (await ask() is { IsBusy: false } answer) return answer;
            }
            catch (HttpRequestException) when (clock.GetElapsedTime(started) < atMost)
            {
                // The next one may answer.
            }

            if (clock.GetElapsedTime(started) >= atMost) throw new HttpRequestException($"Nobody answered within {atMost.TotalSeconds:0} s.");
            await Task.Delay(AskPause, clock);
        }
    }

    /// <summary>Where a job stands; null where the gateway says that there is none.</summary>
    /// <exception cref="HttpRequestException">No answer that tells: try again.</exception>
    public async Task<Reading?> ReadAsync(string reader, string id, Uri? address = null)
    {
        var askedAt = Monotonic.Now;
        var answer = await GetAsync($"/jobs/{id}", address);
        var at = Monotonic.Now;
        if (answer.Status == HttpStatusCode.NotFound) return null;
        if (answer.Status != HttpStatusCode.OK)
        {
            if (!answer.IsBusy) Wrong.Add($"{(int)answer.Status} {Encoding.UTF8.GetString(answer.Body)}");
            throw new HttpRequestException($"GET /jobs/{id} was answered {(int)answer.Status}.");
        }

        return Parse(reader, id, askedAt, at, answer.Body);
    }

    public void Dispose() => _http.Dispose();

    private static Reading Parse(string reader, string id, long askedAt, long at, byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        var job = json.RootElement;
        var state = job.GetProperty("state").GetString()!;
        var terminal = state is "SUCCESS" or "FAILURE" or "REVOKED";
        var code = job.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object ? error.GetProperty("code").GetString() : null;
        long? token = job.TryGetProperty("result", out var result) && result.ValueKind == JsonValueKind.Object && result.TryGetProperty("token", out var value)
            ? TokenOf(value)
            : null;
        var content = terminal ? Convert.ToHexString(SHA256.HashData(body)) : null;
        return new Reading(reader, id, askedAt, at, job.GetProperty("version").GetInt64(), state, code, content, token);
    }

    /// <summary>Text where the handler's language has no such number.</summary>
    private static long TokenOf(JsonElement token) =>
        token.ValueKind == JsonValueKind.String ? long.Parse(token.GetString()!, CultureInfo.InvariantCulture) : token.GetInt64();

    /// <summary>The id that an answer is about.</summary>
    internal static string IdOf(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>The status of each item of a batch, in order.</summary>
    internal static int[] BatchStatuses(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return [.. json.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("status").GetInt32())];
    }

    private async Task<Answer> SendAsync(Func<HttpRequestMessage> make)
    {
        using var request = make();
        try
        {
            using var answer = await _http.SendAsync(request);
            return new Answer(answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(), answer.Headers.RetryAfter?.Delta, answer.Headers.Contains("Idempotent-Replayed"));
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            throw new HttpRequestException("No answer in time.", exception);
        }
    }
}

internal sealed record Answer(HttpStatusCode Status, byte[] Body, TimeSpan? RetryAfter, bool Replayed)
{
    public bool IsAccepted => Status is HttpStatusCode.Accepted or HttpStatusCode.OK;
    public bool IsBusy => Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;
}
