using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

internal sealed record ServerEvent(string Id, string Event, string Data)
{
    public JsonElement Job => JsonDocument.Parse(Data).RootElement;
}

/// <summary>Reads Server-Sent Events as a browser does.</summary>
internal sealed class EventStream : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly StreamReader _lines;

    private EventStream(HttpResponseMessage answer, Stream body)
    {
        Answer = answer;
        _lines = new StreamReader(body);
    }

    public HttpResponseMessage Answer { get; }
    public string LastId { get; private set; } = "";

    public static async Task<EventStream> OpenAsync(HttpClient http, string path, params (string Name, string Value)[] headers)
    {
        var answer = await http.GetAsync(path, headers);
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        return new(answer, await answer.Content.ReadAsStreamAsync());
    }

    /// <summary>Null at the end.</summary>
    public async Task<ServerEvent?> NextAsync(bool withPings = false)
    {
        var (kind, data) = ("message", "");
        // For the event, not for each line: pings come for ever.
        using var patience = new CancellationTokenSource(Patience);
        while (await _lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Length == 0)
            {
                if (data.Length > 0 && (withPings || kind != "ping")) return new(LastId, kind, data);
                (kind, data) = ("message", "");
                continue;
            }

            var value = line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..];
            if (line.StartsWith("id:", StringComparison.Ordinal)) LastId = value;
            else if (line.StartsWith("event:", StringComparison.Ordinal)) kind = value;
            else if (line.StartsWith("data:", StringComparison.Ordinal)) data += value;
        }

        return null;
    }

    public void Dispose()
    {
        _lines.Dispose();
        Answer.Dispose();
    }
}
