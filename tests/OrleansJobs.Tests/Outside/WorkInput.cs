using OrleansJobs.Gateway.Working;

namespace OrleansJobs.Tests.Outside;

/// <summary>A kind of bad input of a worker and what it is answered with; a row of the table in <c>docs/WORKERS.md</c>.</summary>
/// <param name="Pointer">Where the problem points to; empty: nowhere.</param>
internal sealed record WorkInput(string Name, int Status, string Type, string Pointer, string Body)
{
    public string Path { get; init; } = "/work";
    public string Method { get; init; } = "POST";
    public string Content { get; init; } = "application/json";
}

/// <summary>Where <c>SESSION</c> stands in a body, a test puts one that is its own.</summary>
internal static class WorkInputs
{
    private const string Lease = """{"id":"j","token":"5"}""";

    public static readonly IReadOnlyList<WorkInput> All = [.. Broken(), .. Members(), .. Leases(), .. Reports(), .. Progress(), .. Types(), .. Sessions(), .. Checkpoints(), .. Steps(), .. Children(), .. Waits(), .. CallReports(), .. Announced()];

    private static IEnumerable<WorkInput> Broken()
    {
        yield return new("no JSON", 400, "malformed-json", "", "seq=1");
        yield return new("truncated JSON", 400, "malformed-json", "", """{"seq":1""");
        yield return new("an empty body", 400, "malformed-json", "", "");
        yield return new("half of a surrogate pair in a name", 400, "malformed-json", "", """{"seq":1,"name":"\ud800"}""");
        yield return new("a result deeper than 32 levels", 400, "malformed-json", "", Reported($$"""{"id":"j","token":"5","outcome":"success","result":{{new string('[', 33)}}{{new string(']', 33)}}}"""));
        yield return new("a body that is no JSON by its type", 415, "unsupported-content", "", """{"seq":1}""") { Content = "text/plain" };
        yield return new("more than 4 MiB", 413, "too-large", "", $$"""{"seq":1,"name":"{{new string('x', 4 << 20)}}"}""");
        yield return new("a body that is no object", 422, "invalid-member", "", "[]");
    }

    private static IEnumerable<WorkInput> Members()
    {
        yield return new("an unknown member", 422, "invalid-member", "/wants", """{"seq":1,"wants":1}""");
        yield return new("a member given twice", 422, "invalid-member", "/seq", """{"seq":1,"seq":2}""");
        yield return new("no `seq`", 422, "invalid-member", "/seq", "{}");
        yield return new("a `seq` of 0", 422, "invalid-member", "/seq", """{"seq":0}""");
        yield return new("a `seq` that is a string", 422, "invalid-member", "/seq", """{"seq":"1"}""");
        yield return new("a `seq` of 2^53", 422, "invalid-member", "/seq", """{"seq":9007199254740992}""");
        yield return new("a `want` below 0", 422, "invalid-member", "/want", """{"seq":1,"want":-1}""");
        yield return new("a `want` of 1,001", 422, "invalid-member", "/want", """{"seq":1,"want":1001,"types":["t"]}""");
        yield return new("a `want` without `types`", 422, "invalid-member", "/types", """{"seq":1,"want":1}""");
        yield return new("a `wait` of 61", 422, "invalid-member", "/wait", """{"seq":1,"wait":61}""");
        yield return new("a `wait` that is a string", 422, "invalid-member", "/wait", """{"seq":1,"wait":"10s"}""");
        yield return new("a `name` with a space", 422, "invalid-member", "/name", """{"seq":1,"name":"my host"}""");
        yield return new("a queue that is none", 422, "invalid-member", "/queues/1", """{"seq":1,"queues":["a","b c"]}""");
        yield return new("no queue at all", 422, "invalid-member", "/queues", """{"seq":1,"queues":[]}""");
        yield return new("101 queues", 422, "invalid-member", "/queues", $$"""{"seq":1,"queues":[{{string.Join(',', Enumerable.Range(0, WorkLimits.MaxQueues + 1).Select(i => $"\"q{i}\""))}}]}""");
        yield return new("a `bye` that is no boolean", 422, "invalid-member", "/bye", """{"seq":1,"session":"SESSION","bye":1}""");
        yield return new("a `bye` that wants more", 422, "invalid-member", "/want", """{"seq":1,"session":"SESSION","bye":true,"want":1,"types":["t"]}""");
    }

