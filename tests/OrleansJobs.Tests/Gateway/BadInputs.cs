using System.IO.Compression;
using System.Text;

namespace OrleansJobs.Tests.Gateway;

/// <summary>A kind of bad input and what it is answered with; a row of the table in <c>docs/HTTP.md</c>.</summary>
/// <param name="Type">The problem's type; <c>-</c> where the server refuses it before it is a request.</param>
internal sealed record BadInput(string Name, int Status, string Type, byte[] Request)
{
    public override string ToString() => Name;
}

internal static class BadInputs
{
    private const string Json = "Content-Type: application/json\r\n";

    public static readonly IReadOnlyList<BadInput> All = [.. Broken(), .. Members(), .. Times(), .. Names(), .. Arguments(), .. Sizes(), .. Contents(), .. Headers(), .. Batches(),
        .. Flows(), .. Moves(), .. Schedules(), .. Queries(), .. Addresses(), .. Protocol()];

    private static IEnumerable<BadInput> Broken()
    {
        yield return Post("malformed JSON", 400, "malformed-json", """{"type":longtask}""");
        yield return Post("truncated JSON", 400, "malformed-json", """{"type":"longtask","args":{"st""");
        yield return Post("JSON with more behind it", 400, "malformed-json", """{"type":"longtask"} {"type":"longtask"}""");
        yield return Post("JSON with a comment", 400, "malformed-json", """{"type":"longtask"/* please */}""");
        yield return Post("JSON with a trailing comma", 400, "malformed-json", """{"type":"longtask",}""");
        yield return Post("`NaN` or `Infinity`", 400, "malformed-json", """{"type":"longtask","countdown":NaN}""");
        yield return Post("an empty body", 400, "malformed-json", "");
        yield return Post("a byte order mark", 400, "malformed-json", "\ufeff{\"type\":\"longtask\"}");
        yield return Post("invalid UTF-8", 400, "malformed-json", [.. """{"type":"longtask","args":{"a":" """u8, 0xc3, 0x28, .. "\"}}"u8]);
        yield return Post("an overlong UTF-8 sequence", 400, "malformed-json", [.. """{"type":"longtask","args":{"a":" """u8, 0xc0, 0xaf, .. "\"}}"u8]);
        yield return Post("half of a surrogate pair, escaped", 400, "malformed-json", """{"type":"\ud800"}""");
        yield return Post("half of a surrogate pair as the name of a member", 400, "malformed-json", """{"type":"longtask","args":{"\udc00":1}}""");
        yield return Post("arguments deeper than 32 levels", 400, "malformed-json", $$"""{"type":"longtask","args":{{new string('[', 33)}}{{new string(']', 33)}}}""");
    }

    private static IEnumerable<BadInput> Members()
    {
        yield return Post("a body that is no object", 422, "invalid-member", "[]");
        yield return Post("a body that is `null`", 422, "invalid-member", "null");
        yield return Post("a member given twice", 422, "invalid-member", """{"type":"longtask","type":"longtask"}""");
        yield return Post("an unknown member", 422, "invalid-member", """{"type":"longtask","arg":{}}""");
        yield return Post("a member that differs in case", 422, "invalid-member", """{"Type":"longtask"}""");
        yield return Post("no `type`", 422, "invalid-member", """{"args":{}}""");
        yield return Post("a `type` that is no string", 422, "invalid-member", """{"type":5}""");
        yield return Post("`tags` that are no object", 422, "invalid-member", """{"type":"longtask","tags":["a"]}""");
        yield return Post("a tag that is no string", 422, "invalid-member", """{"type":"longtask","tags":{"a":1}}""");
        yield return Post("17 tags", 422, "invalid-member", $$$"""{"type":"longtask","tags":{{{{string.Join(',', Enumerable.Range(0, 17).Select(i => $"\"t{i}\":\"\""))}}}}}""");
        yield return Post("a tag of 65 characters", 422, "invalid-member", $$$"""{"type":"longtask","tags":{"a":"{{{new string('x', 65)}}}"}}""");
        yield return Post("a tag with a line break", 422, "invalid-member", """{"type":"longtask","tags":{"a":"x\ny"}}""");
        yield return Post("a tag given twice", 422, "invalid-member", """{"type":"longtask","tags":{"a":"x","a":"y"}}""");
        yield return Post("a tag whose name has a space", 422, "invalid-member", """{"type":"longtask","tags":{"a b":"x"}}""");
        yield return Post("a priority of 10", 422, "invalid-member", """{"type":"longtask","priority":10}""");
        yield return Post("a priority of -1", 422, "invalid-member", """{"type":"longtask","priority":-1}""");
        yield return Post("a priority of 1.5", 422, "invalid-member", """{"type":"longtask","priority":1.5}""");
        yield return Post("a priority beyond 32 bits", 422, "invalid-member", """{"type":"longtask","priority":4294967296}""");
        yield return Post("no attempts", 422, "invalid-member", """{"type":"longtask","attempts":0}""");
        yield return Post("101 attempts", 422, "invalid-member", """{"type":"longtask","attempts":101}""");
        yield return Post("`after` that is no array", 422, "invalid-member", """{"type":"longtask","after":"a"}""");
        yield return Post("`after` with a number", 422, "invalid-member", """{"type":"longtask","after":[5]}""");
        yield return Post("`after` with an unknown `on`", 422, "invalid-member", """{"type":"longtask","after":[{"job":"a","on":"later"}]}""");
        yield return Post("`after` that names a job twice", 422, "invalid-member", """{"type":"longtask","after":["a","a"]}""");
        yield return Post("a job after itself", 422, "invalid-member", """{"type":"longtask","id":"a","after":["a"]}""");
        yield return Post("101 jobs that one is after", 422, "invalid-member", $$"""{"type":"longtask","after":[{{string.Join(',', Enumerable.Range(0, 101).Select(i => $"\"j{i}\""))}}]}""");
        yield return Post("`onUnmet` without `after`", 422, "invalid-member", """{"type":"longtask","onUnmet":"cancel"}""");
        yield return Post("a type of the grid's own", 422, "invalid-member", """{"type":"oj-flow"}""");
        yield return Post("a queue of the grid's own", 422, "invalid-member", """{"type":"longtask","queue":"oj-flows"}""");
    }

