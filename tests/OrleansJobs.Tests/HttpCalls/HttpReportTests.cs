using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Gateway.Guarding;

namespace OrleansJobs.Tests.HttpCalls;

/// <summary>Calls that are answered 202, and what their services report, from a submit to its end over HTTP.</summary>
public sealed class HttpReportTests : IAsyncLifetime
{
    private readonly GridHost _host = new();
    private readonly Dictionary<string, string?> _settings = new()
    {
        ["JobGrid:Http:Hosts:0"] = "http://127.0.0.1:*", ["JobGrid:Http:AllowNetworks:0"] = "127.0.0.0/8", ["JobGrid:Http:ReportTo"] = "https://jobs.example.com/grid/", ["JobGrid:Retry:FirstDelay"] = "00:00:00.050",
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _host.DisposeAsync();

    private async Task<string> SubmitAsync(Receiver receiver, string more = "")
    {
        using var accepted = await _host.Http.PostJsonAsync("/jobs", $$$"""{"type":"http","args":{"url":"{{{receiver.Address}}}","body":{}}{{{more}}} }""", KeySettings.Bearer("all"));
        Assert.True(accepted.StatusCode is HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        return (await accepted.JsonAsync()).Text("id");
    }

    private async Task<JsonElement> JobAsync(string id, Func<JsonElement, bool> wanted) =>
        await Eventually.AnswersAsync(async () => await (await _host.Http.GetAsync($"/jobs/{id}", KeySettings.Bearer("all"))).JsonAsync(), wanted);

    private Task<JsonElement> HeldAsync(string id) => JobAsync(id, job => job.TryGetProperty("waitingFor", out var waits) && waits[0].Text("what") == "report");

    private Task<JsonElement> EndedAsync(string id) => JobAsync(id, job => job.Text("state") is "SUCCESS" or "FAILURE" or "REVOKED");

    /// <summary>As a service does it: with what its call had, and nothing else.</summary>
    private async Task<HttpStatusCode> ReportAsync(Call call, string body)
    {
        var address = new Uri(call.Headers["orleansjobs-report-to"]);
        Assert.StartsWith("https://jobs.example.com/grid/work/jobs/", address.AbsoluteUri, StringComparison.Ordinal);
        using var answer = await _host.Http.PostJsonAsync(address.AbsolutePath["/grid".Length..], body, ("orleansjobs-report-token", call.Headers["orleansjobs-report-token"]));
        if (answer.StatusCode is HttpStatusCode.Conflict) Assert.Equal("stale-lease", await answer.ProblemAsync());
        return answer.StatusCode;
    }

    [Fact]
    public async Task ACallThatIsAnswered202_IsHeldWithoutASlot_AndEndsByItsReport()
    {
        _settings["JobGrid:Slots"] = "1";
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(202);
        await using var other = await Receiver.StartAsync(200, "1");
        var id = await SubmitAsync(receiver, """,  "attempts":1""");
        var held = await HeldAsync(id);
        Assert.Equal(("PROGRESS", 1), (held.Text("state"), held.GetProperty("attempt").GetInt32()));
        Assert.Equal(24, (held.GetProperty("waitingFor")[0].GetProperty("until").GetDateTimeOffset() - held.GetProperty("startedAt").GetDateTimeOffset()).TotalHours, 0.1);
        Assert.Equal("SUCCESS", (await EndedAsync(await SubmitAsync(other))).Text("state"));

        var call = Assert.Single(receiver.Calls);
        Assert.Equal(HttpStatusCode.NoContent, await ReportAsync(call, """{"outcome":"progress","current":3,"total":4,"message":"Nearly","data":{"page":3}}"""));
        Assert.Equal(HttpStatusCode.NoContent, await ReportAsync(call, """{"outcome":"progress","current":4,"total":4}"""));
        var told = await JobAsync(id, job => job.GetProperty("current").GetInt32() == 4);
        Assert.Equal(("PROGRESS", "Nearly", 3, "report"), (told.Text("state"), told.Text("status"), told.GetProperty("data").GetProperty("page").GetInt32(), told.GetProperty("waitingFor")[0].Text("what")));
        Assert.True(told.GetProperty("version").GetInt64() > held.GetProperty("version").GetInt64());

        Assert.Equal(HttpStatusCode.NoContent, await ReportAsync(call, """{"outcome":"success","result":{"pages":4}}"""));
        Assert.Equal(HttpStatusCode.NoContent, await ReportAsync(call, """{"outcome":"success","result":{"pages":4}}"""));
        Assert.Equal(HttpStatusCode.Conflict, await ReportAsync(call, """{"outcome":"failure","error":{"message":"no"}}"""));
        Assert.Equal(HttpStatusCode.Conflict, await ReportAsync(call, """{"outcome":"progress","current":5,"total":5}"""));
        var ended = await EndedAsync(id);
        Assert.Equal(("SUCCESS", """{"pages":4}"""), (ended.Text("state"), ended.GetProperty("result").GetRawText()));
        Assert.Equal("succeeded", Assert.Single(ended.GetProperty("attempts").EnumerateArray()).Text("outcome"));
        Assert.Single(receiver.Calls);
    }

    [Fact]
    public async Task AFailureThatIsReported_UsesUpAnAttempt_AndTheNextCallHasATokenOfItsOwn()
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(202);
        var id = await SubmitAsync(receiver, ""","attempts":2""");
        await HeldAsync(id);
        const string Failure = """{"outcome":"failure","error":{"type":"DiskFull","message":"No room."},"delay":0.05}""";
        Assert.Equal(HttpStatusCode.NoContent, await ReportAsync(receiver.Calls.First(), Failure));
        await Eventually.IsTrueAsync(() => receiver.Calls.Count == 2);
        await HeldAsync(id);
        var (first, second) = (receiver.Calls.First(), receiver.Calls.Last());
        Assert.NotEqual(first.Headers["orleansjobs-report-token"], second.Headers["orleansjobs-report-token"]);
        Assert.Equal(first.Headers["idempotency-key"], second.Headers["idempotency-key"]);
        // It was taken, and is told so again; what else the first call has to say is of no interest any more.
        Assert.Equal(HttpStatusCode.NoContent, await ReportAsync(first, Failure));
        Assert.Equal(HttpStatusCode.Conflict, await ReportAsync(first, """{"outcome":"success"}"""));
        Assert.Equal(HttpStatusCode.NoContent, await ReportAsync(second, Failure));
        var ended = await EndedAsync(id);
        Assert.Equal(("FAILURE", "No room.", "DiskFull", 2), (ended.Text("state"), ended.GetProperty("error").Text("message"), ended.GetProperty("error").Text("type"), ended.GetProperty("attempts").GetArrayLength()));
        Assert.Equal(HttpStatusCode.NoContent, await ReportAsync(second, Failure));
    }

    [Fact]
    public async Task AFinalFailure_EndsTheJob_AndOneThatIsRunAgain_IsCalledAgain()
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(202);
        var id = await SubmitAsync(receiver, ""","attempts":5""");
        await HeldAsync(id);
        Assert.Equal(HttpStatusCode.NoContent, await ReportAsync(receiver.Calls.First(), """{"outcome":"failure","error":{"message":"Never."},"final":true}"""));
        Assert.Equal("FAILURE", (await EndedAsync(id)).Text("state"));
        using (await _host.Http.PostAsync(new Uri($"/jobs/{id}/retry", UriKind.Relative), null)) await Eventually.IsTrueAsync(() => receiver.Calls.Count == 2);
        await HeldAsync(id);
        Assert.Equal(HttpStatusCode.NoContent, await ReportAsync(receiver.Calls.Last(), """{"outcome":"success","result":7}"""));
        Assert.Equal("SUCCESS", (await EndedAsync(id)).Text("state"));
    }

