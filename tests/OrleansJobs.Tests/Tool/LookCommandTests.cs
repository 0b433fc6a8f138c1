using System.Net;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tool;

namespace OrleansJobs.Tests.Tool;

public class LookCommandTests
{
    private const string Stats = """
        {"backlog":1234,"running":3,"slots":32,"oldestWaitingSeconds":75.5,"finishedPerSecond":12.25,"submittedPerSecond":20,"stuckSlots":1,"orphans":0,
         "counts":[{"state":"PENDING","queue":"default","type":"longtask","jobs":1234}],
         "silos":[{"address":"10.0.0.1:11111","name":"silo-1","slots":32,"busy":3,"stuck":1,"draining":true,"types":["longtask","wordcount"],"partitions":16,
          "jobs":[{"id":"a","type":"longtask","queue":"default","runningSeconds":65.2,"stuck":true},{"id":"b","type":"wordcount","queue":"default","runningSeconds":3,"stuck":false}]}]}
        """;

    private readonly ToolRun _tool = new();

    [Fact]
    public async Task List_PrintsATableThatScriptsCanCut()
    {
        _tool.Gateway.On("GET /jobs?limit=20", $$"""{"jobs":[{{ToolRun.Job("b")}},{{ToolRun.Job("a", "FAILURE", 2, ",\"error\":{\"message\":\"bad\\tluck\"}")}}]}""");
        Assert.Equal(0, await _tool.RunAsync("list"));
        Assert.Equal("ID\tTYPE\tQUEUE\tSTATE\tPROGRESS\tSUBMITTED\tSTATUS", _tool.Lines[0]);
        Assert.Equal("b\tlongtask\tdefault\tPROGRESS\t10%\t\tstep 1", _tool.Lines[1]);
        Assert.Equal("a\tlongtask\tdefault\tFAILURE\t20%\t\tbad luck", _tool.Lines[2]);
    }

    [Fact]
    public async Task List_PassesFiltersOnAndFollowsTheCursor()
    {
        const string filter = "&state=FAILURE&type=t&queue=q&submittedAfter=2025-12-31T23%3A00%3A00.000Z&tag.tenant=a%26b";
        _tool.Gateway.On("GET /jobs?limit=200" + filter, $$"""{"jobs":[{{ToolRun.Job("a")}}],"cursor":"c 1"}""");
        _tool.Gateway.On("GET /jobs?limit=200" + filter + "&cursor=c%201", """{"jobs":[],"cursor":"c2"}""");
        _tool.Gateway.On("GET /jobs?limit=200" + filter + "&cursor=c2", $$"""{"jobs":[{{ToolRun.Job("b")}}]}""");
        Assert.Equal(0, await _tool.RunAsync("list", "--state", "failure", "--type", "t", "--queue", "q", "--since", "1h", "--tag", "tenant=a&b", "--limit", "300", "--json"));
        Assert.Equal(2, _tool.Lines.Length);
        Assert.Equal(3, _tool.Gateway.Requests.Count);
    }

    [Fact]
    public async Task List_SearchesByTextsKeysAndTimes()
    {
        _tool.Gateway.On(
            "GET /jobs?limit=20&id=0198&phase=running&key=tenant%2F7&error=no%20route&args=%22to%22&submittedAfter=2025-12-31T23%3A00%3A00.000Z&submittedBefore=2026-01-01T00%3A00%3A00Z" +
            "&startedAfter=2025-12-31T23%3A30%3A00.000Z&startedBefore=2026-01-01T00%3A00%3A00Z&finishedAfter=2026-01-01T00%3A00%3A00Z&finishedBefore=2026-01-01T00%3A00%3A00Z",
            $$"""{"jobs":[{{ToolRun.Job("a")}}]}""");
        const string midnight = "2026-01-01T00:00:00Z";
        Assert.Equal(0, await _tool.RunAsync("list", "--id", "0198", "--phase", "running", "--job-key", "tenant/7", "--error", "no route", "--args", "\"to\"", "--submitted-after", "1h",
            "--submitted-before", midnight, "--started-after", "30m", "--started-before", midnight, "--finished-after", midnight, "--finished-before", midnight));
        Assert.Equal(2, _tool.Lines.Length);
    }

    [Fact]
    public async Task List_TakesWhatTheActingCommandsTake()
    {
        _tool.Gateway.On("GET /jobs?limit=20&type=t&state=FAILURE&tag.customer=7&finishedAfter=2025-12-31T23%3A00%3A00.000Z", $$"""{"jobs":[{{ToolRun.Job("a")}}]}""");
        Assert.Equal(0, await _tool.RunAsync("list", "--type", "t", "--where", "state=failure", "--where", "tag.customer=7", "--where", "finishedAfter=1h"));
        Assert.Equal(2, _tool.Lines.Length);
    }

