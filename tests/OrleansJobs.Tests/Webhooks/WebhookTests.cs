using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.HttpCalls;

namespace OrleansJobs.Tests.Webhooks;

/// <summary>Calls on the ends of jobs, from a submit over HTTP to a receiver that checks what it gets.</summary>
public sealed class WebhookTests : IAsyncLifetime
{
    private static readonly string[] Keys = [.. Enumerable.Range(0, 2).Select(_ => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)))];

    private readonly GridHost _host = new();
    private readonly Dictionary<string, string?> _settings = new()
    {
        ["JobGrid:Http:Hosts:0"] = "http://127.0.0.1:*", ["JobGrid:Http:AllowNetworks:0"] = "127.0.0.0/8", ["JobGrid:Retry:FirstDelay"] = "00:00:00.050",
        ["JobGrid:Webhooks:Secrets:0"] = "whsec_" + Keys[0], ["JobGrid:Webhooks:Secrets:1"] = "whsec_" + Keys[1],
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _host.DisposeAsync();

    private async Task<string> SubmitAsync(string body)
    {
        using var accepted = await _host.Http.PostJsonAsync("/jobs", body);
        Assert.True(accepted.StatusCode is HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        return (await accepted.JsonAsync()).Text("id");
    }

    private async Task<JsonElement> CallOfAsync(string job, Func<JsonElement, bool> wanted)
    {
        var list = await Eventually.AnswersAsync(
            async () => await (await _host.Http.GetAsync($"/jobs?type=oj-webhook&tag.job={job}")).JsonAsync(),
            found => found.GetProperty("jobs").GetArrayLength() == 1 && wanted(found.GetProperty("jobs")[0]));
        return await (await _host.Http.GetAsync($"/jobs/{list.GetProperty("jobs")[0].Text("id")}")).JsonAsync();
    }

    [Fact]
    public async Task AnEnd_IsTold_Signed_WithWhatCameOfTheJob()
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(204);
        var job = await SubmitAsync($$"""{"type":"longtask","args":{"steps":2,"stepMs":5},"tags":{"customer":"7"},"notify":["{{receiver.Address}}/hook?a=b"]}""");
        var call = await CallOfAsync(job, found => found.Text("state") == "SUCCESS");
        var got = Assert.Single(receiver.Calls);
        Assert.Equal(("POST", "/hook?a=b", "application/json"), (got.Method, got.Path, got.Headers["content-type"]));
        Assert.Equal(call.Text("id"), got.Headers["webhook-id"]);
        AssertSigned(got);
        using var said = JsonDocument.Parse(got.Body);
        Assert.Equal("job.succeeded", said.RootElement.Text("type"));
        var data = said.RootElement.GetProperty("data");
        Assert.Equal((job, "longtask", "SUCCESS", "7", 42), (data.Text("id"), data.Text("type"), data.Text("state"), data.GetProperty("tags").Text("customer"), data.GetProperty("result").GetInt32()));
    }

    [Fact]
    public async Task ACallThatIsNotTaken_ComesAgain_UnderTheSameId()
    {
        await _host.StartAsync(_settings);
        var times = 0;
        await using var receiver = await Receiver.StartAsync((context, _) =>
        {
            context.Response.StatusCode = ++times == 1 ? 503 : 200;
            return Task.CompletedTask;
        });
        var job = await SubmitAsync($$"""{"type":"longtask","args":{"steps":2,"stepMs":5},"notify":[{"url":"{{receiver.Address}}","on":["end"]}]}""");
        await CallOfAsync(job, found => found.Text("state") == "SUCCESS");
        var calls = receiver.Calls.ToArray();
        Assert.Equal(2, calls.Length);
        Assert.Equal(calls[0].Headers["webhook-id"], calls[1].Headers["webhook-id"]);
        Assert.Equal(calls[0].Text, calls[1].Text);
        Assert.All(calls, AssertSigned);
        Assert.True(calls[1].At - calls[0].At > TimeSpan.FromSeconds(3.5), "after five seconds, give or take a fifth");
    }

    [Fact]
    public async Task WhoWantsNoMore_IsCalledNoMore_AndTheCallCanBeRunAgain()
    {
        await _host.StartAsync(_settings);
        var status = 410;
        await using var receiver = await Receiver.StartAsync((context, _) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        var job = await SubmitAsync($$"""{"type":"longtask","args":{"steps":2,"stepMs":5},"notify":["{{receiver.Address}}"]}""");
        var call = await CallOfAsync(job, found => found.Text("state") == "FAILURE");
        Assert.Equal(("gone", 1), (call.GetProperty("error").Text("code"), receiver.Calls.Count));
        status = 200;
        using var again = await _host.Http.PostAsync(new Uri($"/jobs/{call.Text("id")}/retry", UriKind.Relative), null);
        Assert.True(again.IsSuccessStatusCode, await again.Content.ReadAsStringAsync());
        await CallOfAsync(job, found => found.Text("state") == "SUCCESS");
    }

    [Fact]
    public async Task OnlyTheEndsThatAreAskedFor_AreTold_AndEachEndOfAJobAnew()
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(200);
        var fine = await SubmitAsync($$"""{"type":"longtask","args":{"steps":2,"stepMs":5},"notify":[{"url":"{{receiver.Address}}/fine","on":["failure"]}]}""");
        var later = await SubmitAsync($$"""{"type":"longtask","args":{"steps":2,"stepMs":5},"countdown":3600,"notify":[{"url":"{{receiver.Address}}/later","on":["failure","success"]}]}""");
        using (await _host.Http.PostAsync(new Uri($"/jobs/{later}/cancel", UriKind.Relative), null)) await Eventually.IsTrueAsync(() => receiver.Calls.Count == 1);
        using (await _host.Http.PostAsync(new Uri($"/jobs/{later}/retry", UriKind.Relative), null)) await Eventually.IsTrueAsync(() => receiver.Calls.Count == 2);
        Assert.Equal(["job.cancelled", "job.succeeded"], receiver.Calls.Select(call => JsonDocument.Parse(call.Body).RootElement.Text("type")));
        Assert.All(receiver.Calls, call => Assert.Equal("/later", call.Path));
        Assert.Equal(2, receiver.Calls.Select(call => call.Headers["webhook-id"]).Distinct().Count());
        Assert.Equal("SUCCESS", (await (await _host.Http.GetAsync($"/jobs/{fine}")).JsonAsync()).Text("state"));
    }

    [Fact]
    public async Task Rules_TellOfJobsThatDoNotSaySo()
    {
        await using var receiver = await Receiver.StartAsync(200);
        foreach (var (option, value) in new Dictionary<string, string> { ["Url"] = receiver.Address, ["On"] = "end", ["Types:0"] = "longtask", ["Queues:0"] = "told" }) _settings[$"JobGrid:Webhooks:Rules:0:{option}"] = value;
        await _host.StartAsync(_settings);
        await SubmitAsync("""{"type":"longtask","args":{"steps":2,"stepMs":5}}""");
        var told = await SubmitAsync("""{"type":"longtask","queue":"told","args":{"steps":2,"stepMs":5}}""");
        await CallOfAsync(told, found => found.Text("state") == "SUCCESS");
        Assert.Equal(told, JsonDocument.Parse(Assert.Single(receiver.Calls).Body).RootElement.GetProperty("data").Text("id"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("tenant/7")]
    [InlineData("tenant/8")]
    public async Task OccurrencesOfSchedules_AreTold_AlsoWhereTheirKeyHasThemLiveElsewhere(string? key)
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(200);
        var notify = $$"""[{"url":"{{receiver.Address}}/hook","on":["success"]}]""";
        var keyed = key is null ? "" : $",\"key\":\"{key}\"";
        using (var put = await _host.Http.SendJsonAsync(HttpMethod.Put, "/schedules/told", $$"""{"type":"longtask","args":{"steps":2,"stepMs":5},"cron":"0 3 1 1 *"{{keyed}},"notify":{{notify}}}"""))
            Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        Assert.Equal(notify, (await (await _host.Http.GetAsync("/schedules/told")).JsonAsync()).GetProperty("notify").GetRawText());
        using var triggered = await _host.Http.PostAsync(new Uri("/schedules/told/trigger", UriKind.Relative), null);
        var job = (await triggered.JsonAsync()).Text("job");
        await CallOfAsync(job, found => found.Text("state") == "SUCCESS");
        var got = Assert.Single(receiver.Calls);
        Assert.Equal(job, JsonDocument.Parse(got.Body).RootElement.GetProperty("data").Text("id"));
        AssertSigned(got);
    }

    [Fact]
    public async Task FlowsAndScheduledFlows_TellOfTheirOwnEnd()
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(200);
        const string Graph = """{"jobs":[{"name":"one","type":"longtask","args":{"steps":2,"stepMs":5}}],"result":{"$ref":"one.result"}}""";
        using var accepted = await _host.Http.PostJsonAsync("/flows", $"{Graph[..^1]},\"notify\":[\"{receiver.Address}/flow\"]}}");
        Assert.True(accepted.StatusCode is HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        await CallOfAsync((await accepted.JsonAsync()).Text("id"), found => found.Text("state") == "SUCCESS");
        using (var put = await _host.Http.SendJsonAsync(HttpMethod.Put, "/schedules/flow", $$"""{"flow":{{Graph}},"cron":"0 3 1 1 *","notify":["{{receiver.Address}}/scheduled"]}"""))
            Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        using var triggered = await _host.Http.PostAsync(new Uri("/schedules/flow/trigger", UriKind.Relative), null);
        await CallOfAsync((await triggered.JsonAsync()).Text("job"), found => found.Text("state") == "SUCCESS");
        Assert.Equal(["/flow", "/scheduled"], receiver.Calls.Select(call => call.Path));
        Assert.All(receiver.Calls, call => Assert.Equal(42, JsonDocument.Parse(call.Body).RootElement.GetProperty("data").GetProperty("result").GetInt32()));
    }

    [Theory]
    [InlineData("https://elsewhere.example/", "/notify/0/url")]
    [InlineData("http://u:p@127.0.0.1:1/", "/notify/0/url")]
    public async Task FlowsAndSchedules_WhoseReceiversCannotBeCalled_AreRefused(string url, string pointer)
    {
        await _host.StartAsync(_settings);
        using var flow = await _host.Http.PostJsonAsync("/flows", $$$"""{"jobs":[{"name":"one","type":"longtask","args":{"steps":2}}],"notify":["{{{url}}}"]}""");
        using var schedule = await _host.Http.SendJsonAsync(HttpMethod.Put, "/schedules/s", $$"""{"type":"longtask","args":{"steps":2},"cron":"0 3 1 1 *","notify":["{{url}}"]}""");
        foreach (var refused in (HttpResponseMessage[])[flow, schedule])
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            Assert.Equal(pointer, (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
        }
    }

    [Fact]
    public async Task Progress_IsTold_OfHandlersHere_AndOfWorkersOutside()
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(200);
        var notify = $$"""[{"url":"{{receiver.Address}}/how-far","on":["progress"]}]""";
        var job = await SubmitAsync($$"""{"type":"longtask","args":{"steps":4,"stepMs":200},"notify":{{notify}}}""");
        await Eventually.IsTrueAsync(() => !receiver.Calls.IsEmpty);
        var first = receiver.Calls.First();
        AssertSigned(first);
        Assert.Equal(("job.progress", job), (DataOf(first).Type, DataOf(first).Data.Text("id")));
        await Eventually.AnswersAsync(async () => await (await _host.Http.GetAsync($"/jobs/{job}")).JsonAsync(), found => found.Text("state") == "SUCCESS");
        var calls = await (await _host.Http.GetAsync($"/jobs?type=oj-webhook&tag.job={job}")).JsonAsync();
        Assert.Empty(calls.GetProperty("jobs").EnumerateArray());

        var session = (await WorkAsync("""{"seq":1,"types":["outside"]}""")).Text("session");
        var other = await SubmitAsync($$"""{"type":"outside","args":{},"notify":{{notify}}}""");
        var lease = (await WorkAsync($$"""{"session":"{{session}}","seq":2,"want":1,"wait":10,"types":["outside"]}""")).GetProperty("leases")[0];
        var name = $"\"id\":\"{other}\",\"token\":\"{lease.Text("token")}\"";
        await WorkAsync($"{{\"session\":\"{session}\",\"seq\":3,\"holds\":[{{{name}}}],\"progress\":[{{{name},\"current\":3,\"total\":4,\"message\":\"Nearly\",\"data\":{{\"files\":2}}}}]}}");
        await Eventually.IsTrueAsync(() => receiver.Calls.Any(call => DataOf(call).Data.Text("id") == other));
        var told = DataOf(receiver.Calls.First(call => DataOf(call).Data.Text("id") == other)).Data;
        Assert.Equal((3, 4, "Nearly", 2), (told.GetProperty("current").GetInt32(), told.GetProperty("total").GetInt32(), told.Text("status"), told.GetProperty("data").GetProperty("files").GetInt32()));
        await WorkAsync($$"""{"session":"{{session}}","seq":4,"bye":true}""");
    }

    private static (string Type, JsonElement Data) DataOf(Call call)
    {
        var said = JsonElement.Parse(call.Body);
        return (said.Text("type"), said.GetProperty("data"));
    }

    private async Task<JsonElement> WorkAsync(string body)
    {
        using var answer = await _host.Http.PostJsonAsync("/work", body);
        var json = await answer.JsonAsync();
        Assert.True(answer.StatusCode is HttpStatusCode.OK, json.GetRawText());
        return json;
    }

    [Fact]
    public async Task Secrets_StandNowhere()
    {
        await _host.StartAsync(_settings);
        await using var receiver = await Receiver.StartAsync(400);
        var job = await SubmitAsync($$"""{"type":"longtask","args":{"steps":2,"stepMs":5},"notify":["{{receiver.Address}}/hook"]}""");
        var call = await CallOfAsync(job, found => found.GetProperty("attempt").GetInt32() > 1);
        foreach (var path in (string[])[$"/jobs/{job}", $"/jobs/{call.Text("id")}", $"/jobs/{call.Text("id")}/args", "/jobs", "/job-types", "/stats", "/queues"])
        {
            var text = await _host.Http.GetStringAsync(new Uri(path, UriKind.Relative));
            Assert.All(Keys, key => Assert.DoesNotContain(key, text, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("""["https://elsewhere.example/"]""", "/notify/0/url")]
    [InlineData("""["http://127.0.0.1:1/","ftp://127.0.0.1/"]""", "/notify/1/url")]
    [InlineData("""["http://u:p@127.0.0.1:1/"]""", "/notify/0/url")]
    [InlineData("""[{"url":"http://127.0.0.1:1/","on":["beginning"]}]""", "/notify/0/on")]
    [InlineData("""[{"url":"http://127.0.0.1:1/","on":[]}]""", "/notify/0/on")]
    [InlineData("""[{"url":"http://127.0.0.1:1/","on":"end"}]""", "/notify/0/on")]
    [InlineData("""[{"on":["end"]}]""", "/notify/0/url")]
    [InlineData("""[{"url":"http://127.0.0.1:1/","to":1}]""", "/notify/0/to")]
    [InlineData("""[7]""", "/notify/0")]
    [InlineData("""{"url":"http://127.0.0.1:1/"}""", "/notify")]
    [InlineData("""["http://127.0.0.1:1/","http://127.0.0.1:2/","http://127.0.0.1:3/","http://127.0.0.1:4/","http://127.0.0.1:5/","http://127.0.0.1:6/"]""", "/notify")]
    public async Task WhatCannotBeCalled_IsRefused(string notify, string pointer)
    {
        await _host.StartAsync(_settings);
        using var refused = await _host.Http.PostJsonAsync("/jobs", $$"""{"type":"longtask","args":{"steps":2},"notify":{{notify}}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Equal(pointer, (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
    }

    [Fact]
    public async Task AGridWithoutSecrets_CallsNobody_AndNobodyCanHaveAnythingSigned()
    {
        await _host.StartAsync([]);
        using var refused = await _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","args":{"steps":2},"notify":["https://example.com/"]}""");
        Assert.Equal("/notify", (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
        using var forged = await _host.Http.PostJsonAsync("/jobs", """{"type":"oj-webhook","args":{"url":"https://example.com/","event":{}}}""");
        Assert.Equal("/type", (await forged.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
    }

    /// <summary>As the standard says it, by the receiver's own means.</summary>
    private static void AssertSigned(Call call)
    {
        var said = call.Headers["webhook-signature"].Split(' ');
        var text = Encoding.UTF8.GetBytes($"{call.Headers["webhook-id"]}.{call.Headers["webhook-timestamp"]}.{call.Text}");
        Assert.Equal(Keys.Select(key => "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(key), text))), said);
        var sent = DateTimeOffset.FromUnixTimeSeconds(long.Parse(call.Headers["webhook-timestamp"], CultureInfo.InvariantCulture));
        Assert.InRange(call.At - sent, TimeSpan.FromSeconds(-1), TimeSpan.FromMinutes(1));
    }
}