    private static IEnumerable<WorkInput> Leases()
    {
        yield return new("`holds` that are no array", 422, "invalid-member", "/holds", """{"seq":1,"session":"SESSION","holds":{}}""");
        yield return new("10,001 `holds`", 422, "invalid-member", "/holds", $$"""{"seq":1,"session":"SESSION","holds":[{{string.Join(',', Enumerable.Repeat(Lease, WorkLimits.MaxHolds + 1))}}]}""");
        yield return new("a held lease that is a string", 422, "invalid-member", "/holds/0", """{"seq":1,"session":"SESSION","holds":["j"]}""");
        yield return new("a held lease without an id", 422, "invalid-member", "/holds/0/id", """{"seq":1,"session":"SESSION","holds":[{"token":"5"}]}""");
        yield return new("a held lease without a token", 422, "invalid-member", "/holds/0/token", """{"seq":1,"session":"SESSION","holds":[{"id":"j"}]}""");
        yield return new("a token that is a number", 422, "invalid-member", "/holds/0/token", """{"seq":1,"session":"SESSION","holds":[{"id":"j","token":5}]}""");
        yield return new("a token with a sign", 422, "invalid-member", "/holds/0/token", """{"seq":1,"session":"SESSION","holds":[{"id":"j","token":"+5"}]}""");
        yield return new("a token beyond 63 bits", 422, "invalid-member", "/holds/0/token", """{"seq":1,"session":"SESSION","holds":[{"id":"j","token":"9223372036854775808"}]}""");
        yield return new("an id that is none", 422, "invalid-member", "/holds/0/id", """{"seq":1,"session":"SESSION","holds":[{"id":"a/b","token":"5"}]}""");
        yield return new("a lease with another member", 422, "invalid-member", "/holds/0/type", """{"seq":1,"session":"SESSION","holds":[{"id":"j","token":"5","type":"t"}]}""");
    }

    private static IEnumerable<WorkInput> Reports()
    {
        yield return new("a report without an outcome", 422, "invalid-member", "/reports/0/outcome", Reported("""{"id":"j","token":"5"}"""));
        yield return new("an outcome that there is not", 422, "invalid-member", "/reports/0/outcome", Reported("""{"id":"j","token":"5","outcome":"SUCCESS"}"""));
        yield return new("a report without a lease", 422, "invalid-member", "/reports/0/id", Reported("""{"outcome":"success"}"""));
        yield return new("a success with an error", 422, "invalid-member", "/reports/0/error", Reported("""{"id":"j","token":"5","outcome":"success","error":{"message":"m"}}"""));
        yield return new("a failure with a result", 422, "invalid-member", "/reports/0/result", Reported("""{"id":"j","token":"5","outcome":"failure","result":1}"""));
        yield return new("an error without a message", 422, "invalid-member", "/reports/0/error/message", Reported("""{"id":"j","token":"5","outcome":"failure","error":{"type":"E"}}"""));
        yield return new("an error that is a string", 422, "invalid-member", "/reports/0/error", Reported("""{"id":"j","token":"5","outcome":"failure","error":"broke"}"""));
        yield return new("a code that is the grid's own", 422, "invalid-member", "/reports/0/error/code", Reported("""{"id":"j","token":"5","outcome":"failure","error":{"message":"m","code":"poison"}}"""));
        yield return new("a `later` that does not say when", 422, "invalid-member", "/reports/0/delay", Reported("""{"id":"j","token":"5","outcome":"later"}"""));
        yield return new("a delay below 0", 422, "invalid-member", "/reports/0/delay", Reported("""{"id":"j","token":"5","outcome":"later","delay":-1}"""));
        yield return new("a delay of eleven years", 422, "invalid-member", "/reports/0/delay", Reported("""{"id":"j","token":"5","outcome":"failure","delay":346896000}"""));
        yield return new("a result longer than the limit", 422, "invalid-member", "/reports/0/result", Reported($$"""{"id":"j","token":"5","outcome":"success","result":"{{new string('x', 1 << 20)}}"}"""));
        yield return new("1,001 reports", 422, "invalid-member", "/reports", $$"""{"seq":1,"session":"SESSION","reports":[{{string.Join(',', Enumerable.Repeat("""{"id":"j","token":"5","outcome":"success"}""", WorkLimits.MaxReports + 1))}}]}""");
    }

