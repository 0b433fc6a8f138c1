using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

public sealed class SubmitTests : IAsyncLifetime
{
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Submit_WhenAccepted_AnswersTheStatusAndWhereToFindIt()
    {
        var answer = await PostAsync("/jobs", """{"type":"longtask","args":{"steps":20}}""");

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var job = await answer.Content.ReadFromJsonAsync<JsonElement>();
        var id = job.GetProperty("id").GetString();
        Assert.Equal($"/jobs/{id}", answer.Headers.Location!.OriginalString);
        Assert.Equal("1", answer.Headers.GetValues("Retry-After").Single());
        Assert.Equal("PENDING", job.GetProperty("state").GetString());
        Assert.Equal(1, job.GetProperty("total").GetInt64());
        Assert.False(job.TryGetProperty("result", out _));
        Assert.Equal("""{"steps":20}""", Encoding.UTF8.GetString(_host.Grid[id!].Submission.Args));
        Assert.Null(_host.Grid[id!].Submission.Fingerprint);
    }

    [Fact]
    public async Task Submit_WithEverything_HandsEverythingOn()
    {
        var answer = await PostAsync("/jobs", """
            {"id":"x-1","type":"longtask","queue":"q","args":{},"priority":9,"countdown":1.5,"expires":"2030-01-01T00:00:00+01:00",
             "attempts":5,"timeout":30,"retention":0,"tags":{"customer":"7"}}
            """);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var job = _host.Grid.LastSubmission!;
        Assert.Equal(("x-1", "q", 9, 1500L, 30_000L, 0L, 5), (job.Id, job.Queue, job.Priority, job.Countdown, job.Timeout, job.Retention, job.Attempts));
        Assert.Equal(new DateTimeOffset(2029, 12, 31, 23, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), job.ExpiresAt);
        Assert.Equal([new JobTag("customer", "7")], job.Tags);
        Assert.NotNull(job.Fingerprint);
    }

    [Fact]
    public async Task SubmitShort_TakesTheBodyAsArguments()
    {
        var answer = await PostAsync("/jobs/longtask", """ {"steps":2} """);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal("""{"steps":2}""", Encoding.UTF8.GetString(_host.Grid.LastSubmission!.Args));

        Assert.Equal(HttpStatusCode.Accepted, (await _host.Http.PostAsync("/jobs/longtask", null)).StatusCode);
        Assert.Equal("{}", Encoding.UTF8.GetString(_host.Grid.LastSubmission!.Args));
    }

    [Fact]
    public async Task Submit_WhenTheTypeHasAQueue_GoesThere()
    {
        await PostAsync("/jobs/anything", "[1]");
        Assert.Equal("side", _host.Grid.LastSubmission!.Queue);
    }

    [Fact]
    public async Task Get_ShowsProgressThenResult()
    {
        var id = (await (await PostAsync("/jobs/longtask", "{}")).Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        _host.Grid[id].Report(3, 10, "Sawing");
        var running = await _host.Http.GetFromJsonAsync<JsonElement>($"/jobs/{id}");
        Assert.Equal(("PROGRESS", 3, 10, "Sawing"), (running.GetProperty("state").GetString(), running.GetProperty("current").GetInt64(),
            running.GetProperty("total").GetInt64(), running.GetProperty("status").GetString()));

        _host.Grid[id].Succeed("42");
        var done = await _host.Http.GetAsync($"/jobs/{id}");
        Assert.False(done.Headers.Contains("Retry-After"));
        Assert.Equal(42, (await done.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("result").GetInt32());
    }

    [Fact]
    public async Task Cancel_EndsAWaitingJob()
    {
        await PostAsync("/jobs", """{"type":"longtask","id":"c1"}""");
        var answer = await _host.Http.PostAsync("/jobs/c1/cancel", null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("REVOKED", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("state").GetString());
    }

    private Task<HttpResponseMessage> PostAsync(string path, string json) =>
        _host.Http.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));
}