    private static IEnumerable<BadInput> Times()
    {
        yield return Post("a negative countdown", 422, "invalid-member", """{"type":"longtask","countdown":-1}""");
        yield return Post("a countdown just below zero", 422, "invalid-member", """{"type":"longtask","countdown":-0.0001}""");
        yield return Post("a countdown beyond 10 years", 422, "invalid-member", """{"type":"longtask","countdown":400000000}""");
        yield return Post("a countdown that overflows", 422, "invalid-member", """{"type":"longtask","countdown":1e300}""");
        yield return Post("a number beyond what a double holds", 422, "invalid-member", """{"type":"longtask","countdown":1e999}""");
        yield return Post("a countdown in a string", 422, "invalid-member", """{"type":"longtask","countdown":"5"}""");
        yield return Post("both `eta` and `countdown`", 422, "invalid-member", """{"type":"longtask","countdown":1,"eta":"2030-01-01T00:00:00Z"}""");
        yield return Post("an `eta` without an offset", 422, "invalid-member", """{"type":"longtask","eta":"2030-01-01T00:00:00"}""");
        yield return Post("an `eta` beyond 10 years", 422, "invalid-member", """{"type":"longtask","eta":"2999-01-01T00:00:00Z"}""");
        yield return Post("an `eta` before 1970", 422, "invalid-member", """{"type":"longtask","eta":"1969-12-31T00:00:00Z"}""");
        yield return Post("an `eta` that is no date", 422, "invalid-member", """{"type":"longtask","eta":"2030-02-30T00:00:00Z"}""");
        yield return Post("an `eta` that is a number", 422, "invalid-member", """{"type":"longtask","eta":1893456000}""");
        yield return Post("`expires` of zero", 422, "invalid-member", """{"type":"longtask","expires":0}""");
        yield return Post("`expires` that is no instant", 422, "invalid-member", """{"type":"longtask","expires":"soon"}""");
        yield return Post("`deadline` of zero", 422, "invalid-member", """{"type":"longtask","deadline":0}""");
        yield return Post("`deadline` before `countdown` is over", 422, "invalid-member", """{"type":"longtask","countdown":60,"deadline":30}""");
        yield return Post("`notify` that is no array", 422, "invalid-member", """{"type":"longtask","notify":{"url":"https://a.example/"}}""");
        yield return Post("`notify` without a URL", 422, "invalid-member", """{"type":"longtask","notify":[{"on":["end"]}]}""");
        yield return Post("`notify` of an address that is no URL", 422, "invalid-member", """{"type":"longtask","notify":["nowhere"]}""");
        yield return Post("`notify` of an end that there is not", 422, "invalid-member", """{"type":"longtask","notify":[{"url":"https://a.example/","on":["soon"]}]}""");
        yield return Post("a timeout of zero", 422, "invalid-member", """{"type":"longtask","timeout":0}""");
        yield return Post("a timeout beyond 30 days", 422, "invalid-member", """{"type":"longtask","timeout":2600000}""");
        yield return Post("a negative retention", 422, "invalid-member", """{"type":"longtask","retention":-1}""");
        yield return Post("a retention beyond 366 days", 422, "invalid-member", """{"type":"longtask","retention":31700000}""");
    }

    private static IEnumerable<BadInput> Names()
    {
        yield return Post("an unknown type", 422, "unknown-type", """{"type":"nope"}""");
        yield return Post("a type with a slash", 422, "invalid-member", """{"type":"a/b"}""");
        yield return Post("an empty type", 422, "invalid-member", """{"type":""}""");
        yield return Post("a type of 65 characters", 422, "invalid-member", $$"""{"type":"{{new string('t', 65)}}"}""");
        yield return Post("a queue that is not served, where the gateway is limited to queues", 422, "unknown-queue", """{"type":"longtask","queue":"nope"}""");
        yield return Post("a queue with traversal", 422, "invalid-member", """{"type":"longtask","queue":"../mail"}""");
        yield return Post("an id with traversal", 422, "invalid-member", """{"type":"longtask","id":"../../etc/passwd"}""");
        yield return Post("an id of `..`", 422, "invalid-member", """{"type":"longtask","id":".."}""");
        yield return Post("an id with CR and LF", 422, "invalid-member", """{"type":"longtask","id":"a\r\nSet-Cookie: b"}""");
        yield return Post("an id with NUL", 422, "invalid-member", """{"type":"longtask","id":"a\u0000"}""");
        yield return Post("an id with a bidi override", 422, "invalid-member", """{"type":"longtask","id":"\u202eabc"}""");
        yield return Post("an id of 129 characters", 422, "invalid-member", $$"""{"type":"longtask","id":"{{new string('i', 129)}}"}""");
        yield return Post("an empty id", 422, "invalid-member", """{"type":"longtask","id":""}""");
    }

    private static IEnumerable<BadInput> Arguments()
    {
        yield return Post("arguments that do not fit the schema", 422, "invalid-args", """{"type":"longtask","args":{"steps":"many"}}""");
        yield return Post("an argument out of range", 422, "invalid-args", """{"type":"longtask","args":{"steps":51}}""");
        yield return Post("an argument given twice", 422, "invalid-args", """{"type":"longtask","args":{"steps":1,"steps":2}}""");
        yield return Post("arguments that would take too many steps to check", 422, "invalid-args",
            $$$"""{"type":"tree","args":{{{string.Concat(Enumerable.Repeat("{\"next\":", 31))}}}0{{{new string('}', 31)}}}}""");
        yield return new("arguments of the short form that are not JSON", 400, "malformed-json", RawHttp.Request("POST", "/jobs/longtask", Json, "steps=5"u8.ToArray()));
        yield return new("arguments of the short form that do not fit", 422, "invalid-args", RawHttp.Request("POST", "/jobs/longtask", Json, """{"steps":[]}"""u8.ToArray()));
        yield return new("an unknown type in the short form", 422, "unknown-type", RawHttp.Request("POST", "/jobs/nope", Json, "{}"u8.ToArray()));
    }

    private static IEnumerable<BadInput> Sizes()
    {
        var large = Encoding.UTF8.GetBytes($$"""{"type":"anything","args":"{{new string('x', 300_000)}}"}""");
        var args = Encoding.UTF8.GetBytes($$"""{"type":"anything","args":"{{new string('x', 262_144)}}"}""");
        yield return Post("a body over the limit, declared", 413, "too-large", large);
        yield return new("a body over the limit, in chunks", 413, "too-large", RawHttp.Request("POST", "/jobs", Json + "Transfer-Encoding: chunked\r\n", RawHttp.Chunked(large, 8192)));
        yield return new("a body declared as larger than can be", 413, "too-large", RawHttp.Request("POST", "/jobs", Json + "Content-Length: 9223372036854775807\r\n", []));
        yield return Post("arguments over the limit in a body within it", 413, "too-large", args);
        yield return new("chunks that are none", 400, "bad-request", RawHttp.Request("POST", "/jobs", Json + "Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"u8.ToArray()));
    }

    private static IEnumerable<BadInput> Contents()
    {
        var body = """{"type":"longtask"}"""u8.ToArray();
        yield return new("no content type", 415, "unsupported-content", RawHttp.Request("POST", "/jobs", "", body));
        yield return new("another content type", 415, "unsupported-content", RawHttp.Request("POST", "/jobs", "Content-Type: text/plain\r\n", body));
        yield return new("a form", 415, "unsupported-content", RawHttp.Request("POST", "/jobs", "Content-Type: application/x-www-form-urlencoded\r\n", "type=longtask"u8.ToArray()));
        yield return new("a content type that is none", 415, "unsupported-content", RawHttp.Request("POST", "/jobs", "Content-Type: ;;;\r\n", body));
        yield return new("another charset", 415, "unsupported-content", RawHttp.Request("POST", "/jobs", "Content-Type: application/json; charset=utf-16\r\n", body));
        yield return new("an unknown encoding", 415, "unsupported-content", RawHttp.Request("POST", "/jobs", Json + "Content-Encoding: snappy\r\n", body));
        yield return new("a compressed body, and so a decompression bomb", 415, "unsupported-content", RawHttp.Request("POST", "/jobs", Json + "Content-Encoding: gzip\r\n", Bomb()));
    }