    private static IEnumerable<WorkInput> Progress()
    {
        yield return new("progress without `current`", 422, "invalid-member", "/progress/0/current", """{"seq":1,"session":"SESSION","progress":[{"id":"j","token":"5","total":2}]}""");
        yield return new("progress without `total`", 422, "invalid-member", "/progress/0/total", """{"seq":1,"session":"SESSION","progress":[{"id":"j","token":"5","current":2}]}""");
        yield return new("progress of half a step", 422, "invalid-member", "/progress/0/current", """{"seq":1,"session":"SESSION","progress":[{"id":"j","token":"5","current":0.5,"total":2}]}""");
        yield return new("`data` of more than 4 KiB", 422, "invalid-member", "/progress/0/data", $$"""{"seq":1,"session":"SESSION","progress":[{"id":"j","token":"5","current":1,"total":2,"data":"{{new string('x', 4096)}}"}]}""");
        yield return new("a log without `from`", 422, "invalid-member", "/logs/0/from", """{"seq":1,"session":"SESSION","logs":[{"id":"j","token":"5","lines":[]}]}""");
        yield return new("a log that begins before the first line", 422, "invalid-member", "/logs/0/from", """{"seq":1,"session":"SESSION","logs":[{"id":"j","token":"5","from":0,"lines":[]}]}""");
        yield return new("a line without a text", 422, "invalid-member", "/logs/0/lines/0/text", """{"seq":1,"session":"SESSION","logs":[{"id":"j","token":"5","from":1,"lines":[{"level":"error"}]}]}""");
        yield return new("a line of no level", 422, "invalid-member", "/logs/0/lines/0/level", """{"seq":1,"session":"SESSION","logs":[{"id":"j","token":"5","from":1,"lines":[{"text":"a","level":"loud"}]}]}""");
        yield return new("a line of no time", 422, "invalid-member", "/logs/0/lines/0/at", """{"seq":1,"session":"SESSION","logs":[{"id":"j","token":"5","from":1,"lines":[{"text":"a","at":"noon"}]}]}""");
        yield return new("the log of a report without lines", 422, "invalid-member", "/reports/0/logs/lines", """{"seq":1,"session":"SESSION","reports":[{"id":"j","token":"5","outcome":"success","logs":{"from":1}}]}""");
    }

    private static IEnumerable<WorkInput> Types()
    {
        yield return new("`types` that are no array", 422, "invalid-member", "/types", """{"seq":1,"types":"t"}""");
        yield return new("1,001 types", 422, "invalid-member", "/types", $$"""{"seq":1,"types":[{{string.Join(',', Enumerable.Range(0, WorkLimits.MaxTypes + 1).Select(i => $"\"t{i}\""))}}]}""");
        yield return new("a type that is a number", 422, "invalid-member", "/types/0", """{"seq":1,"types":[1]}""");
        yield return new("a type whose name is none", 422, "invalid-member", "/types/0", """{"seq":1,"types":["a b"]}""");
        yield return new("a type without a name", 422, "invalid-member", "/types/0/name", """{"seq":1,"types":[{"schema":true}]}""");
        yield return new("a type of the grid's own", 403, "forbidden", "/types/1", """{"seq":1,"want":1,"types":["t","oj-webhook"]}""");
        yield return new("a schema that is a string", 422, "invalid-member", "/types/0/schema", """{"seq":1,"types":[{"name":"t","schema":"{}"}]}""");
        yield return new("a type with no attempts", 422, "invalid-member", "/types/0/attempts", """{"seq":1,"types":[{"name":"t","attempts":0}]}""");
        yield return new("a type with no time", 422, "invalid-member", "/types/0/timeout", """{"seq":1,"types":[{"name":"t","timeout":0}]}""");
        yield return new("a type that may say nothing for no time", 422, "invalid-member", "/types/0/stalledAfter", """{"seq":1,"types":[{"name":"t","stalledAfter":0}]}""");
        yield return new("a type that may say nothing for less than that", 422, "invalid-member", "/types/0/stalledAfter", """{"seq":1,"types":[{"name":"t","stalledAfter":-1}]}""");
        yield return new("a type that may say nothing for longer than 30 days", 422, "invalid-member", "/types/0/stalledAfter", """{"seq":1,"types":[{"name":"t","stalledAfter":2592001}]}""");
    }

    private static IEnumerable<WorkInput> Sessions()
    {
        yield return new("a session that is a number", 422, "invalid-member", "/session", """{"seq":1,"session":5}""");
        yield return new("a session that nobody opened", 404, "session-not-found", "", """{"seq":1,"session":"w-0"}""");
        yield return new("a session of another key", 404, "session-not-found", "", """{"seq":1,"session":"ANOTHER"}""");
        yield return new("`holds` without a session", 422, "invalid-member", "/session", $$"""{"seq":1,"holds":[{{Lease}}]}""");
        yield return new("reports without a session", 422, "invalid-member", "/session", """{"seq":1,"reports":[{"id":"j","token":"5","outcome":"success"}]}""");
        yield return new("a `bye` without a session", 422, "invalid-member", "/session", """{"seq":1,"bye":true}""");
    }

