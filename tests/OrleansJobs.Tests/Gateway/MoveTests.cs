using System.Net;

namespace OrleansJobs.Tests.Gateway;

/// <summary>A waiting job is given another due time over HTTP, on a real grid.</summary>
public sealed class MoveTests(GridHost grid) : IClassFixture<GridHost>
{
    [Fact]
    public async Task AFutureJob_IsMoved_AndThenRunNow()
    {
        await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"moved","args":{"steps":1,"stepMs":1},"countdown":3600}""");
        using var later = await grid.Http.PostJsonAsync("/jobs/moved/due", """{"eta":"2030-01-31T12:00:00Z","reason":"after the feast"}""");
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
        var status = await later.JsonAsync();
        Assert.Equal(("2030-01-31T12:00:00Z", "scheduled"), (status.Text("dueAt"), status.Text("phase")));
        Assert.Equal("moved", status.GetProperty("changes")[0].Text("what"));

        using var now = await grid.Http.PostAsync("/jobs/moved/due", null);
        Assert.Equal(HttpStatusCode.OK, now.StatusCode);
        Assert.Equal("SUCCESS", (await (await grid.Http.GetAsync("/jobs/moved", ("Prefer", "wait=30"))).JsonAsync()).Text("state"));

        using var late = await grid.Http.PostAsync("/jobs/moved/due", null);
        Assert.Equal("wrong-state", await late.ProblemAsync());
    }

    [Fact]
    public async Task AWaitingJob_GoesIntoAnotherQueue_AndWaitsForThat()
    {
        await grid.Http.PostJsonAsync("/queues/slow/pause", """{"reason":"night"}""");
        await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"elsewhere","args":{"steps":1,"stepMs":1},"countdown":3600}""");
        using var moved = await grid.Http.PostJsonAsync("/jobs/elsewhere/queue", """{"queue":"slow","reason":"it can wait"}""");
        Assert.Equal(HttpStatusCode.OK, moved.StatusCode);
        var change = (await moved.JsonAsync()).GetProperty("changes")[0];
        Assert.Equal(("transferred", "slow", "it can wait"), (change.Text("what"), change.Text("queue"), change.Text("reason")));
        Assert.Contains("\"elsewhere\"", await grid.Http.GetStringAsync("/jobs?queue=slow"), StringComparison.Ordinal);
        Assert.DoesNotContain("\"elsewhere\"", await grid.Http.GetStringAsync("/jobs?queue=default"), StringComparison.Ordinal);
        var told = (await (await grid.Http.GetAsync("/jobs/elsewhere/timeline")).JsonAsync()).GetProperty("entries").EnumerateArray().Single(entry => entry.Text("what") == "transferred");
        Assert.Equal(("slow", "it can wait"), (told.Text("queue"), told.Text("detail")));

        // It is held back there, and says so.
        await grid.Http.PostAsync("/jobs/elsewhere/due", null);
        await Eventually.AnswersAsync(async () => await (await grid.Http.GetAsync("/jobs/elsewhere")).JsonAsync(), job => job.GetProperty("waitingFor")[0].Text("what") == "queue");
        // A submit of what it was submitted as is still the same.
        using var again = await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"elsewhere","args":{"steps":1,"stepMs":1},"countdown":3600}""");
        Assert.Equal((HttpStatusCode.Accepted, "slow"), (again.StatusCode, (await again.JsonAsync()).Text("queue")));
        using var copy = await grid.Http.PostJsonAsync("/jobs/elsewhere/copy", """{"countdown":3600}""");
        Assert.Equal("slow", (await copy.JsonAsync()).Text("queue"));

        await grid.Http.PostJsonAsync("/jobs/elsewhere/queue", """{"queue":"default"}""");
        var ended = await (await grid.Http.GetAsync("/jobs/elsewhere", ("Prefer", "wait=30"))).JsonAsync();
        Assert.Equal(("SUCCESS", "default"), (ended.Text("state"), ended.Text("queue")));
        using var late = await grid.Http.PostJsonAsync("/jobs/elsewhere/queue", """{"queue":"slow"}""");
        Assert.Equal("wrong-state", await late.ProblemAsync());
    }

    [Fact]
    public async Task WhatTheGridRunsItself_StaysInItsQueue()
    {
        using var flow = await grid.Http.PostJsonAsync("/flows", """{"jobs":[{"name":"a","type":"longtask","args":{"steps":1,"stepMs":1},"countdown":3600}]}""");
        var id = (await flow.JsonAsync()).Text("id");
        await Eventually.AnswersAsync(async () => await (await grid.Http.GetAsync($"/jobs/{id}")).JsonAsync(), job => job.Text("phase") == "waiting");
        using var refused = await grid.Http.PostJsonAsync($"/jobs/{id}/queue", """{"queue":"slow"}""");
        Assert.Equal("wrong-state", await refused.ProblemAsync());
    }

    [Fact]
    public async Task AWaitingJob_GoesBeforeOthers()
    {
        await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"urgent","priority":1,"args":{"steps":1,"stepMs":1},"countdown":3600}""");
        using var higher = await grid.Http.PostJsonAsync("/jobs/urgent/priority", """{"priority":9,"reason":"somebody waits"}""");
        Assert.Equal(HttpStatusCode.OK, higher.StatusCode);
        var status = await higher.JsonAsync();
        Assert.Equal((9, "scheduled", "prioritised", "somebody waits"), (status.GetProperty("priority").GetInt32(), status.Text("phase"), status.GetProperty("changes")[0].Text("what"), status.GetProperty("changes")[0].Text("reason")));
        Assert.Equal(9, (await (await grid.Http.GetAsync("/jobs/urgent")).JsonAsync()).GetProperty("priority").GetInt32());

        await grid.Http.PostAsync("/jobs/urgent/due", null);
        var ended = await (await grid.Http.GetAsync("/jobs/urgent", ("Prefer", "wait=30"))).JsonAsync();
        Assert.Equal(("SUCCESS", 9), (ended.Text("state"), ended.GetProperty("priority").GetInt32()));
        using var late = await grid.Http.PostJsonAsync("/jobs/urgent/priority", """{"priority":1}""");
        Assert.Equal("wrong-state", await late.ProblemAsync());
    }
}