    private static IEnumerable<BadInput> Headers()
    {
        var body = """{"type":"longtask"}"""u8.ToArray();
        yield return new("an empty Idempotency-Key", 400, "invalid-header", RawHttp.Request("POST", "/jobs", Json + "Idempotency-Key: \"\"\r\n", body));
        yield return new("an Idempotency-Key of 256 characters", 400, "invalid-header", RawHttp.Request("POST", "/jobs", Json + $"Idempotency-Key: {new string('k', 256)}\r\n", body));
        yield return new("an Idempotency-Key with a space", 400, "invalid-header", RawHttp.Request("POST", "/jobs", Json + "Idempotency-Key: a b\r\n", body));
        yield return new("two Idempotency-Keys", 400, "invalid-header", RawHttp.Request("POST", "/jobs", Json + "Idempotency-Key: a\r\nIdempotency-Key: b\r\n", body));
        yield return new("an id and an Idempotency-Key", 422, "invalid-member",
            RawHttp.Request("POST", "/jobs", Json + "Idempotency-Key: a\r\n", """{"type":"longtask","id":"x"}"""u8.ToArray()));
        yield return new("a change asked for by a page of an origin that is not allowed", 403, "foreign-origin",
            RawHttp.Request("POST", "/jobs", Json + "Origin: https://elsewhere.example\r\n", body));
    }

