using System.Net;
using System.Text;
using OrleansJobs.Tests.Gateway.Guarding;

namespace OrleansJobs.Tests.Gateway;

public sealed class SignalTests : IAsyncLifetime
{
    private GatewayHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await GatewayHost.StartAsync();
        _host.Grid.Add(new() { Id = "a", Type = "longtask", Queue = "default", Phase = JobPhase.Waiting });
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task ASignal_IsPassedOnAsItIs()
    {
        var answer = await _host.Http.PostJsonAsync("/jobs/a/signals/approved%20by%2Fme", """ {"by": "me"} """);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var json = await answer.JsonAsync();
        Assert.Equal(("a", "approved by/me"), (json.Text("job"), json.Text("signal")));
        Assert.Equal(("approved by/me", """{"by": "me"}""", null), (_host.Grid.LastSignal!.Name, Encoding.UTF8.GetString(_host.Grid.LastSignal.Body), _host.Grid.LastSignal.Key));
    }

    [Fact]
    public async Task WithoutABody_ItIsNull()
    {
        Assert.Equal(HttpStatusCode.Accepted, (await _host.Http.PostAsync("/jobs/a/signals/go", null)).StatusCode);
        Assert.Equal("null", Encoding.UTF8.GetString(_host.Grid.LastSignal!.Body));
    }

    [Fact]
    public async Task AKey_IsTheCallersOwn_AndTheSameEachTime()
    {
        var keys = new List<string?>();
        foreach (var key in new[] { "k", "k", "other" })
        {
            await _host.Http.PostJsonAsync("/jobs/a/signals/go", "1", ("Idempotency-Key", key));
            keys.Add(_host.Grid.LastSignal!.Key);
        }

        Assert.Equal(keys[0], keys[1]);
        Assert.NotEqual(keys[0], keys[2]);
        Assert.NotEqual("k", keys[0]);
    }

    [Theory]
    [InlineData(SignalOutcome.Replayed, 202, null)]
    [InlineData(SignalOutcome.NotFound, 404, "job-not-found")]
    [InlineData(SignalOutcome.Ended, 409, "wrong-state")]
    [InlineData(SignalOutcome.Full, 429, "signals-full")]
    [InlineData(SignalOutcome.Unavailable, 503, "unavailable")]
    public async Task EveryOutcome_HasItsAnswer(SignalOutcome outcome, int status, string? problem)
    {
        _host.Grid.SignalAnswer = new(outcome);
        var answer = await _host.Http.PostJsonAsync("/jobs/a/signals/go", "1");
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(outcome == SignalOutcome.Replayed ? "true" : null, answer.Header("Idempotent-Replayed"));
        Assert.Equal(status is 429 or 503 ? "1" : null, answer.Header("Retry-After"));
        if (problem is not null) Assert.Equal(problem, await answer.ProblemAsync());
    }

    [Theory]
    [InlineData("/jobs/none/signals/go", "1", 404, "job-not-found")]
    [InlineData("/jobs/a/signals/a%0Ab", "1", 404, "not-found")]
    [InlineData("/jobs/a/signals/go", "{", 400, "malformed-json")]
    [InlineData("/jobs/a/signals/go", "1 2", 400, "malformed-json")]
    public async Task BadInput_IsRefused(string path, string body, int status, string problem)
    {
        var answer = await _host.Http.PostJsonAsync(path, body);
        Assert.Equal((status, problem), ((int)answer.StatusCode, await answer.ProblemAsync()));
    }

    [Fact]
    public async Task ANameOf129Characters_IsNone()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Http.PostJsonAsync("/jobs/a/signals/" + new string('n', 129), "1")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await _host.Http.PostJsonAsync("/jobs/a/signals/" + new string('n', 128), "1")).StatusCode);
    }

    [Fact]
    public async Task ABodyBeyondTheLimit_OrNoJson_IsRefused()
    {
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await _host.Http.PostJsonAsync("/jobs/a/signals/go", $"\"{new string('x', _host.Grid.Limits.MaxArgsBytes)}\"")).StatusCode);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await _host.Http.PostAsync("/jobs/a/signals/go", new StringContent("1"))).StatusCode);
    }

    [Fact]
    public async Task AJobOfAnotherQueue_IsAnsweredAsOneThatThereIsNot()
    {
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?>().With("mail", ["operate"], "mail").With("reader", ["read", "submit"]));
        host.Grid.Add(new() { Id = "a", Type = "longtask", Queue = "default" });
        Assert.Equal(HttpStatusCode.NotFound, (await host.Http.PostJsonAsync("/jobs/a/signals/go", "1", KeySettings.Bearer("mail"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Http.PostJsonAsync("/jobs/a/signals/go", "1", KeySettings.Bearer("reader"))).StatusCode);
        Assert.Null(host.Grid.LastSignal);
    }
}
