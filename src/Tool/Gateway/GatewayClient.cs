using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace OrleansJobs.Tool.Gateway;

/// <summary>Speaks HTTP to a gateway.</summary>
internal sealed class GatewayClient : IDisposable
{
    /// <summary>How long a request may take, beyond what it asks to be kept waiting.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>A stream brings a heartbeat every 15 s; one that is silent for longer than two of them is dead.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(40);
    private const int SubmitTries = 4;

    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    public GatewayClient(HttpMessageHandler handler, Uri url, string? key, TimeProvider time)
    {
        _time = time;
        _http = new HttpClient(handler, disposeHandler: false) { BaseAddress = url, Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("orleansjobs", typeof(GatewayClient).Assembly.GetName().Version?.ToString(3)));
        CheckKey(key);
        if (!string.IsNullOrEmpty(key)) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public Uri Url => _http.BaseAddress!;

    public void Dispose() => _http.Dispose();

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellation) => SendAsync(() => new(HttpMethod.Get, path), cancellation);

    /// <param name="timeout">For what takes longer than a request usually does.</param>
    public Task<JsonElement> PostAsync(string path, JsonElement? body, CancellationToken cancellation, TimeSpan? timeout = null, string? ifMatch = null) =>
        SendAsync(() => If(ifMatch, new(HttpMethod.Post, path) { Content = body is { } json ? JsonContent(json) : null }), cancellation, timeout);

    public Task<JsonElement> PutAsync(string path, JsonElement body, CancellationToken cancellation, string? ifMatch = null) =>
        SendAsync(() => If(ifMatch, new(HttpMethod.Put, path) { Content = JsonContent(body) }), cancellation);

    public async Task DeleteAsync(string path, CancellationToken cancellation, string? ifMatch = null) => await SendAsync(() => If(ifMatch, new(HttpMethod.Delete, path)), cancellation);

    public async Task<Job> GetJobAsync(string id, CancellationToken cancellation) => new(await GetAsync(JobPath(id), cancellation));

    /// <summary>Submits under an idempotency key, so that a submit whose answer is lost can be sent again and is never made twice.</summary>
    /// <param name="idempotencyKey">Null: the submission has an id of its own, which does the same.</param>
    public async Task<Job> SubmitAsync(JsonElement submission, string? idempotencyKey, CancellationToken cancellation, string path = "jobs") =>
        new(await PostSafelyAsync(path, submission, idempotencyKey, cancellation));

    /// <summary>Posts what may be sent again where the answer is lost.</summary>
    public Task<JsonElement> PostSafelyAsync(string path, JsonElement body, string? idempotencyKey, CancellationToken cancellation) =>
        PostSafelyAsync(path, body, "Idempotency-Key", idempotencyKey is null ? null : $"\"{idempotencyKey}\"", cancellation);

    /// <summary>Submits many jobs, one a line, once: what came of each is in the answer.</summary>
    /// <param name="idempotencyKey">Null: each has an id of its own.</param>
    public Task<JsonElement> SubmitLinesAsync(ReadOnlyMemory<byte> lines, string? idempotencyKey, CancellationToken cancellation) => SendAsync(() =>
    {
        // By the dot it is a path: what stands before a colon could be a scheme.
        var request = new HttpRequestMessage(HttpMethod.Post, "./jobs:batch") { Content = new ReadOnlyMemoryContent(lines) };
        request.Content.Headers.ContentType = new("application/x-ndjson");
        if (idempotencyKey is not null) request.Headers.TryAddWithoutValidation("Idempotency-Key", $"\"{idempotencyKey}\"");
        return request;
    }, cancellation);

    /// <summary>Publishes under an id, so that it may be sent again where the answer is lost.</summary>
    public Task<JsonElement> PublishAsync(string path, JsonElement body, string eventId, CancellationToken cancellation) => PostSafelyAsync(path, body, "Event-Id", eventId, cancellation);

    private async Task<JsonElement> PostSafelyAsync(string path, JsonElement body, string header, string? value, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            TimeSpan wait;
            try
            {
                return await SendAsync(() =>
                {
                    var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent(body) };
                    if (value is not null) request.Headers.TryAddWithoutValidation(header, value);
                    return request;
                }, cancellation);
            }
            catch (GatewayException exception) when (exception.IsTransient && tries < SubmitTries)
            {
                wait = exception.RetryAfter ?? TimeSpan.FromMilliseconds(250 << tries);
            }

            await Task.Delay(wait, _time, cancellation);
        }
    }

    /// <summary>The statuses that the gateway pushes, until it ends the stream. Null: there is no stream to be had here.</summary>
    public async Task<IAsyncEnumerable<Job>?> OpenEventsAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var path = ids.Count == 1 ? JobPath(ids[0]) + "/events" : "events?jobs=" + string.Join(',', ids.Select(Uri.EscapeDataString));
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new("text/event-stream"));
        var response = await SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType == "text/event-stream") return ReadAsync(response, cancellation);
        using (response)
        {
            // Something in between that knows no streams: asking will do.
            if (response.IsSuccessStatusCode || response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.NotAcceptable or HttpStatusCode.MethodNotAllowed) return null;
            throw await GatewayException.OfAsync(response, cancellation);
        }
    }

    private async IAsyncEnumerable<Job> ReadAsync(HttpResponseMessage response, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        using var _ = response;
        using var silence = new CancellationTokenSource(Silence, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        var events = SseParser.Create(await response.Content.ReadAsStreamAsync(either.Token)).EnumerateAsync(either.Token).GetAsyncEnumerator(either.Token);
        await using (events)
        {
            while (await MoveNextAsync(events, cancellation))
            {
                silence.CancelAfter(Silence);
                if (events.Current.EventType is "ping") continue;
                yield return new Job(Parse(events.Current.Data));
            }
        }
    }

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<SseItem<string>> events, CancellationToken cancellation)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw GatewayException.Unreachable(Url, exception);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw GatewayException.Silent(Url, Silence);
        }
    }

    private async Task<JsonElement> SendAsync(Func<HttpRequestMessage> make, CancellationToken cancellation, TimeSpan? timeout = null)
    {
        using var request = make();
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellation, timeout);
        if (!response.IsSuccessStatusCode) throw await GatewayException.OfAsync(response, cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        return body.Length == 0 ? default : Parse(Encoding.UTF8.GetString(body));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancellation, TimeSpan? timeout = null)
    {
        var longest = timeout ?? Timeout;
        using var patience = new CancellationTokenSource(longest, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            return await _http.SendAsync(request, completion, either.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw GatewayException.Unreachable(Url, exception);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw GatewayException.Silent(Url, longest);
        }
    }

    private JsonElement Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException exception)
        {
            throw GatewayException.Foreign(Url, exception.Message);
        }
    }

    /// <exception cref="UsageException">It cannot be sent, so it is none.</exception>
    public static void CheckKey(string? key)
    {
        if (key is not null && key.Any(c => c is <= ' ' or > '~')) throw new UsageException("The key has characters that no key has.");
    }

    private static HttpRequestMessage If(string? match, HttpRequestMessage request)
    {
        if (match is not null) request.Headers.TryAddWithoutValidation("If-Match", match);
        return request;
    }

    public static string JobPath(string id) => "jobs/" + Uri.EscapeDataString(id);

    private static StringContent JsonContent(JsonElement json) => new(json.GetRawText(), Encoding.UTF8, "application/json");
}