    [Fact]
    public async Task ACallOfWhichNothingIsReportedInTime_HasFailed()
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(202);
        var id = await SubmitAsync(receiver, ""","attempts":2,"timeout":1""");
        var ended = await EndedAsync(id);
        Assert.Equal(("FAILURE", "The call was answered 202, and nothing was reported within 1 s."), (ended.Text("state"), ended.GetProperty("error").Text("message")));
        Assert.Equal(2, receiver.Calls.Count);
        Assert.Equal(HttpStatusCode.Conflict, await ReportAsync(receiver.Calls.First(), """{"outcome":"success"}"""));
    }

    [Fact]
    public async Task AHeldCallThatIsCancelled_EndsAtOnce_AndItsReportIsRefused()
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(202);
        var id = await SubmitAsync(receiver);
        await HeldAsync(id);
        using (var moved = await _host.Http.PostJsonAsync($"/jobs/{id}/due", "{}")) Assert.Equal(HttpStatusCode.Conflict, moved.StatusCode);
        using (await _host.Http.PostAsync(new Uri($"/jobs/{id}/cancel", UriKind.Relative), null)) Assert.Equal("REVOKED", (await EndedAsync(id)).Text("state"));
        Assert.Equal(HttpStatusCode.Conflict, await ReportAsync(receiver.Calls.First(), """{"outcome":"success"}"""));
    }

    [Fact]
    public async Task AReportThatComesBeforeThe202_Counts()
    {
        await _host.StartAsync(_settings);
        var reported = new TaskCompletionSource<HttpStatusCode>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await Receiver.StartAsync(async (context, call) =>
        {
            reported.SetResult(await ReportAsync(call, """{"outcome":"success","result":"quick"}"""));
            context.Response.StatusCode = StatusCodes.Status202Accepted;
        });
        var id = await SubmitAsync(receiver);
        Assert.Equal(HttpStatusCode.NoContent, await reported.Task);
        var ended = await EndedAsync(id);
        Assert.Equal(("SUCCESS", "quick"), (ended.Text("state"), ended.Text("result")));
    }

    [Fact]
    public async Task WithoutAnAddressToReportTo_A202IsASuccess()
    {
        _settings.Remove("JobGrid:Http:ReportTo");
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(202, "3");
        var ended = await EndedAsync(await SubmitAsync(receiver));
        Assert.Equal(("SUCCESS", 202), (ended.Text("state"), ended.GetProperty("result").GetProperty("status").GetInt32()));
        Assert.DoesNotContain(Assert.Single(receiver.Calls).Headers.Keys, name => name.StartsWith("orleansjobs-", StringComparison.Ordinal));
    }

    /// <summary>A held attempt would give its permit back while its service works.</summary>
    [Fact]
    public async Task WhereALimitMayCount_NoAddressIsSaid_AndA202IsASuccess()
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(202, "3");
        Assert.Equal("SUCCESS", (await EndedAsync(await SubmitAsync(receiver, """,  "key":"tenant/7" """))).Text("state"));
        using var put = await _host.Http.SendJsonAsync(HttpMethod.Put, "/queues/few/limits", """{"concurrency":1}""", KeySettings.Bearer("all"));
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        Assert.Equal("SUCCESS", (await EndedAsync(await SubmitAsync(receiver, """,  "queue":"few" """))).Text("state"));
        Assert.Equal(2, receiver.Calls.Count);
        Assert.All(receiver.Calls, call => Assert.DoesNotContain(call.Headers.Keys, name => name.StartsWith("orleansjobs-", StringComparison.Ordinal)));
    }

    /// <summary>Whoever submits the call may be able to name headers, and still learns and sets none of these.</summary>
    [Fact]
    public async Task WhereThereAreKeys_TheTokenLetsIn_AndOnlyForItsOwnJob()
    {
        _settings.With("all", ["submit", "read", "operate"]).With("worker", ["work"]);
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(202);
        var (one, two) = (await SubmitAsync(receiver), await SubmitAsync(receiver));
        await HeldAsync(one);
        await HeldAsync(two);
        string TokenOf(string id) => receiver.Calls.First(call => call.Headers["idempotency-key"] == id).Headers["orleansjobs-report-token"];
        async Task<HttpStatusCode> SendAsync(params (string, string)[] headers)
        {
            using var answer = await _host.Http.PostJsonAsync($"/work/jobs/{one}/report", """{"outcome":"success","result":1}""", headers);
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(("orleansjobs-report-token", TokenOf(two))));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(("orleansjobs-report-token", TokenOf(one)[..^1] + "!")));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(("orleansjobs-report-token", "1" + TokenOf(one))));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(KeySettings.Bearer("all"), ("orleansjobs-report-token", "1.x")));
        Assert.Equal(HttpStatusCode.Conflict, await SendAsync(KeySettings.Bearer("worker")));
        Assert.Equal("PROGRESS", (await HeldAsync(one)).Text("state"));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(("orleansjobs-report-token", TokenOf(one))));
        Assert.Equal("SUCCESS", (await EndedAsync(one)).Text("state"));
        Assert.Equal("PROGRESS", (await HeldAsync(two)).Text("state"));
    }
}
