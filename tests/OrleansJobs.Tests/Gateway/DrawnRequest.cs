using System.Text;

namespace OrleansJobs.Tests.Gateway;

/// <summary>A request drawn from a random source: a right one, with up to a few things wrong.</summary>
internal sealed class DrawnRequest(Random random)
{
    private static readonly string[] Methods = ["GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "PATCH"];

    private static readonly string[] Routes =
    [
        "POST /jobs", "POST /jobs", "POST /jobs", "POST /jobs", "POST /jobs:batch", "POST /jobs:batch", "POST /jobs/longtask", "POST /jobs/anything", "GET /jobs/known", "GET /jobs/known/result",
        "GET /jobs/known/args", "GET /jobs/known/events", "POST /jobs/known/cancel", "POST /jobs/known/retry", "DELETE /jobs/unknown", "GET /events?jobs=known", "GET /stats", "GET /stats/scaling", "GET /stats/history", "GET /job-types",
        "GET /queues", "POST /queues/default/pause", "POST /queues/default/resume", "GET /health/ready", "GET /openapi/v1.json", "GET /jobs?state=SUCCESS&limit=5", "GET /jobs?tag.a=b", "GET /jobs?error=x&phase=running", "GET /jobs?id=01&args=%22a%22", "POST /jobs:act", "POST /jobs:act", "GET /", "GET /docs",
        "GET /js/app.js", "GET /nowhere", "GET /jobs/known/logs", "GET /jobs/known/logs?after=0&limit=5", "GET /jobs/known/timeline", "POST /jobs/known/copy", "POST /jobs/known/priority", "POST /jobs/known/queue",
        "POST /jobs/known/due", "GET /caller", "GET /stats/history?step=hour&type=a", "GET /jobs?submittedAfter=2030-01-01T00:00:00Z&queue=default",
    ];

    private static readonly string[] Members =
        ["type", "args", "id", "queue", "priority", "countdown", "eta", "expires", "attempts", "timeout", "retention", "tags", "reason", "action", "filter", "ids", "dryRun", "due", "TYPE", "__proto__", "", "a/b~c", "\\u0000", "\\ud800"];

    private static readonly string[] Values =
    [
        "\"longtask\"", "\"anything\"", "\"default\"", "null", "true", "0", "1", "-1", "4", "1.5", "1e308", "1e999", "-0", "9223372036854775808", "NaN", "\"\"", "\"..\"", "\"2030-01-01T00:00:00Z\"",
        "\"2030-01-01\"", "\"\\u202e\"", "\"\\ud800\"", "\"\\u0000\"", "\"<script>\"", "{}", "[]", "[[[[[[]]]]]]", "{\"steps\":5}", "{\"steps\":\"x\"}", "{\"a\":1,\"a\":2}", "{\"k\":\"v\"}", "\"retry\"", "{\"state\":\"FAILURE\"}", "[\"known\"]", "/**/1", "'x'",
    ];

    private static readonly string[] Headers =
    [
        "Content-Type: application/json", "Content-Type: application/json", "Content-Type: application/x-ndjson", "Content-Type: text/plain", "Content-Type: application/json; charset=\"utf-8\"", "Content-Type: /",
        "Content-Encoding: gzip", "Transfer-Encoding: chunked", "Content-Length: 5", "Content-Length: -1", "Expect: 100-continue", "Idempotency-Key: \"k\"", "Idempotency-Key: ", "Prefer: wait=0",
        "Prefer: wait=x, , ;", "If-None-Match: \"1\"", "If-None-Match: *", "If-None-Match: \"", "Last-Event-ID: 1", "Last-Event-ID: x:y:z", "Authorization: Bearer x", "Origin: null", "Origin: http://localhost",
        "Range: bytes=0-1", "Accept: x/y;q=2", "Cookie: a=b", "traceparent: 00-x", "Upgrade: websocket", "Connection: upgrade",
    ];

    public byte[] Draw()
    {
        var body = Body();
        var route = Pick(Routes).Split(' ');
        var method = Chance(0.05) ? Pick(Methods) : route[0];
        var path = route[1] + (Chance(0.1) ? "?" + Pick(Members) + "=" + Uri.EscapeDataString(Pick(Values)) : "") + (Chance(0.05) ? "/%2e%2e%2f%00" : "");
        var headers = new StringBuilder("Host: localhost\r\nConnection: close\r\n");
        if (Chance(0.8)) headers.Append("Content-Type: application/json\r\n");
        while (Chance(0.25)) headers.Append(Pick(Headers)).Append("\r\n");
        if (body.Length > 0 && Chance(0.95)) headers.Append($"Content-Length: {body.Length}\r\n");
        byte[] request = [.. Encoding.UTF8.GetBytes($"{method} {path} HTTP/1.1\r\n{headers}\r\n"), .. body];
        return Chance(0.2) ? Damage(request) : request;
    }

    private byte[] Body()
    {
        if (Chance(0.1)) return [];
        if (Chance(0.05)) return RandomBytes(random.Next(200));
        var text = Chance(0.15) ? $"[{Submit()},{Submit()}]" : Chance(0.1) ? Submit() + "\n" + Submit() : Submit();
        var body = Encoding.UTF8.GetBytes(text);
        return Chance(0.15) ? Damage(body) : body;
    }

    private string Submit()
    {
        var members = new List<string>();
        if (Chance(0.8)) members.Add("\"type\":\"longtask\"");
        while (Chance(0.5)) members.Add($"\"{Pick(Members)}\":{Pick(Values)}");
        return $"{{{string.Join(',', members)}}}";
    }

    /// <summary>Bytes changed, cut out, put in or doubled.</summary>
    private byte[] Damage(byte[] bytes)
    {
        var damaged = bytes.ToList();
        for (var times = random.Next(1, 5); times > 0 && damaged.Count > 1; times--)
        {
            var at = random.Next(damaged.Count);
            switch (random.Next(4))
            {
                case 0: damaged[at] = (byte)random.Next(256); break;
                case 1: damaged.RemoveRange(at, Math.Min(random.Next(1, 20), damaged.Count - at)); break;
                case 2: damaged.InsertRange(at, RandomBytes(random.Next(1, 10))); break;
                default: damaged.InsertRange(at, damaged.GetRange(at, Math.Min(random.Next(1, 40), damaged.Count - at))); break;
            }
        }

        return [.. damaged];
    }

    private byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private string Pick(string[] choices) => choices[random.Next(choices.Length)];

    private bool Chance(double share) => random.NextDouble() < share;
}
