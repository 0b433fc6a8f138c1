using System.Text.Json;

namespace OrleansJobs.Tests.Browser;

/// <summary>The decisions of the page that are functions of their own, called in the browser that they are meant for.</summary>
[Collection(BrowserCollection.Name)]
public class ModuleTests(BrowserFixture fixture)
{
    [Theory]
    [InlineData("""{"a":[1,{"b":"x, {y}"}],"c":{}}""", "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, {y}\"\n    }\n  ],\n  \"c\": {}\n}")]
    [InlineData("""123456789012345678901234567890""", "123456789012345678901234567890")]
    [InlineData("""[ ]""", "[]")]
    [InlineData(""" "a \" : b" """, "\"a \\\" : b\"")]
    public Task Indent_ChangesNothingButSpace(string json, string expected) => ExpectAsync("indent.js", "indent", [json], expected);

    [Theory]
    [InlineData("Order 17 of 2,500 at 10:15 failed", "Order # of # at # failed")]
    [InlineData("No file 'a.txt'", "No file #")]
    [InlineData("Job 0198c8f0-0000-7000-8000-000000000000 is gone", "Job # is gone")]
    [InlineData("Disk full", "Disk full")]
    public Task Pattern_LeavesOutWhatDiffersFromJobToJob(string message, string expected) => ExpectAsync("live/failureGroups.js", "pattern", [message], expected);

    [Theory]
    [InlineData("[{\"type\":\"t\",\"queue\":\"a\",\"error\":{\"code\":\"error\",\"place\":\"E at A.B\",\"message\":\"one\",\"release\":\"1\"}},{\"type\":\"t\",\"queue\":\"b\",\"error\":{\"code\":\"error\",\"place\":\"E at A.B\",\"message\":\"quite another\",\"release\":\"2\"}}]", 1)]
    [InlineData("[{\"type\":\"t\",\"error\":{\"code\":\"error\",\"place\":\"E at A.B\",\"message\":\"same\"}},{\"type\":\"t\",\"error\":{\"code\":\"error\",\"place\":\"E at C.D\",\"message\":\"same\"}}]", 2)]
    [InlineData("[{\"type\":\"t\",\"error\":{\"code\":\"error\",\"message\":\"No 7\"}},{\"type\":\"t\",\"error\":{\"code\":\"error\",\"message\":\"No 8\"}},{\"type\":\"u\",\"error\":{\"code\":\"error\",\"message\":\"No 8\"}}]", 2)]
    public Task Failures_AreOfOneGroup_WhereTheyFailedAtOnePlace_OrWithTheSameWords(string jobs, int groups) =>
        ExpectAsync("live/failureGroups.js", "howManyGroups", [JsonDocument.Parse(jobs).RootElement], groups);