    private static IEnumerable<WorkInput> Checkpoints()
    {
        const string path = "/work/jobs/j/checkpoint";
        yield return new("a checkpoint without a session", 422, "invalid-member", "/session", """{"token":"5","checkpoint":1}""") { Path = path };
        yield return new("a checkpoint without a token", 422, "invalid-member", "/token", """{"session":"SESSION","checkpoint":1}""") { Path = path };
        yield return new("a checkpoint without a value", 422, "invalid-member", "/checkpoint", """{"session":"SESSION","token":"5"}""") { Path = path };
        yield return new("a checkpoint of another's session", 404, "session-not-found", "", """{"session":"ANOTHER","token":"5","checkpoint":1}""") { Path = path };
        yield return new("a checkpoint of more than 1 MiB", 422, "invalid-member", "/checkpoint", $$"""{"session":"SESSION","token":"5","checkpoint":"{{new string('x', 1 << 20)}}"}""") { Path = path };
    }

    private static IEnumerable<WorkInput> Steps()
    {
        const string path = "/work/jobs/j/memory";
        yield return new("a step without a session", 422, "invalid-member", "/session", """{"token":"5","step":{"name":"a","value":1} }""") { Path = path };
        yield return new("a step without a token", 422, "invalid-member", "/token", """{"session":"SESSION","step":{"name":"a","value":1} }""") { Path = path };
        yield return new("a step without a name", 422, "invalid-member", "/step/name", """{"session":"SESSION","token":"5","step":{"value":1} }""") { Path = path };
        yield return new("a step without a value", 422, "invalid-member", "/step/value", """{"session":"SESSION","token":"5","step":{"name":"a"} }""") { Path = path };
        yield return new("a step with a name of the grid's own", 422, "invalid-member", "/step/name", """{"session":"SESSION","token":"5","step":{"name":"$due/a","value":1} }""") { Path = path };
        yield return new("a step with a name of 129 characters", 422, "invalid-member", "/step/name", $$$"""{"session":"SESSION","token":"5","step":{"name":"{{{new string('n', 129)}}}","value":1} }""") { Path = path };
        yield return new("a step with another member", 422, "invalid-member", "/step/error", """{"session":"SESSION","token":"5","step":{"name":"a","value":1,"error":{} } }""") { Path = path };
        yield return new("a step together with `after`", 422, "invalid-member", "/after", """{"session":"SESSION","token":"5","after":1,"step":{"name":"a","value":1} }""") { Path = path };
        yield return new("a step of another's session", 404, "session-not-found", "", """{"session":"ANOTHER","token":"5","step":{"name":"a","value":1} }""") { Path = path };
    }

    private static IEnumerable<WorkInput> Children()
    {
        const string path = "/work/jobs/j/children";
        yield return new("children without a session", 422, "invalid-member", "/session", """{"token":"5","children":[{"name":"a","job":{"type":"longtask"} }]}""") { Path = path };
        yield return new("children without a token", 422, "invalid-member", "/token", """{"session":"SESSION","children":[{"name":"a","job":{"type":"longtask"} }]}""") { Path = path };
        yield return new("no children", 422, "invalid-member", "/children", """{"session":"SESSION","token":"5","children":[]}""") { Path = path };
        yield return new("101 children", 422, "invalid-member", "/children", $$"""{"session":"SESSION","token":"5","children":[{{string.Join(',', Enumerable.Repeat("{}", 101))}}]}""") { Path = path };
        yield return new("a child without a name", 422, "invalid-member", "/children/0/name", """{"session":"SESSION","token":"5","children":[{"job":{"type":"longtask"} }]}""") { Path = path };
        yield return new("a child without a job", 422, "invalid-member", "/children/0/job", """{"session":"SESSION","token":"5","children":[{"name":"a"}]}""") { Path = path };
        yield return new("a child without a type", 422, "invalid-member", "/children/0/job/type", """{"session":"SESSION","token":"5","children":[{"name":"a","job":{} }]}""") { Path = path };
        yield return new("a child of a type that nobody knows", 422, "unknown-type", "/children/0/job/type", """{"session":"SESSION","token":"5","children":[{"name":"a","job":{"type":"nobody"} }]}""") { Path = path };
        yield return new("a child with an id of its own", 422, "invalid-member", "/children/0/job/id", """{"session":"SESSION","token":"5","children":[{"name":"a","job":{"type":"longtask","id":"a"} }]}""") { Path = path };
        yield return new("a child with arguments that do not fit", 422, "invalid-args", "/children/0/job/args/steps", """{"session":"SESSION","token":"5","children":[{"name":"a","job":{"type":"longtask","args":{"steps":"many"} } }]}""") { Path = path };
        yield return new("a child of negative weight", 422, "invalid-member", "/children/0/weight", """{"session":"SESSION","token":"5","children":[{"name":"a","weight":-1,"job":{"type":"longtask"} }]}""") { Path = path };
        yield return new("children of another's session", 404, "session-not-found", "", """{"session":"ANOTHER","token":"5","children":[{"name":"a","job":{"type":"longtask"} }]}""") { Path = path };
    }

