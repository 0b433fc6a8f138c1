using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrleansJobs.Faults.Sinks;

/// <summary>Who is called by webhooks: it refuses some, checks how they are signed, and remembers the rest.</summary>
internal sealed class CallSink : IDisposable
{
    /// <summary>Of so many calls one is refused, to come again.</summary>
    private const int Refused = 8;

    /// <summary>One that is refused more often comes again after minutes, and then nobody waits for it.</summary>
    private const int MostRefusals = 2;

    private readonly HttpListener _http = new();
    private readonly ConcurrentDictionary<string, int> _refusals = [];
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private int _count;

    public CallSink(int port)
    {
        Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/");
        _http.Prefixes.Add(Address);
        _http.Start();
        _ = ServeAsync();
    }

    public string Address { get; }

    public string Secret => "whsec_" + Convert.ToBase64String(_key);

    /// <summary>What came of each id that was taken, as often as it came.</summary>
    public ConcurrentDictionary<string, ConcurrentBag<string>> Taken { get; } = [];

    /// <summary>The jobs that were told of.</summary>
    public ConcurrentDictionary<string, int> Jobs { get; } = [];

    public ConcurrentBag<string> Wrong { get; } = [];

    public void Dispose() => _http.Close();

    private async Task ServeAsync()
    {
        while (_http.IsListening)
        {
            try
            {
                var context = await _http.GetContextAsync();
                _ = AnswerAsync(context);
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var read = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(read);
            context.Response.StatusCode = Take(context.Request, read.ToArray());
            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or IOException or ObjectDisposedException)
        {
            // Whoever called is gone.
        }
    }

    private int Take(HttpListenerRequest request, byte[] body)
    {
        var (id, time, signature) = (request.Headers["webhook-id"], request.Headers["webhook-timestamp"], request.Headers["webhook-signature"]);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{time}."), .. body];
        if (signature != "v1," + Convert.ToBase64String(HMACSHA256.HashData(_key, signed))) Wrong.Add($"{id} is not signed as it should be");
        if (Interlocked.Increment(ref _count) % Refused == 0 && _refusals.AddOrUpdate(id ?? "", 1, (_, times) => times + 1) <= MostRefusals) return (int)HttpStatusCode.ServiceUnavailable;
        using var said = JsonDocument.Parse(body);
        var job = said.RootElement.GetProperty("data").GetProperty("id").GetString()!;
        Taken.GetOrAdd(id ?? "", _ => []).Add(Encoding.UTF8.GetString(body));
        Jobs.AddOrUpdate(job, 1, (_, times) => times + 1);
        return (int)HttpStatusCode.NoContent;
    }
}