    [Theory]
    [InlineData("--state", "FAILURE", "--where", "state=SUCCESS")]
    [InlineData("--where", "type=a", "--where", "type=b")]
    [InlineData("--where", "type")]
    [InlineData("--where", "limit=5")]
    [InlineData("--where", "cursor=x")]
    [InlineData("--where", "order=due")]
    [InlineData("--since", "1h", "--submitted-after", "2h")]
    public async Task List_OfWhatIsSaidTwice_OrIsNoFilter_AsksNothing(params string[] options)
    {
        Assert.Equal(2, await _tool.RunAsync(["list", .. options]));
        Assert.NotEmpty(_tool.Error);
        Assert.Empty(_tool.Gateway.Requests);
    }

    [Fact]
    public async Task List_StopsAtItsLimit()
    {
        _tool.Gateway.On("GET /jobs?limit=1", $$"""{"jobs":[{{ToolRun.Job("a")}}],"cursor":"more"}""");
        Assert.Equal(0, await _tool.RunAsync("list", "--limit", "1"));
        Assert.Single(_tool.Gateway.Requests);
        Assert.Equal(2, await _tool.RunAsync("list", "--limit", "0"));
    }

    [Fact]
    public async Task List_OfNothing_SaysSo()
    {
        _tool.Gateway.On("GET /jobs?limit=20", """{"jobs":[]}""");
        Assert.Equal(0, await _tool.RunAsync("list"));
        Assert.Equal("No jobs.\n", _tool.Out);
    }

    [Fact]
    public async Task Logs_PrintsLines_AndGoesOnUntilTheJobHasEnded()
    {
        _tool.Gateway.On("GET /jobs/a/logs?limit=200", """{"lines":[{"number":1,"at":"2026-01-31T12:00:00.125Z","level":"information","attempt":1,"text":"one\u001b[2J"}],"next":1,"over":false}""");
        _tool.Gateway.On("GET /jobs/a/logs?after=1&wait=20&limit=2000", """{"lines":[],"next":1,"over":false}""");
        _tool.Gateway.OnProblem("GET /jobs/a/logs?after=1&wait=20&limit=2000", 503, "Away");
        _tool.Gateway.On("GET /jobs/a/logs?after=1&wait=20&limit=2000", """{"lines":[{"number":2,"at":"2026-01-31T12:00:01.5Z","level":"error","attempt":2,"text":"two","error":{"type":"IOException","message":"disk"}}],"next":2,"over":true}""");
        Assert.Equal(0, await _tool.RunAsync("logs", "a", "-f"));
        Assert.Equal(["2026-01-31T12:00:00.125Z  1  information  one\ufffd[2J", "2026-01-31T12:00:01.500Z  2  error        two (IOException: disk)"], _tool.Lines);
        Assert.Equal(0, await _tool.RunAsync("logs", "a"));
        Assert.Single(_tool.Lines);
        Assert.Equal(0, await _tool.RunAsync("logs", "a", "--json"));
        Assert.StartsWith("{\"number\":1,", _tool.Lines[0], StringComparison.Ordinal);
        Assert.Equal(2, await _tool.RunAsync("logs", "a", "-n", "2001"));
    }

    [Fact]
    public async Task Timeline_IsPrinted()
    {
        _tool.Gateway.On("GET /jobs/a/timeline", """
            {"id":"a","entries":[{"what":"accepted","at":"2026-01-31T12:00:00Z"},{"what":"waited","at":"2026-01-31T12:00:00Z","until":"2026-01-31T12:00:02Z","waitingFor":[{"what":"slot"}]},
             {"what":"started","at":"2026-01-31T12:00:02Z","attempt":1,"silo":"s"},{"what":"checkpoint","at":"2026-01-31T12:00:03Z","attempt":1,"detail":"4"},
             {"what":"failed","at":"2026-01-31T12:00:04Z","attempt":1,"error":{"code":"error","type":"E","message":"no"}},{"what":"retried","at":"2026-01-31T12:00:05Z","by":"ops","detail":"mended"},
             {"what":"transferred","at":"2026-01-31T12:00:06Z","by":"ops","queue":"slow"},{"what":"step","at":"2026-01-31T12:00:07Z","name":"charge"},
             {"what":"childStarted","at":"2026-01-31T12:00:08Z","name":"pack","job":"c"},{"what":"childEnded","at":"2026-01-31T12:00:09Z","name":"pack","job":"c","detail":"SUCCESS"},
             {"what":"signal","at":"2026-01-31T12:00:10Z","name":"news","detail":"unread"}]}
            """);
        Assert.Equal(0, await _tool.RunAsync("show", "a", "--timeline"));
        Assert.Equal(
            ["accepted", "waited 2 s for a free slot", "attempt 1: started on s", "attempt 1: last of 4 checkpoints", "attempt 1: failed: error: E: no", "retried by ops (mended)",
             "transferred to slow by ops", "step charge", "child pack started: c", "child pack ended: SUCCESS", "signal news (unread)"],
            _tool.Lines.Select(line => line[26..]));
    }