    private static IEnumerable<WorkInput> Waits()
    {
        yield return new("a wait that does not say for what", 422, "invalid-member", "/reports/0/wait", """{"seq":1,"session":"SESSION","reports":[{"id":"j","token":"5","outcome":"waiting","wait":{"seen":0} }]}""");
        yield return new("a report of a wait without one", 422, "invalid-member", "/reports/0/wait", """{"seq":1,"session":"SESSION","reports":[{"id":"j","token":"5","outcome":"waiting"}]}""");
        yield return new("a wait without `seen`", 422, "invalid-member", "/reports/0/wait/seen", """{"seq":1,"session":"SESSION","reports":[{"id":"j","token":"5","outcome":"waiting","wait":{"children":["a"]} }]}""");
        yield return new("a wait until no instant", 422, "invalid-member", "/reports/0/wait/until", """{"seq":1,"session":"SESSION","reports":[{"id":"j","token":"5","outcome":"waiting","wait":{"seen":0,"until":"noon"} }]}""");
        yield return new("a wait for a signal without a name", 422, "invalid-member", "/reports/0/wait/signals/0", """{"seq":1,"session":"SESSION","reports":[{"id":"j","token":"5","outcome":"waiting","wait":{"seen":0,"signals":[""]} }]}""");
        yield return new("a success that waits", 422, "invalid-member", "/reports/0/wait", """{"seq":1,"session":"SESSION","reports":[{"id":"j","token":"5","outcome":"success","wait":{"seen":0,"children":["a"]} }]}""");
    }

    private static IEnumerable<WorkInput> CallReports()
    {
        const string path = "/work/jobs/j/report";
        yield return new("a report of a call that is no object", 422, "invalid-member", "", "[]") { Path = path };
        yield return new("a report of a call without an outcome", 422, "invalid-member", "/outcome", """{"result":1}""") { Path = path };
        yield return new("a report of a call with an outcome that there is not", 422, "invalid-member", "/outcome", """{"outcome":"later"}""") { Path = path };
        yield return new("a report of a call with another member", 422, "invalid-member", "/token", """{"outcome":"success","token":"5"}""") { Path = path };
        yield return new("a success of a call with an error", 422, "invalid-member", "/error", """{"outcome":"success","error":{"message":"no"}}""") { Path = path };
        yield return new("a failure of a call with a result", 422, "invalid-member", "/result", """{"outcome":"failure","result":1}""") { Path = path };
        yield return new("progress of a call without `total`", 422, "invalid-member", "/total", """{"outcome":"progress","current":1}""") { Path = path };
        yield return new("a report of a call without its token", 409, "stale-lease", "", """{"outcome":"success"}""") { Path = path };
    }

    private static IEnumerable<WorkInput> Announced()
    {
        yield return new("an announced type with a name in its body", 422, "invalid-member", "/name", """{"name":"t"}""") { Path = "/job-types/t", Method = "PUT" };
        yield return new("an announced type whose name is none", 404, "not-found", "", "{}") { Path = "/job-types/a%20b", Method = "PUT" };
        yield return new("an announced type of the grid's own", 403, "forbidden", "", "{}") { Path = "/job-types/oj-webhook", Method = "PUT" };
        yield return new("an announced type of more than 64 KiB of schema", 422, "invalid-member", "/schema", $$"""{"schema":{"description":"{{new string('x', 64 << 10)}}"} }""") { Path = "/job-types/t", Method = "PUT" };
    }

    private static string Reported(string report) => $$"""{"seq":1,"session":"SESSION","reports":[{{report}}]}""";
}
