using System.Net;
using OrleansJobs.Tests.Gateway.Guarding;

namespace OrleansJobs.Tests.Gateway;

public sealed class HistoryTests
{
    private static readonly DateTimeOffset At = new(2030, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly JobHistory Some = new()
    {
        Step = HistoryStep.Hour, From = At, To = At.AddHours(1), At = At.AddMinutes(5), Partitions = 32, Silent = 1,
        Points = [new(At, new() { Submitted = 5, Failed = 2, Waiting = 3, RunTime = new(2, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)) })],
        Total = new() { Submitted = 5 },
        Types = [new("longtask", new() { Submitted = 5 }), new("oj-flow", new() { Submitted = 1 })],
        Events = [new(At, HistoryEvents.SiloLost, "10.0.0.1:11111@1"), new(At, HistoryEvents.QueuePaused, "mail", "ops", "why"), new(At, HistoryEvents.QueuePaused, "other")],
    };

    [Fact]
    public async Task History_IsAskedOfTheGrid_AndToldWhole()
    {
        await using var host = await GatewayHost.StartAsync();
        HistoryQuery? asked = null;
        host.Grid.Histories = query =>
        {
            asked = query;
            return Some;
        };
        var json = await (await host.Http.GetAsync("/stats/history?step=hour&type=longtask&queue=mail&from=2020-01-01T01:00:00%2B01:00&to=2020-01-01T06:00:00Z")).JsonAsync();
        Assert.Equal((HistoryStep.Hour, "longtask", "mail", new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero)), (asked!.Step, asked.Type, asked.Queue, asked.From));
        var point = json.GetProperty("points")[0];
        Assert.Equal((5, 2, 3, 1.5), (point.GetProperty("submitted").GetInt32(), point.GetProperty("failed").GetInt32(), point.GetProperty("waiting").GetInt32(), point.GetProperty("runSeconds").GetProperty("p50").GetDouble()));
        Assert.False(point.TryGetProperty("waitSeconds", out _));
        Assert.Equal("longtask", Assert.Single(json.GetProperty("types").EnumerateArray()).Text("name"));
        Assert.Equal((1, 3), (json.GetProperty("silent").GetInt32(), json.GetProperty("events").GetArrayLength()));
    }

    [Fact]
    public async Task History_IsAskedForOnceInAWhile_HoweverManyAsk()
    {
        await using var host = await GatewayHost.StartAsync();
        var asked = 0;
        host.Grid.Histories = _ =>
        {
            asked++;
            return Some;
        };
        for (var i = 0; i < 5; i++) await host.Http.GetAsync("/stats/history");
        Assert.Equal(1, asked);
        for (var i = 0; i < 100; i++) await host.Http.GetAsync("/stats/history?type=t" + i);
        Assert.Equal(101, asked);
    }

    [Fact]
    public async Task AKeyLimitedToQueues_SeesTheHistoryOfOneOfThem()
    {
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?>().With("ro", ["read"], "mail", "news"));
        host.Grid.Histories = _ => Some;
        host.Http.DefaultRequestHeaders.Authorization = new("Bearer", KeySettings.KeyOf("ro"));
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Http.GetAsync("/stats/history")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Http.GetAsync("/stats/history?queue=other")).StatusCode);
        var json = await (await host.Http.GetAsync("/stats/history?queue=mail")).JsonAsync();
        Assert.Equal("mail", Assert.Single(json.GetProperty("events").EnumerateArray()).Text("name"));
    }
}
