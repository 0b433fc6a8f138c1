using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Gateway.Live;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>To a key that is limited to queues, a job of another queue is as one that there is not: same answer, same headers, at once.</summary>
public sealed class HiddenJobTests : IAsyncLifetime
{
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync(new Dictionary<string, string?>().With("mail", ["submit", "read", "operate"], "mail"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "/result")]
    [InlineData("GET", "/args")]
    [InlineData("GET", "/events")]
    [InlineData("POST", "/cancel")]
    [InlineData("POST", "/retry")]
    [InlineData("DELETE", "")]
    public async Task AJobOfAnotherQueue_IsAnsweredAsOneThatThereIsNot(string method, string path)
    {
        foreach (var (hidden, missing) in new[] { (JobIds.New(), JobIds.New()), ("own-hidden", "own-missing") })
        {
            foreach (var state in new[] { JobState.Pending, JobState.Success })
            {
                _host.Grid.Add(new() { Id = hidden, Type = "longtask", Queue = "default", Version = 1, Phase = state == JobState.Pending ? JobPhase.Waiting : JobPhase.None, State = state });
                foreach (var prefer in new[] { "x=y", "wait=60" })
                {
                    var (one, other) = (await SendAsync(method, $"/jobs/{hidden}{path}", prefer), await SendAsync(method, $"/jobs/{missing}{path}", prefer));
                    Assert.Equal(await DescribeAsync(other), await DescribeAsync(one));
                }
            }
        }
    }

    [Fact]
    public async Task AJobThatItsReaderMayNotSeeAnyMore_IsWatchedNoLonger()
    {
        var job = _host.Grid.Add(new() { Id = "a", Type = "longtask", Queue = "mail", Version = 1 });
        using var events = await EventStream.OpenAsync(_host.Http, "/jobs/a/events", KeySettings.Bearer("mail"));
        Assert.NotNull(await events.NextAsync());
        job.Become(status => status with { Queue = "other" });
        Assert.Null(await events.NextAsync());
        Assert.Equal(0, _host.App.Services.GetRequiredService<WatchHub>().Count);
        await Eventually.IsTrueAsync(() => _host.Grid.Watches == 0);
    }

    private Task<HttpResponseMessage> SendAsync(string method, string path, string prefer) =>
        // Well before the wait would be over.
        _host.Http.SendJsonAsync(new HttpMethod(method), path, null, KeySettings.Bearer("mail"), ("Prefer", prefer)).WaitAsync(TimeSpan.FromSeconds(20));

    private static async Task<string> DescribeAsync(HttpResponseMessage answer)
    {
        Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.NotFound, HttpStatusCode.Gone });
        var headers = answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key != "Date").OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
        return $"{answer.StatusCode} {string.Join('\n', headers)} {await answer.Content.ReadAsStringAsync()}";
    }
}
