using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;

namespace OrleansJobs.HttpCalls;

/// <summary>The addresses of a name, as they are now.</summary>
internal delegate Task<IPAddress[]> HostLookup(string host, CancellationToken cancellation);

/// <summary>
/// Calls hosts outside, and only those that it may: by name before the call, by address when it connects. Redirects are not followed: they would lead elsewhere. It keeps no
/// cookies, and takes no proxy that is not configured.
/// </summary>
internal sealed partial class HttpCaller : IDisposable
{
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(10);

    /// <summary>Then a name is looked up anew.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(1);

    private readonly HttpCallOptions _options;
    private readonly TimeProvider _time;
    private readonly HostLookup _lookup;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _http;

    public HttpCaller(IOptions<JobGridOptions> options, HostLookup lookup, TimeProvider time, ILogger<HttpCaller>? logger = null, TimeSpan? connectTimeout = null)
    {
        (_options, _lookup, _time, _logger) = (options.Value.Http, lookup, time, logger ?? NullLogger<HttpCaller>.Instance);
        Hosts = HostList.Parse(_options.Hosts);
        Addresses = AddressRules.Parse(_options.AllowNetworks, _options.DenyNetworks);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = connectTimeout ?? LongestConnect,
            PooledConnectionLifetime = ConnectionLifetime, MaxConnectionsPerServer = _options.MaxConnectionsPerHost, MaxResponseHeadersLength = 32,
            UseProxy = _options.Proxy is not null, Proxy = _options.Proxy is { } proxy ? new WebProxy(proxy) : null,
        };
        if (_options.Proxy is null) handler.ConnectCallback = ConnectAsync;
        _http = new HttpMessageInvoker(handler);
    }

    public HostList Hosts { get; }

    private AddressRules Addresses { get; }

    public void Dispose() => _http.Dispose();

    /// <exception cref="HttpCallFailedException">There is no answer; there may be one later.</exception>
    /// <exception cref="GiveUpException">The address may not be connected to.</exception>
    public async Task<HttpAnswer> SendAsync(HttpRequestMessage request, TimeSpan? timeout, CancellationToken cancellation)
    {
        var patience = timeout ?? _options.Timeout;
        using var late = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            using var answer = await _http.SendAsync(request, either.Token);
            var (body, isCut) = await ReadAsync(answer.Content, either.Token);
            return HttpAnswer.Of(answer, body, isCut, _time.GetUtcNow());
        }
        catch (Exception exception) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested && exception is OperationCanceledException or HttpRequestException or IOException)
        {
            throw new HttpCallFailedException($"There was no answer within {patience.TotalSeconds:0.###} s.");
        }
        catch (HttpRequestException exception)
        {
            // What it was that the connection met with is said by what lies below.
            throw exception.InnerException is GiveUpException refused ? refused : new HttpCallFailedException($"The call failed: {TextOf(exception)}");
        }
        catch (OperationCanceledException) when (!either.IsCancellationRequested)
        {
            throw new HttpCallFailedException("No connection was made in time.");
        }
        catch (IOException exception)
        {
            throw new HttpCallFailedException($"The answer broke off: {TextOf(exception)}");
        }
    }

    private async Task<(byte[] Body, bool IsCut)> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        var body = new byte[Math.Min(_options.MaxAnswerBytes, Math.Max(4096, content.Headers.ContentLength ?? 0))];
        var length = 0;
        while (true)
        {
            var read = await stream.ReadAsync(body.AsMemory(length), cancellation);
            if (read == 0 && length < body.Length) return (body[..length], false);
            length += read;
            if (length < body.Length) continue;
            if (length == _options.MaxAnswerBytes) return (body, await stream.ReadAsync(new byte[1], cancellation) > 0);
            Array.Resize(ref body, Math.Min(_options.MaxAnswerBytes, body.Length * 2));
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await _lookup(host, cancellation);
        var allowed = Array.FindAll(found, Addresses.IsAllowed);
        if (allowed.Length == 0)
        {
            if (found.Length == 0) throw new HttpRequestException($"'{host}' has no address.");
            // Which one is for the log: a submitter is not told how the network inside is numbered.
            if (_logger.IsEnabled(LogLevel.Warning)) LogNotAllowed(host, string.Join(", ", found.Take(4).Select(address => address.ToString())));
            throw new GiveUpException($"'{host}' has no address that may be connected to.", null, HttpCallErrors.AddressNotAllowed);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Warning, "'{Host}' has the address {Addresses}, which may not be connected to: it is not public, and not in Http:AllowNetworks, or is in Http:DenyNetworks.")]
    private partial void LogNotAllowed(string host, string addresses);

    private static string TextOf(Exception exception) => exception.InnerException is { } inner ? $"{exception.Message} {inner.Message}" : exception.Message;
}

/// <summary>What error codes say of calls that are never made.</summary>
internal static class HttpCallErrors
{
    public const string HostNotAllowed = "host_not_allowed";
    public const string AddressNotAllowed = "address_not_allowed";
}