    [Fact]
    public async Task Show_PrintsAllThatIsKnown()
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(state: "FAILURE", more: """
            ,"maxAttempts":3,"tags":{"tenant":"acme"},"error":{"code":"error","type":"IOException","message":"disk full"},
            "attempts":[{"number":1,"outcome":"failed","silo":"silo-1","startedAt":"2026-01-01T00:00:00Z","endedAt":"2026-01-01T00:00:02.5Z","error":{"code":"error","message":"disk full"}}]
            """));
        Assert.Equal(0, await _tool.RunAsync("show", "a"));
        Assert.Contains("Attempt   1 of 3\n", _tool.Out, StringComparison.Ordinal);
        Assert.Contains("Tags      tenant=acme\n", _tool.Out, StringComparison.Ordinal);
        Assert.Contains("Error     error: IOException: disk full\n", _tool.Out, StringComparison.Ordinal);
        Assert.Matches("attempt 1 failed at .* after 2.5 s on silo-1: error: disk full\n", _tool.Out);
        Assert.DoesNotContain("Result", _tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_SaysForHowLongAJobHasSaidNothingNew()
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(state: "PROGRESS", more: ",\"stalledFor\":90"));
        Assert.Equal(0, await _tool.RunAsync("show", "a"));
        Assert.Contains("Nothing new for  1 min 30 s\n", _tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_BeforeTheFirstAttempt_DoesNotSayHowManyThereMayBe()
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(state: "PENDING", more: ",\"maxAttempts\":0"));
        Assert.Equal(0, await _tool.RunAsync("show", "a"));
        Assert.Matches("Attempt   [0-9]+\n", _tool.Out);
    }

    [Fact]
    public async Task Show_OfWhatAJobSays_CannotMoveTheCursor()
    {
        _tool.Gateway.On("GET /jobs/a", """{"id":"a","state":"PROGRESS","status":"\u001b[2J\u202egnp.exe\u0007\nline two"}""");
        Assert.Equal(0, await _tool.RunAsync("show", "a"));
        Assert.Contains("\ufffd[2J\ufffdgnp.exe\ufffd\n", _tool.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", _tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_PrintsResultOrArgumentsAlone()
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(state: "SUCCESS", more: ",\"result\":{\"x\":[1]}"));
        _tool.Gateway.On("GET /jobs/a/args", """{"steps":3}""");
        Assert.Equal(0, await _tool.RunAsync("show", "a", "--result", "--json"));
        Assert.Equal("{\"x\":[1]}\n", _tool.Out);
        Assert.Equal(0, await _tool.RunAsync("show", "a", "--args"));
        Assert.Equal("{\n  \"steps\": 3\n}\n", _tool.Out);
    }

    [Theory]
    [InlineData("PROGRESS", 5)]
    [InlineData("FAILURE", 1)]
    [InlineData("REVOKED", 3)]
    public async Task Show_OfAResultThatIsNotThere_SaysWhy(string state, int code)
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(state: state));
        Assert.Equal(code, await _tool.RunAsync("show", "a", "--result"));
        Assert.Contains(state, _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stats_AndSilos_ReadTheSameFigures()
    {
        _tool.Gateway.On("GET /stats", Stats);
        Assert.Equal(0, await _tool.RunAsync("stats"));
        Assert.Contains("Backlog         1,234\n", _tool.Out, StringComparison.Ordinal);
        Assert.Contains("Running         3 of 32 slots\n", _tool.Out, StringComparison.Ordinal);
        Assert.Contains("Oldest waiting  1 min 15 s\n", _tool.Out, StringComparison.Ordinal);
        Assert.Contains("default\tlongtask\tPENDING\t1,234\n", _tool.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Orphans", _tool.Out, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync("silos"));
        Assert.Equal("silo-1\t10.0.0.1:11111\t3\t32\t16\tdraining, 1 stuck\tlongtask, wordcount\tlongtask a 1 min 5 s stuck", _tool.Lines[1]);
    }

    [Fact]
    public async Task Types_AndQueues_AreListed()
    {
        _tool.Gateway.On("GET /job-types", """[{"name":"longtask","queue":"default","silos":2,"description":"Pretends to work."}]""");
        _tool.Gateway.On("GET /queues", """[{"name":"default","paused":true,"reason":"maintenance","pending":5,"running":0}]""");
        Assert.Equal(0, await _tool.RunAsync("types"));
        Assert.Equal("longtask\tdefault\t2\tPretends to work.", _tool.Lines[1]);
        Assert.Equal(0, await _tool.RunAsync("queues"));
        Assert.Equal("default\t5\t0\tsince \tmaintenance", _tool.Lines[1]);
    }

    [Theory]
    [InlineData(401, 7)]
    [InlineData(403, 7)]
    [InlineData(404, 4)]
    [InlineData(410, 4)]
    [InlineData(409, 5)]
    [InlineData(429, 6)]
    [InlineData(500, 6)]
    [InlineData(503, 6)]
    public async Task Failure_HasAnExitCode(int status, int code)
    {
        _tool.Gateway.OnProblem("GET /jobs/a", status, "No.");
        Assert.Equal(code, await _tool.RunAsync("show", "a"));
    }

    [Fact]
    public async Task Failure_WithoutWords_IsToldByItsStatus()
    {
        _tool.Gateway.On("GET /jobs/a", "<html>", HttpStatusCode.BadGateway, "text/html");
        Assert.Equal(6, await _tool.RunAsync("show", "a"));
        Assert.Equal("The gateway answered 502 Bad Gateway.\n", _tool.Error);
        _tool.Gateway.On("GET /jobs/b", "<html>", type: "text/html");
        Assert.Equal(6, await _tool.RunAsync("show", "b"));
        Assert.StartsWith("What answers at http://localhost:8080/ does not speak as a gateway does:", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_AndKey_ComeFromOptionsBeforeTheEnvironment()
    {
        _tool.Environment["ORLEANSJOBS_URL"] = "https://jobs.example/grid";
        _tool.Gateway.Mount = "/grid";
        _tool.Environment["ORLEANSJOBS_KEY"] = "from-environment";
        _tool.Gateway.On("GET /grid/stats", Stats).On("GET /stats", Stats);
        Assert.Equal(0, await _tool.RunAsync("stats"));
        Assert.Equal("https://jobs.example/grid/stats", _tool.Gateway.Requests[0].Message.RequestUri!.AbsoluteUri);
        Assert.Equal("Bearer from-environment", _tool.Gateway.Requests[0].Message.Headers.Authorization!.ToString());
        _tool.Gateway.Mount = "";
        Assert.Equal(0, await _tool.RunAsync("--url", "http://localhost:1/", "stats", "--key", "given"));
        Assert.Equal("http://localhost:1/stats", _tool.Gateway.Requests[1].Message.RequestUri!.AbsoluteUri);
        Assert.Equal("Bearer given", _tool.Gateway.Requests[1].Message.Headers.Authorization!.ToString());
    }

    [Fact]
    public async Task Id_CannotLeaveItsPlaceInTheAddress()
    {
        await _tool.RunAsync("show", "../stats?x=1#y");
        Assert.Equal(["GET /jobs/..%2Fstats%3Fx%3D1%23y"], _tool.Gateway.Routes);
    }

    [Fact]
    public async Task Help_NamesTheExitCodes()
    {
        Assert.Equal(0, await _tool.RunAsync("--help"));
        Assert.Contains("Exit codes: 0 done, 1 the watched job failed", _tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readme_NamesEveryCommandAndExitCode()
    {
        var readme = Repository.Read("src/Tool/README.md");
        Assert.Equal(0, await _tool.RunAsync("--help"));
        var commands = _tool.Lines.SkipWhile(line => line != "Commands:").Skip(1).Select(line => line.Trim().Split(' ')[0]).ToArray();
        Assert.Equal(32, commands.Length);
        Assert.All(commands, command => Assert.Matches($"`{command}[ `]", readme));
        var codes = typeof(ExitCodes).GetFields().Where(field => field.FieldType == typeof(int)).Select(field => (int)field.GetRawConstantValue()!);
        Assert.All(codes, code => Assert.Contains($"\n| {code} | ", readme, StringComparison.Ordinal));
    }
}