    private static IEnumerable<BadInput> Batches()
    {
        yield return Batch("a batch that is no array", 422, "invalid-member", "{}");
        yield return Batch("a batch that is broken in its last item", 400, "malformed-json", """[{"type":"longtask"},{"type":}]""");
        yield return Batch("a batch of 1,001", 413, "too-large", $"[{string.Join(',', Enumerable.Repeat("{\"type\":\"longtask\"}", 1001))}]");
        yield return new("1,001 lines", 413, "too-large",
            RawHttp.Request("POST", "/jobs:batch", "Content-Type: application/x-ndjson\r\n", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"type\":\"longtask\"}\n", 1001)))));
        yield return new("lines that are not UTF-8", 400, "malformed-json",
            RawHttp.Request("POST", "/jobs:batch", "Content-Type: application/x-ndjson\r\n", [.. "{\"type\":\""u8, 0xff, .. "\"}"u8]));
    }

    private static IEnumerable<BadInput> Flows()
    {
        yield return Flow("a flow that is no object", 422, "invalid-member", "[]");
        yield return Flow("a flow that is truncated", 400, "malformed-json", """{"jobs":[{"name":"a" """);
        yield return Flow("a flow deeper than 32 levels", 400, "malformed-json", $$"""{"jobs":{{new string('[', 33)}}{{new string(']', 33)}}}""");
        yield return Flow("a flow without jobs", 422, "invalid-member", """{"jobs":[]}""");
        yield return Flow("a flow of 1,001 jobs", 422, "invalid-member", $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat("1", 1001))}}]}""");
        yield return Flow("a flow with an unknown member", 422, "invalid-member", """{"jobs":[{"name":"a","type":"longtask"}],"job":1}""");
        yield return Flow("a job of a flow whose key is none", 422, "invalid-member", """{"jobs":[{"name":"a","type":"longtask","key":"{steps}"}]}""");
        yield return Flow("a job of a flow whose arguments do not make its key", 422, "invalid-args", """{"jobs":[{"name":"a","type":"longtask","key":"a/{of}"}]}""");
        yield return Flow("a unique job of a flow", 422, "invalid-member", """{"jobs":[{"name":"a","type":"longtask","unique":true}]}""");
        yield return Flow("two jobs of a flow with one name", 422, "invalid-member", """{"jobs":[{"name":"a","type":"longtask"},{"name":"a","type":"longtask"}]}""");
        yield return Flow("a name in a flow with a dot", 422, "invalid-member", """{"jobs":[{"name":"a.b","type":"longtask"}]}""");
        yield return Flow("a job of a flow after one that there is not", 422, "invalid-member", """{"jobs":[{"name":"a","type":"longtask","after":["b"]}]}""");
        yield return Flow("a circle", 422, "invalid-member", """{"jobs":[{"name":"a","type":"longtask","after":["b"]},{"name":"b","type":"longtask","after":["a"]}]}""");
        yield return Flow("a reference to nobody", 422, "invalid-member", """{"jobs":[{"name":"a","type":"longtask","args":{"$ref":"b.result"}}]}""");
        yield return Flow("a reference that is none", 422, "invalid-member", """{"jobs":[{"name":"a","type":"longtask"}],"result":{"$ref":"a"}}""");
        yield return Flow("`each` over an object", 422, "invalid-member", """{"jobs":[{"name":"a","type":"longtask","each":{}}]}""");
        yield return Flow("a type in a flow that nobody has", 422, "unknown-type", """{"jobs":[{"name":"a","type":"nope"}]}""");
        yield return Flow("arguments in a flow that do not fit", 422, "invalid-args", """{"jobs":[{"name":"a","type":"longtask","args":{"steps":"x"}}]}""");
        yield return new("a signal to a job that does not exist", 404, "job-not-found", RawHttp.Request("POST", "/jobs/nope/signals/go", Json, "{}"u8.ToArray()));
        yield return new("a signal's name of 129 characters", 404, "not-found", RawHttp.Request("POST", $"/jobs/nope/signals/{new string('n', 129)}", Json, "{}"u8.ToArray()));
        yield return new("a signal that is broken", 400, "malformed-json", RawHttp.Request("POST", "/jobs/nope/signals/go", Json, "{"u8.ToArray()));
        yield return new("a flow that does not exist", 404, "job-not-found", RawHttp.Request("GET", "/flows/nope", "", []));
    }

    private static IEnumerable<BadInput> Queries()
    {
        yield return Get("an unknown parameter", 400, "invalid-query", "/jobs?sate=SUCCESS");
        yield return Get("a parameter given twice", 400, "invalid-query", "/jobs?state=SUCCESS&state=FAILURE");
        yield return Get("an unknown state", 400, "invalid-query", "/jobs?state=DONE");
        yield return Get("a limit of 0", 400, "invalid-query", "/jobs?limit=0");
        yield return Get("a limit of 201", 400, "invalid-query", "/jobs?limit=201");
        yield return Get("a limit that is no number", 400, "invalid-query", "/jobs?limit=many");
        yield return Get("a log behind no line", 400, "invalid-query", "/jobs/nope/logs?after=-1");
        yield return Get("2,001 lines of a log", 400, "invalid-query", "/jobs/nope/logs?limit=2001");
        yield return Get("a log that is waited for without a place", 400, "invalid-query", "/jobs/nope/logs?wait=5");
        yield return Get("a log that is waited for too long", 400, "invalid-query", "/jobs/nope/logs?after=0&wait=21");
        yield return Get("a log with an unknown parameter", 400, "invalid-query", "/jobs/nope/logs?level=error");
        yield return Get("`submittedAfter` without an offset", 400, "invalid-query", "/jobs?submittedAfter=2030-01-01T00:00:00");
        yield return Get("an id to look for that cannot begin one", 400, "invalid-query", "/jobs?id=a%20b");
        yield return Get("a phase that there is not", 400, "invalid-query", "/jobs?phase=done");
        yield return Get("a key to look for that cannot be one", 400, "invalid-query", "/jobs?key=%2F");
        yield return Get("no text to look for in errors", 400, "invalid-query", "/jobs?error=");
        yield return Get("a text of 257 characters to look for in arguments", 400, "invalid-query", "/jobs?args=" + new string('a', 257));
        yield return Get("a text to look for in the errors of jobs that did not fail", 400, "invalid-query", "/jobs?error=x&state=SUCCESS");
        yield return Get("`submittedBefore` without an offset", 400, "invalid-query", "/jobs?submittedBefore=2030-01-01T00:00:00");
        yield return Get("`startedAfter` that is no instant", 400, "invalid-query", "/jobs?startedAfter=yesterday");
        yield return Get("`startedBefore` that is a date", 400, "invalid-query", "/jobs?startedBefore=2030-01-01");
        yield return Get("`finishedAfter` without an offset", 400, "invalid-query", "/jobs?finishedAfter=2030-01-01T00:00:00");
        yield return Get("`finishedBefore` that is a number", 400, "invalid-query", "/jobs?finishedBefore=7");
        yield return Get("a cursor that is none", 400, "invalid-query", "/jobs?cursor=%22%3E%3Cscript%3E");
        yield return Get("a cursor of 5,000 characters", 400, "invalid-query", "/jobs?cursor=" + new string('c', 5000));
        yield return Get("a tag without a name", 400, "invalid-query", "/jobs?tag.=x");
        yield return Get("a type with a line break", 400, "invalid-query", "/jobs?type=a%0d%0ab");
        yield return Get("events of 101 jobs", 400, "invalid-query", "/events?jobs=" + string.Join(',', Enumerable.Range(0, 101)));
        yield return Get("events of ids that are none", 400, "invalid-query", "/events?jobs=../a");
        yield return Get("events of jobs and of a filter at once", 400, "invalid-query", "/events?jobs=a&queue=default");
        yield return Get("history by the day", 400, "invalid-query", "/stats/history?step=day");
        yield return Get("history from an instant without an offset", 400, "invalid-query", "/stats/history?from=2020-01-01T00:00:00");
        yield return Get("history that ends before it begins", 400, "invalid-query", "/stats/history?from=2020-01-01T01:00:00Z&to=2020-01-01T00:00:00Z");
        yield return Get("history of 121 minutes", 400, "invalid-query", "/stats/history?from=2020-01-01T00:00:00Z&to=2020-01-01T02:01:00Z");
        yield return Get("history of the year 1", 400, "invalid-query", "/stats/history?to=0001-01-01T00:00:00Z");
        yield return Get("history of a type with a space", 400, "invalid-query", "/stats/history?type=a%20b");
        yield return Get("history by an unknown parameter", 400, "invalid-query", "/stats/history?since=1h");
        yield return Get("history with a step given twice", 400, "invalid-query", "/stats/history?step=hour&step=hour");
    }

    private static IEnumerable<BadInput> Addresses()
    {
        yield return Get("a job that does not exist", 404, "job-not-found", "/jobs/nope");
        yield return Get("the log of a job that does not exist", 404, "job-not-found", "/jobs/nope/logs");
        yield return Get("the timeline of a job that does not exist", 404, "job-not-found", "/jobs/nope/timeline");
        yield return Get("an id in the address with traversal", 404, "job-not-found", "/jobs/..%2f..%2fetc");
        yield return Get("an id in the address with CR and LF", 404, "job-not-found", "/jobs/a%0d%0aSet-Cookie:%20b");
        yield return Get("an id in the address with a bidi override", 404, "job-not-found", "/jobs/%E2%80%AEabc");
        yield return Get("an id in the address of 129 characters", 404, "job-not-found", "/jobs/" + new string('i', 129));
        yield return Get("an id in the address with NUL", 400, "-", "/jobs/a%00b");
        yield return Get("an address that is none", 404, "not-found", "/etc/passwd");
        yield return Get("traversal out of the page's files", 404, "not-found", "/css/..%2f..%2f..%2fetc%2fpasswd");
        yield return new("a method that the address does not take", 405, "method-not-allowed", RawHttp.Request("PUT", "/jobs/a", Json, "{}"u8.ToArray()));
        yield return Act("an action that there is not", 422, "invalid-member", """{"action":"explode","ids":["a"]}""");
        yield return Act("an action without a name", 422, "invalid-member", """{"ids":["a"]}""");
        yield return Act("an action on nothing", 422, "invalid-member", """{"action":"retry"}""");
        yield return Act("an action on a filter and on ids", 422, "invalid-member", """{"action":"retry","filter":{"state":"FAILURE"},"ids":["a"]}""");
        yield return Act("an action on all that there is", 422, "invalid-member", """{"action":"delete","filter":{}}""");
        yield return Act("an action on a filter that there is not", 422, "invalid-member", """{"action":"retry","filter":{"sate":"FAILURE"}}""");
        yield return Act("an action on a state that there is not", 422, "invalid-member", """{"action":"retry","filter":{"state":"BROKEN"}}""");
        yield return Act("an action on a number", 422, "invalid-member", """{"action":"retry","filter":{"tag.customer":7}}""");
        yield return Act("an action on a filter with a cursor", 422, "invalid-member", """{"action":"retry","filter":{"state":"FAILURE","cursor":"7.1"}}""");
        yield return Act("an action on a filter with a member twice", 422, "invalid-member", """{"action":"retry","filter":{"state":"FAILURE","state":"REVOKED"}}""");
        yield return Act("an action on no ids", 422, "invalid-member", """{"action":"cancel","ids":[]}""");
        yield return Act("an action on 1,001 ids", 422, "invalid-member", "{\"action\":\"cancel\",\"ids\":[" + string.Join(',', Enumerable.Repeat("\"a\"", 1001)) + "]}");
        yield return Act("an action on an id that is none", 422, "invalid-member", """{"action":"cancel","ids":["a b"]}""");
        yield return Act("an action with a reason of 257 characters", 422, "invalid-member", "{\"action\":\"cancel\",\"ids\":[\"a\"],\"reason\":\"" + new string('r', 257) + "\"}");
        yield return Act("an action that only counts ids", 422, "invalid-member", """{"action":"cancel","ids":["a"],"dryRun":true}""");
        yield return Act("an action with an unknown member", 422, "invalid-member", """{"action":"cancel","ids":["a"],"force":true}""");
        yield return Act("an action that is an array", 422, "invalid-member", """[]""");
        yield return Act("an action that is no JSON", 400, "malformed-json", "{");
        yield return Copy("a copy of another type", 422, "invalid-member", "known", """{"type":"wordcount"}""");
        yield return Copy("a copy whose arguments do not fit", 422, "invalid-args", "known", """{"args":{"steps":"x"}}""");
        yield return Copy("a copy with a priority of 10", 422, "invalid-member", "known", """{"priority":10}""");
        yield return Copy("a copy with an unknown member", 422, "invalid-member", "known", """{"arg":{}}""");
        yield return Copy("a copy that is no JSON", 400, "malformed-json", "known", """{""");
        yield return Copy("a copy of a job that does not exist", 404, "job-not-found", "nope", """{}""");
        yield return Priority("a waiting job that is given the priority 10", 422, "invalid-member", "known", """{"priority":10}""");
        yield return Priority("no priority", 422, "invalid-member", "known", """{}""");
        yield return Priority("a priority that is a word", 422, "invalid-member", "known", """{"priority":"high"}""");
        yield return Priority("a priority beside an unknown member", 422, "invalid-member", "known", """{"priority":1,"queue":"q"}""");
        yield return Priority("a priority of a job that does not exist", 404, "job-not-found", "nope", """{"priority":1}""");
        yield return Queue("a waiting job that is put into no queue", 422, "invalid-member", "known", """{}""");
        yield return Queue("a waiting job that is put into a queue with a space", 422, "invalid-member", "known", """{"queue":"a queue"}""");
        yield return Queue("a waiting job that is put into a queue of 65 characters", 422, "invalid-member", "known", $$"""{"queue":"{{new string('q', 65)}}"}""");
        yield return Queue("a waiting job that is put into a queue of the grid's own", 422, "invalid-member", "known", """{"queue":"oj-flows"}""");
        yield return Queue("a waiting job that is put into a number", 422, "invalid-member", "known", """{"queue":7}""");
        yield return Queue("a queue with a reason of 257 characters", 422, "invalid-member", "known", $$"""{"queue":"side","reason":"{{new string('r', 257)}}"}""");
        yield return Queue("a queue beside an unknown member", 422, "invalid-member", "known", """{"queue":"slow","priority":1}""");
        yield return Queue("a queue of a job that does not exist", 404, "job-not-found", "nope", """{"queue":"side"}""");
        yield return Queue("a waiting job that is put into a queue that is not served", 422, "unknown-queue", "known", """{"queue":"slow"}""");
        yield return new("cancelling a job that does not exist", 404, "job-not-found", RawHttp.Request("POST", "/jobs/nope/cancel", "", []));
        yield return new("deleting a job that does not exist", 404, "job-not-found", RawHttp.Request("DELETE", "/jobs/nope", "", []));
        yield return new("a reason of 257 characters", 422, "invalid-member",
            RawHttp.Request("POST", "/queues/mail/pause", Json, Encoding.UTF8.GetBytes($$"""{"reason":"{{new string('r', 257)}}"}""")));
        yield return new("a reason that is no string", 422, "invalid-member", RawHttp.Request("POST", "/queues/mail/pause", Json, """{"reason":1}"""u8.ToArray()));
        yield return new("a queue in the address that is none", 404, "not-found", RawHttp.Request("POST", "/queues/..%2fmail/pause", "", []));
    }

    private static IEnumerable<BadInput> Protocol()
    {
        yield return new("a flood of headers", 431, "-", RawHttp.Request("GET", "/stats", string.Concat(Enumerable.Range(0, 100).Select(i => $"X-{i}: y\r\n")), []));
        yield return new("a header of 20 KB", 431, "-", RawHttp.Request("GET", "/stats", $"X-Large: {new string('y', 20_000)}\r\n", []));
        yield return Get("a request line of 10 KB", 414, "-", "/jobs?cursor=" + new string('c', 10_000));
        yield return new("no Host", 400, "-", "GET /stats HTTP/1.1\r\nConnection: close\r\n\r\n"u8.ToArray());
        yield return new("a Host that is not the gateway's, where there are no keys", 421, "unknown-host", RawHttp.Request("GET", "/stats", "", [], "evil.example"));
        yield return new("an empty Host, where there are no keys", 421, "unknown-host", RawHttp.Request("GET", "/stats", "", [], ""));
        yield return new("a line that is no request", 400, "-", "hello\r\n\r\n"u8.ToArray());
        yield return new("a header with a bare line feed in it", 400, "-", "GET /stats HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n"u8.ToArray());
        yield return new("an HTTP version that there is not", 505, "-", "GET /stats HTTP/9.9\r\nHost: localhost\r\n\r\n"u8.ToArray());
    }

    private static IEnumerable<BadInput> Moves()
    {
        yield return Move("a move to an instant without an offset", 422, "invalid-member", """{"eta":"2030-01-31T12:00:00"}""");
        yield return Move("a move with both `eta` and `countdown`", 422, "invalid-member", """{"eta":"2030-01-31T12:00:00Z","countdown":5}""");
        yield return Move("a move by a negative countdown", 422, "invalid-member", """{"countdown":-1}""");
        yield return Move("a move beyond the longest delay", 422, "invalid-member", """{"countdown":1e300}""");
        yield return Move("a move with an unknown member", 422, "invalid-member", """{"due":5}""");
        yield return Move("a move that is truncated", 400, "malformed-json", """{"countdown":""");
        yield return Move("a move of a job that does not exist", 404, "job-not-found", """{"countdown":5}""");
    }

    private static IEnumerable<BadInput> Schedules()
    {
        yield return Schedule("a schedule without a type", 422, "invalid-member", "tick", """{"every":1}""");
        yield return Schedule("a schedule with neither `cron` nor `every`", 422, "invalid-member", "tick", """{"type":"longtask"}""");
        yield return Schedule("a schedule with both `cron` and `every`", 422, "invalid-member", "tick", """{"type":"longtask","cron":"0 0 * * *","every":1}""");
        yield return Schedule("a cron expression of three fields", 422, "invalid-member", "tick", """{"type":"longtask","cron":"* * *"}""");
        yield return Schedule("a cron expression with minute 60", 422, "invalid-member", "tick", """{"type":"longtask","cron":"60 * * * *"}""");
        yield return Schedule("a cron expression that never comes", 422, "invalid-member", "tick", """{"type":"longtask","cron":"0 0 30 2 *"}""");
        yield return Schedule("a cron expression that is no string", 422, "invalid-member", "tick", """{"type":"longtask","cron":5}""");
        yield return Schedule("a period below one second", 422, "invalid-member", "tick", """{"type":"longtask","every":0.5}""");
        yield return Schedule("a negative period", 422, "invalid-member", "tick", """{"type":"longtask","every":-1}""");
        yield return Schedule("an anchor without a period", 422, "invalid-member", "tick", """{"type":"longtask","cron":"0 0 * * *","anchor":"2030-01-01T00:00:00Z"}""");
        yield return Schedule("a zone that there is not", 422, "invalid-member", "tick", """{"type":"longtask","cron":"0 0 * * *","zone":"Mars/Olympus"}""");
        yield return Schedule("a zone with traversal", 422, "invalid-member", "tick", """{"type":"longtask","cron":"0 0 * * *","zone":"../../etc/passwd"}""");
        yield return Schedule("an end before the start", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"start":"2030-01-02T00:00:00Z","end":"2030-01-01T00:00:00Z"}""");
        yield return Schedule("a start without an offset", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"start":"2030-01-02T00:00:00"}""");
        yield return Schedule("a count of zero", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"count":0}""");
        yield return Schedule("a count beyond 100,000", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"count":100001}""");
        yield return Schedule("jitter beyond a day", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"jitter":86401}""");
        yield return Schedule("an overlap that there is not", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"overlap":"sometimes"}""");
        yield return Schedule("a rule for missed instants that there is not", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"missed":"some"}""");
        yield return Schedule("`missedAfter` below one second", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"missedAfter":0.5}""");
        yield return Schedule("`missedWithin` without `missed` of `all`", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"missedWithin":60}""");
        yield return Schedule("a reference to another instant than the scheduled one", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"args":{"a":{"$at":"noon"}}}""");
        yield return Schedule("a member of a schedule given twice", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"every":1}""");
        yield return Schedule("an unknown member of a schedule", 422, "invalid-member", "tick", """{"type":"longtask","evry":1}""");
        yield return Schedule("a schedule of the id `next`", 422, "invalid-member", "next", """{"type":"longtask","every":1}""");
        yield return Schedule("a schedule's id of 65 characters", 422, "invalid-member", new string('i', 65), """{"type":"longtask","every":1}""");
        yield return Schedule("a schedule that is no object", 422, "invalid-member", "tick", """[]""");
        yield return Schedule("a schedule of an unknown type", 422, "unknown-type", "tick", """{"type":"nope","every":1}""");
        yield return Schedule("arguments of a schedule that do not fit the schema", 422, "invalid-args", "tick", """{"type":"longtask","every":1,"args":{"steps":99}}""");
        yield return Schedule("a schedule that is not JSON", 400, "malformed-json", "tick", """{"type":""");
        yield return Schedule("a schedule with both `type` and `flow`", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"flow":{"jobs":[{"name":"a","type":"longtask"}]}}""");
        yield return Schedule("a schedule of a flow with a queue", 422, "invalid-member", "tick", """{"queue":"mail","every":1,"flow":{"jobs":[{"name":"a","type":"longtask"}]}}""");
        yield return Schedule("a schedule of a flow that is no object", 422, "invalid-member", "tick", """{"every":1,"flow":[]}""");
        yield return Schedule("a schedule of a flow without jobs", 422, "invalid-member", "tick", """{"every":1,"flow":{"jobs":[]}}""");
        yield return Schedule("a schedule of a flow with an `id`", 422, "invalid-member", "tick", """{"every":1,"flow":{"id":"x","jobs":[{"name":"a","type":"longtask"}]}}""");
        yield return Schedule("a schedule of a flow that waits for itself", 422, "invalid-member", "tick", """{"every":1,"flow":{"jobs":[{"name":"a","type":"longtask","after":["a"]}]}}""");
        yield return Schedule("a schedule of a flow of an unknown type", 422, "unknown-type", "tick", """{"every":1,"flow":{"jobs":[{"name":"a","type":"nope"}]}}""");
        yield return Schedule("arguments in a schedule's flow that do not fit the schema", 422, "invalid-args", "tick", """{"every":1,"flow":{"jobs":[{"name":"a","type":"longtask","args":{"steps":99}}]}}""");
        yield return Schedule("a reference in a schedule's flow to another instant", 422, "invalid-member", "tick", """{"every":1,"flow":{"jobs":[{"name":"a","type":"longtask","args":{"a":{"$at":"noon"}}}]}}""");
        yield return Schedule("a schedule of a flow with a tag of the grid's own", 422, "invalid-member", "tick", """{"every":1,"tags":{"oj-queue-0":"mail"},"flow":{"jobs":[{"name":"a","type":"longtask"}]}}""");
        yield return Schedule("half a letter in a schedule's flow", 422, "invalid-member", "tick", """{"every":1,"flow":{"jobs":[{"name":"\ud800","type":"longtask"}]}}""");
        yield return Schedule("a schedule of a type of the grid's own", 422, "invalid-member", "tick", """{"type":"oj-flow","every":1}""");
        yield return Schedule("a schedule in a queue of the grid's own", 422, "invalid-member", "tick", """{"type":"longtask","queue":"oj-flows","every":1}""");
        yield return Schedule("a negative deadline of a schedule", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"deadline":-1}""");
        yield return Schedule("a deadline of a schedule that is an instant", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"deadline":"2030-01-01T00:00:00Z"}""");
        yield return Schedule("a schedule whose key is none", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"key":"a b"}""");
        yield return Schedule("a weight of a schedule without a key", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"weight":2}""");
        yield return Schedule("a schedule of unique jobs", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"unique":true}""");
        yield return Schedule("a schedule of a flow with a key", 422, "invalid-member", "tick", """{"key":"a","every":1,"flow":{"jobs":[{"name":"a","type":"longtask"}]}}""");
        yield return Get("keys in an order that there is not", 400, "invalid-query", "/keys?rank=loudest");
        yield return Get("the first 0 jobs of a key", 400, "invalid-query", "/keys/tenant/7?jobs=0");
        yield return Schedule("a timeout of a schedule of zero", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"timeout":0}""");
        yield return Schedule("attempts of a schedule of zero", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"attempts":0}""");
        yield return Schedule("a priority of a schedule of 10", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"priority":10}""");
        yield return Schedule("a negative retention of a schedule", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"retention":-1}""");
        yield return Schedule("tags of a schedule that are no object", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"tags":["a"]}""");
        yield return Schedule("`missedAfter` beyond 31 days", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"missedAfter":2678401}""");
        yield return Schedule("`missedWithin` beyond 31 days", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"missed":"all","missedWithin":2678401}""");
        yield return Schedule("a period beyond ten years", 422, "invalid-member", "tick", """{"type":"longtask","every":316224001}""");
        yield return Schedule("a start after 2499", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"start":"2999-01-01T00:00:00Z"}""");
        yield return Schedule("negative jitter", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"jitter":-1}""");
        yield return Schedule("a cron expression of 101 characters", 422, "invalid-member", "tick", $$"""{"type":"longtask","cron":"{{new string('1', 101)}}"}""");
        yield return Schedule("half a letter in the arguments of a schedule", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"args":{"\ud800":{"$at":"scheduled"}}}""");
        foreach (var (why, body) in (IEnumerable<(string, string)>)
            [
                ("without any", "{}"), ("that are no object", "5"), ("with an order", """{"concurrency":1,"order":"fifo"}"""), ("with a weight", """{"concurrency":1,"weight":2}"""),
                ("with a concurrency of 0", """{"concurrency":0}"""), ("with half a concurrency", """{"concurrency":1.5}"""), ("with a rate without a period", """{"rate":{"limit":5}}"""),
                ("with a rate that refuses", """{"rate":{"limit":5,"per":1,"on":"reject"}}"""), ("with a member given twice", """{"concurrency":1,"concurrency":2}"""),
            ])
            yield return new($"limits of a queue {why}", 422, "invalid-member", RawHttp.Request("PUT", "/queues/mail/limits", Json, Encoding.UTF8.GetBytes(body)));
        yield return new("limits of a queue that are no JSON", 400, "malformed-json", RawHttp.Request("PUT", "/queues/mail/limits", Json, "{"u8.ToArray()));
        yield return new("limits of a queue without a type of content", 415, "unsupported-content", RawHttp.Request("PUT", "/queues/mail/limits", "", "{}"u8.ToArray()));
        yield return new("limits of what is no queue's name", 404, "not-found", RawHttp.Request("PUT", "/queues/no%20name/limits", Json, "{\"concurrency\":1}"u8.ToArray()));
        yield return new("taking limits away that were not put", 404, "queue-limits-not-found", RawHttp.Request("DELETE", "/queues/nope/limits", "", []));
        yield return Get("a schedule that does not exist", 404, "schedule-not-found", "/schedules/nope");
        yield return new("pausing a schedule that does not exist", 404, "schedule-not-found", RawHttp.Request("POST", "/schedules/nope/pause", "", []));
        yield return new("triggering a schedule that does not exist", 404, "schedule-not-found", RawHttp.Request("POST", "/schedules/nope/trigger", "", []));
        yield return new("a backfill without `to`", 422, "invalid-member", RawHttp.Request("POST", "/schedules/nope/backfill", Json, """{"from":"2026-01-01T00:00:00Z"}"""u8.ToArray()));
        yield return new("a backfill from what is no instant", 422, "invalid-member", RawHttp.Request("POST", "/schedules/nope/backfill", Json, """{"from":"yesterday","to":"2026-01-01T00:00:00Z"}"""u8.ToArray()));
        yield return new("`If-Match` that is no version", 400, "invalid-header", RawHttp.Request("PUT", "/schedules/tick", Json + "If-Match: 7\r\n", """{"type":"longtask","every":1}"""u8.ToArray()));
        yield return new("`If-None-Match` of a schedule that is not `*`", 400, "invalid-header", RawHttp.Request("PUT", "/schedules/tick", Json + "If-None-Match: \"7\"\r\n", """{"type":"longtask","every":1}"""u8.ToArray()));
        yield return new("a backfill with an unknown member", 422, "invalid-member", RawHttp.Request("POST", "/schedules/tick/backfill", Json, """{"from":"2026-01-01T00:00:00Z","till":"2026-01-02T00:00:00Z"}"""u8.ToArray()));
        yield return new("a backfill that is no object", 422, "invalid-member", RawHttp.Request("POST", "/schedules/tick/backfill", Json, "[]"u8.ToArray()));
        yield return new("`If-Match` and `If-None-Match` of a schedule", 400, "invalid-header", RawHttp.Request("PUT", "/schedules/tick", Json + "If-Match: \"7-1\"\r\nIf-None-Match: *\r\n", """{"type":"longtask","every":1}"""u8.ToArray()));
        yield return new("resuming a schedule that does not exist", 404, "schedule-not-found", RawHttp.Request("POST", "/schedules/nope/resume", "", []));
        yield return new("deleting a schedule that does not exist", 404, "schedule-not-found", RawHttp.Request("DELETE", "/schedules/nope", "", []));
        yield return new("a backfill that ends before it begins", 422, "invalid-member", RawHttp.Request("POST", "/schedules/tick/backfill", Json, """{"from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"}"""u8.ToArray()));
        yield return new("a backfill that ends in the future", 422, "invalid-member", RawHttp.Request("POST", "/schedules/tick/backfill", Json, """{"from":"2026-01-02T00:00:00Z","to":"2199-01-01T00:00:00Z"}"""u8.ToArray()));
        yield return new("a backfill of more than 1,000 instants", 422, "invalid-member", RawHttp.Request("POST", "/schedules/tick/backfill", Json, """{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}"""u8.ToArray()));
        yield return new("an edit with the `ETag` of an older version of a schedule", 412, "precondition-failed", RawHttp.Request("PUT", "/schedules/tick", Json + "If-Match: \"1-7\"\r\n", """{"type":"longtask","every":1}"""u8.ToArray()));
        yield return new("making a schedule that exists with `If-None-Match: *`", 412, "precondition-failed", RawHttp.Request("PUT", "/schedules/tick", Json + "If-None-Match: *\r\n", """{"type":"longtask","every":1}"""u8.ToArray()));
        yield return new("an edit of a schedule that code declares", 409, "schedule-declared", RawHttp.Request("PUT", "/schedules/declared", Json, """{"type":"longtask","every":1}"""u8.ToArray()));
        yield return new("deleting a schedule that code declares", 409, "schedule-declared", RawHttp.Request("DELETE", "/schedules/declared", "", []));
        yield return new("deleting a schedule that another application's code declares", 409, "schedule-declared", RawHttp.Request("DELETE", "/schedules/declared?application=store", "", []));
        yield return Schedule("an end of a schedule that is no instant", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"end":"never"}""");
        yield return Schedule("an end of a schedule after 2499", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"end":"2999-01-01T00:00:00Z"}""");
        yield return Schedule("an anchor before 1970", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"anchor":"1969-01-01T00:00:00Z"}""");
        yield return Schedule("a count of a schedule that is no number", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"count":"five"}""");
        yield return Schedule("a zone that is no string", 422, "invalid-member", "tick", """{"type":"longtask","cron":"0 0 * * *","zone":1}""");
        yield return Schedule("a period that is no number", 422, "invalid-member", "tick", """{"type":"longtask","every":"minute"}""");
        yield return Get("the occurrences of a schedule that does not exist", 404, "schedule-not-found", "/schedules/nope/runs");
        yield return Get("the next instants of a schedule that does not exist", 404, "schedule-not-found", "/schedules/nope/next");
        yield return Get("the next 0 instants of a schedule", 400, "invalid-query", "/schedules/tick/next?count=0");
        yield return Get("a cursor of schedules that is none", 400, "invalid-query", "/schedules?cursor=a%20b");
        yield return Get("a filter by a schedule that cannot be one", 400, "invalid-query", "/jobs?schedule=a%20b");
        yield return Get("an order of jobs that there is not", 400, "invalid-query", "/jobs?order=oldest");
        yield return Get("jobs that have ended by when they are due", 400, "invalid-query", "/jobs?order=due&state=SUCCESS");
        yield return Get("a preview of a wrong expression", 400, "invalid-query", "/schedules/next?cron=61%20*%20*%20*%20*");
        yield return Get("a preview without `cron` and `every`", 400, "invalid-query", "/schedules/next");
        yield return Get("a preview of 101 instants", 400, "invalid-query", "/schedules/next?every=60&count=101");
        yield return Get("a preview with an unknown parameter", 400, "invalid-query", "/schedules/next?every=60&zome=UTC");
        yield return Get("a list of 201 schedules", 400, "invalid-query", "/schedules?limit=201");
        yield return Schedule("a schedule of which no instant would ever come", 422, "invalid-member", "tick", """{"type":"longtask","every":1,"end":"2020-01-01T00:00:00Z"}""");
        yield return Schedule("`missed` of `all` that serves none, since `missedWithin` is not above `missedAfter`", 422, "invalid-member", "tick", """{"type":"longtask","every":60,"missed":"all","missedAfter":7200}""");
        yield return new("an edit with `If-Match` of a schedule that does not exist", 412, "precondition-failed", RawHttp.Request("PUT", "/schedules/nope", Json + "If-Match: \"1-1\"\r\n", """{"type":"longtask","every":1}"""u8.ToArray()));
        yield return Schedule("a schedule beyond as many as the grid may hold", 503, "overloaded", "full", """{"type":"longtask","every":1}""");
        yield return new("a trigger of a schedule with 1,000 occurrences that have not ended", 503, "overloaded", RawHttp.Request("POST", "/schedules/full/trigger", "", []));
        yield return new("a backfill beyond 1,000 occurrences that have not ended", 503, "overloaded", RawHttp.Request("POST", "/schedules/full/backfill", Json, """{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T00:00:09Z"}"""u8.ToArray()));
        yield return Get("a preview in a zone that there is not", 400, "invalid-query", "/schedules/next?cron=0%200%20*%20*%20*&zone=Mars/Olympus");
        yield return Get("a preview from a start without an offset", 400, "invalid-query", "/schedules/next?every=60&start=2030-01-01T00:00:00");
        yield return Get("a preview of a period below one second", 400, "invalid-query", "/schedules/next?every=0.5");
        yield return Get("a preview of a period that is no number", 400, "invalid-query", "/schedules/next?every=minute");
        yield return Get("a preview with both `cron` and `every`", 400, "invalid-query", "/schedules/next?every=60&cron=0%200%20*%20*%20*");
        yield return Get("a preview with an end before its start", 400, "invalid-query", "/schedules/next?every=60&start=2030-01-02T00:00:00Z&end=2030-01-01T00:00:00Z");
        yield return Get("a preview with an anchor and `cron`", 400, "invalid-query", "/schedules/next?cron=0%200%20*%20*%20*&anchor=2030-01-01T00:00:00Z");
        yield return Get("a preview of what is no number of instants", 400, "invalid-query", "/schedules/next?every=60&count=ten");
        yield return Get("the occurrences of a schedule, with a parameter", 400, "invalid-query", "/schedules/tick/runs?limit=5");
        yield return new("a schedule without a type of content", 415, "unsupported-content", RawHttp.Request("PUT", "/schedules/tick", "", """{"type":"longtask","every":1}"""u8.ToArray()));
        yield return new("a backfill without a type of content", 415, "unsupported-content", RawHttp.Request("POST", "/schedules/tick/backfill", "", "{}"u8.ToArray()));
        yield return new("a backfill with `from` given twice", 422, "invalid-member", RawHttp.Request("POST", "/schedules/tick/backfill", Json, """{"from":"2026-01-01T00:00:00Z","from":"2026-01-01T00:00:00Z","to":"2026-01-01T00:00:09Z"}"""u8.ToArray()));
        yield return new("a backfill that is truncated", 400, "malformed-json", RawHttp.Request("POST", "/schedules/tick/backfill", Json, """{"from":"""u8.ToArray()));
        yield return new("a backfill of a schedule that does not exist", 404, "schedule-not-found", RawHttp.Request("POST", "/schedules/nope/backfill", Json, """{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T00:00:09Z"}"""u8.ToArray()));
        yield return new("a pause of a schedule with an `If-Match` that is no version", 400, "invalid-header", RawHttp.Request("POST", "/schedules/tick/pause", "If-Match: 7\r\n", []));
        yield return new("deleting a schedule with the `ETag` of an older version", 412, "precondition-failed", RawHttp.Request("DELETE", "/schedules/tick", "If-Match: \"1-7\"\r\n", []));
        yield return new("a trigger with an empty `Idempotency-Key`", 400, "invalid-header", RawHttp.Request("POST", "/schedules/tick/trigger", "Idempotency-Key: \"\"\r\n", []));
        yield return Get("a filter by an instant of a schedule that is none", 400, "invalid-query", "/jobs?scheduledAt=noon");
    }

    private static BadInput Copy(string name, int status, string type, string id, string body) =>
        new(name, status, type, RawHttp.Request("POST", $"/jobs/{id}/copy", Json, Encoding.UTF8.GetBytes(body)));

    private static BadInput Priority(string name, int status, string type, string id, string body) =>
        new(name, status, type, RawHttp.Request("POST", $"/jobs/{id}/priority", Json, Encoding.UTF8.GetBytes(body)));

    private static BadInput Queue(string name, int status, string type, string id, string body) =>
        new(name, status, type, RawHttp.Request("POST", $"/jobs/{id}/queue", Json, Encoding.UTF8.GetBytes(body)));

    private static BadInput Act(string name, int status, string type, string body) =>
        new(name, status, type, RawHttp.Request("POST", "/jobs:act", Json, Encoding.UTF8.GetBytes(body)));

    private static BadInput Move(string name, int status, string type, string body) =>
        new(name, status, type, RawHttp.Request("POST", "/jobs/nope/due", Json, Encoding.UTF8.GetBytes(body)));

    private static BadInput Schedule(string name, int status, string type, string id, string body) =>
        new(name, status, type, RawHttp.Request("PUT", $"/schedules/{id}", Json, Encoding.UTF8.GetBytes(body)));

    private static BadInput Post(string name, int status, string type, string body) => Post(name, status, type, Encoding.UTF8.GetBytes(body));

    private static BadInput Post(string name, int status, string type, byte[] body) => new(name, status, type, RawHttp.Request("POST", "/jobs", Json, body));

    private static BadInput Batch(string name, int status, string type, string body) =>
        new(name, status, type, RawHttp.Request("POST", "/jobs:batch", Json, Encoding.UTF8.GetBytes(body)));

    private static BadInput Flow(string name, int status, string type, string body) =>
        new(name, status, type, RawHttp.Request("POST", "/flows", Json, Encoding.UTF8.GetBytes(body)));

    private static BadInput Get(string name, int status, string type, string target) => new(name, status, type, RawHttp.Request("GET", target, "", []));

    private static byte[] Bomb()
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal)) gzip.Write(new byte[16 << 20]);
        return compressed.ToArray();
    }
}