    [Theory]
    [InlineData("""[{"what":"limit","key":"tenant/7","limit":"rate"}]""", "its key")]
    [InlineData("""[{"what":"limit","queue":"mail","limit":"rate"},{"what":"time"}]""", "its queue's limit, its time")]
    public Task WhatIsWaitedFor_SaysWhoseLimitItIs(string reasons, string expected) =>
        ExpectAsync("parts/waits.js", "waitsBriefly", [JsonDocument.Parse(reasons).RootElement], expected);

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(999, "999 ms")]
    [InlineData(3250, "3.2 s")]
    [InlineData(125_000, "2 min 5 s")]
    [InlineData(3_600_000, "1 h")]
    [InlineData(187_200_000, "2 d 4 h")]
    public Task Duration_IsReadable(long milliseconds, string expected) => ExpectAsync("format.js", "duration", [milliseconds], expected);

    [Theory]
    [InlineData(new double[] { }, 1)]
    [InlineData(new double[] { 0, 0 }, 1)]
    [InlineData(new[] { 1.0, 7 }, 10)]
    [InlineData(new[] { 21.0 }, 50)]
    [InlineData(new[] { 0.0011 }, 0.002)]
    [InlineData(new[] { 100.0 }, 100)]
    public Task Plot_HasARoundTop(double[] values, double expected) => ExpectAsync("plot/scale.js", "topOf", [values], expected);

    [Theory]
    [InlineData("[0,10,5,10]", "M0.5 10.0L1.5 0.0L2.5 5.0L3.5 0.0")]
    [InlineData("[null,10,null,5]", "M1.5 0.0h0.01M3.5 5.0h0.01")]
    [InlineData("[]", "")]
    public Task Plot_LeavesGapsWhereNothingWasMeasured(string values, string expected) =>
        ExpectAsync("plot/scale.js", "lineOf", [JsonSerializer.Deserialize<double?[]>(values)!, 10, 4, 10], expected);

    [Theory]
    [InlineData("[]", 100, 10_000, "{\"rate\":null,\"left\":null,\"stalled\":null}")]
    [InlineData("[[0,0],[1000,1],[2000,2]]", 100, 2500, "{\"rate\":null,\"left\":null,\"stalled\":null}")]
    [InlineData("[[0,0],[1000,10],[2000,20],[3000,30],[4000,40]]", 100, 4000, "{\"rate\":10,\"left\":6000,\"stalled\":null}")]
    [InlineData("[[0,0],[1000,40],[2000,80],[3000,81],[4000,82]]", 100, 4000, "{\"rate\":20.5,\"left\":null,\"stalled\":null}")]
    [InlineData("[[0,0],[1000,1],[2000,2],[3000,3]]", 100, 33_500, "{\"rate\":null,\"left\":null,\"stalled\":30500}")]
    [InlineData("[[0,0],[20000,1],[40000,2],[60000,3]]", 4, 100_000, "{\"rate\":null,\"left\":null,\"stalled\":null}")]
    [InlineData("[[0,0],[10000,1],[20000,2],[30000,3]]", 1, 30_000, "{\"rate\":0.1,\"left\":null,\"stalled\":null}")]
    public Task Pace_IsSaidWhereItIsKnown(string readings, int total, int now, string expected) => ExpectAsync(
        "live/pace.js", "paceOf",
        [JsonSerializer.Deserialize<double[][]>(readings)!.Select(reading => new { at = reading[0], current = reading[1] }), total, now], JsonSerializer.Deserialize<JsonElement>(expected));

    [Theory]
    [InlineData(-59_000, "59 seconds ago")]
    [InlineData(-61_000, "1 minute ago")]
    [InlineData(0, "now")]
    [InlineData(7_200_000, "in 2 hours")]
    public Task RelativeTime_IsReadable(long difference, string expected) => ExpectAsync("format.js", "relativeTime", [1_000_000_000_000 + difference, 1_000_000_000_000], expected);

    [Theory]
    [InlineData("SUCCESS", 1, 2, 100)]
    [InlineData("PROGRESS", 199, 200, 99)]
    [InlineData("PROGRESS", 5, 2, 100)]
    [InlineData("PROGRESS", 0, 1, null)]
    [InlineData("FAILURE", 1, 4, 25)]
    public Task Percent_IsFullOnlyAtTheEnd(string state, int current, int total, int? expected) =>
        ExpectAsync("live/jobStates.js", "percent", [new { state, current, total }], expected);

    [Theory]
    [InlineData(0, 1.0, 100)]
    [InlineData(1, 1.0, 500)]
    [InlineData(3, 0.0, 1000)]
    [InlineData(50, 1.0, 20_000)]
    public Task ReconnectDelay_GrowsUpToItsCeiling(int failures, double chance, double expected) => ExpectAsync("live/reconnect.js", "reconnectDelay", [failures, chance], expected);

    [Fact]
    public Task Tags_AreReadFromText() =>
        ExpectAsync("form/submitOptions.js", "parseTags", ["tenant=acme, run=a=7", "/tags"], new Dictionary<string, string> { ["tenant"] = "acme", ["run"] = "a=7" });

    [Fact]
    public async Task EventParser_TakesEventsInPiecesOfAnySize()
    {
        var page = await fixture.ModulesAsync();
        const string Script =
            """
            async () => {
              const { eventParser } = await import('/js/api/eventStream.js');
              const text = ': hello\r\nid: 7\r\ndata: {"a":1}\r\n\r\nevent: ping\ndata:\n\nevent: two\ndata: x\ndata:  y\n\ndata: unfinished\n';
              const results = new Set();
              for (let size = 1; size <= text.length; size++) {
                const events = [];
                const parse = eventParser((event, data) => events.push([event, data]));
                for (let at = 0; at < text.length; at += size) parse(text.slice(at, at + size));
                results.add(JSON.stringify(events));
              }
              return [...results];
            }
            """;

        var results = await page.EvaluateAsync<string[]>(Script);

        Assert.Equal("""[["message","{\"a\":1}"],["ping",""],["two","x\n y"]]""", Assert.Single(results));
    }

    [Fact]
    public async Task WhatWasNotAnswered_IsAskedForAgainUnderTheSameKey_AndOnlyThat()
    {
        var page = await fixture.ModulesAsync();
        const string Script =
            """
            async () => {
              const { copyJob, actOnJobs, sendSignal, submitJob } = await import('/js/api/jobs.js');
              const real = window.fetch;
              const keys = [];
              let isLost = false;
              window.fetch = async (path, { headers }) => {
                keys.push(headers.get('Idempotency-Key'));
                if (isLost) throw new TypeError('lost');
                return new Response('{}');
              };
              const shapes = [];
              try {
                for (const ask of [() => copyJob('a', '{}'), () => actOnJobs({ action: 'retry', ids: ['a'] }), () => sendSignal('a', 'go', '{}'), () => submitJob('{}')]) {
                  keys.length = 0;
                  for (isLost of [true, true, false, false]) await ask().catch(() => {});
                  const known = [...new Set(keys)];
                  shapes.push(keys.map((key) => known.indexOf(key)).join(''));
                }
                keys.length = 0;
                isLost = true;
                await copyJob('a', '{}').catch(() => {});
                await copyJob('b', '{}').catch(() => {});
                shapes.push(String(new Set(keys).size));
                keys.length = 0;
                isLost = false;
                await actOnJobs({ action: 'retry', filter: { state: 'FAILURE' }, dryRun: true });
                shapes.push(String(keys[0]));
              } finally {
                window.fetch = real;
              }
              return shapes;
            }
            """;
        Assert.Equal(["0001", "0001", "0001", "0001", "2", "null"], await page.EvaluateAsync<string[]>(Script));
    }

    [Fact]
    public async Task WhoGoesBack_WhileAGroupIsActedOn_EndsIt()
    {
        var page = await fixture.ModulesAsync();
        const string Script =
            """
            async () => {
              const { actOnGroup } = await import('/js/parts/actOnGroup.js');
              const real = window.fetch;
              const asked = [];
              let acts = 0;
              window.fetch = async (path, { method, signal }) => {
                asked.push(`${method} ${path.replace('./', '')}`);
                if (method === 'GET') {
                  // The second thousand is under way when somebody has seen enough.
                  const dialog = document.querySelector('dialog');
                  const closed = new Promise((resolve) => dialog.addEventListener('close', resolve));
                  dialog.close();
                  await closed;
                  if (signal.aborted) throw new DOMException('', 'AbortError');
                  return new Response(JSON.stringify({ id: 'a2', state: 'SUCCESS', result: { done: 1000 } }));
                }
                if (path.endsWith('/cancel')) return new Response('{}');
                acts++;
                return new Response(JSON.stringify({ id: `a${acts}`, state: acts === 2 ? 'PROGRESS' : 'SUCCESS', result: { done: 1000 } }));
              };
              try {
                const jobs = Array.from({ length: 5000 }, (_, index) => ({ id: `j${index}` }));
                const acted = actOnGroup(jobs, { action: 'delete', what: 'test', signal: new AbortController().signal });
                document.querySelector('dialog form').requestSubmit();
                return [JSON.stringify(await acted), ...asked];
              } finally {
                window.fetch = real;
              }
            }
            """;
        Assert.Equal(["""{"done":1000,"isWhole":false}""", "POST jobs:act", "POST jobs:act", "GET jobs/a2", "POST jobs/a2/cancel"], await page.EvaluateAsync<string[]>(Script));
    }

    [Theory]
    [InlineData("""{"type":"integer"}""", "integer")]
    [InlineData("""{"type":["string","integer","null"],"pattern":"^-?[0-9]+$"}""", "integer")]
    [InlineData("""{"type":["string","null"]}""", "text")]
    [InlineData("""{"type":"string","format":"date-time"}""", "time")]
    [InlineData("""{"enum":["a","b",null]}""", "enum")]
    [InlineData("""{"enum":[1,2]}""", "json")]
    [InlineData("""{"type":["object","null"],"properties":{}}""", "object")]
    [InlineData("""{"type":"object","additionalProperties":{}}""", "json")]
    [InlineData("""{"type":["string","object"]}""", "json")]
    [InlineData("""{"$ref":"#/$defs/x","$defs":{"x":{"type":"boolean"}}}""", "boolean")]
    [InlineData("""{"$ref":"https://example.com/schema"}""", "json")]
    [InlineData("true", "json")]
    public async Task Schema_DecidesWhatIsAskedFor(string schema, string expected)
    {
        var said = await CallAsync("form/schema.js", "describe", [JsonSerializer.Deserialize<JsonElement>(schema), JsonSerializer.Deserialize<JsonElement>(schema)]);
        Assert.Equal(expected, said.GetProperty("kind").GetString());
    }

    private async Task ExpectAsync(string module, string function, object?[] arguments, object? expected)
    {
        var actual = await CallAsync(module, function, arguments);
        Assert.True(JsonElement.DeepEquals(JsonSerializer.SerializeToElement(expected), actual), $"Expected {JsonSerializer.Serialize(expected)}, got {actual}.");
    }

    private async Task<JsonElement> CallAsync(string module, string function, object?[] arguments)
    {
        var page = await fixture.ModulesAsync();
        // What is undefined is no JSON.
        var json = await page.EvaluateAsync<string>(
            "async ([module, name, args]) => JSON.stringify((await import(`/js/${module}`))[name](...JSON.parse(args)) ?? null)",
            new[] { module, function, JsonSerializer.Serialize(arguments) });
        return JsonSerializer.Deserialize<JsonElement>(json);
    }
}
