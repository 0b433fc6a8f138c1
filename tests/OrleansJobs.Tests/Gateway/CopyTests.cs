using System.Net;
using System.Text.Json;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Another job like one, with what is said otherwise.</summary>
public sealed class CopyTests(GridHost grid) : IClassFixture<GridHost>
{
    private readonly string _id = $"original-{Guid.NewGuid():N}";

    [Fact]
    public async Task ACopy_HasWhatItsJobHas()
    {
        await SubmitAsync($$"""{"type":"longtask","id":"{{_id}}","queue":"side","priority":7,"attempts":2,"retention":60,"args":{"steps":1,"stepMs":1},"tags":{"customer":"7"} }""");
        using var answer = await grid.Http.PostAsync($"/jobs/{_id}/copy", null);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var copy = await answer.JsonAsync();
        Assert.NotEqual(_id, copy.Text("id"));
        Assert.EndsWith($"/jobs/{copy.Text("id")}", answer.Header("Location"));
        Assert.Equal(("longtask", "side", 7, "7", _id), (copy.Text("type"), copy.Text("queue"), copy.GetProperty("priority").GetInt32(), copy.GetProperty("tags").Text("customer"), copy.GetProperty("tags").Text("copy-of")));
        Assert.Equal("""{"steps":1,"stepMs":1}""", await grid.Http.GetStringAsync($"/jobs/{copy.Text("id")}/args"));
        var ended = await (await grid.Http.GetAsync($"/jobs/{copy.Text("id")}", ("Prefer", "wait=20"))).JsonAsync();
        Assert.Equal(("SUCCESS", 2), (ended.Text("state"), ended.GetProperty("maxAttempts").GetInt32()));

        // A copy of a copy is one of that.
        var second = await (await grid.Http.PostAsync($"/jobs/{copy.Text("id")}/copy", null)).JsonAsync();
        Assert.Equal(copy.Text("id"), second.GetProperty("tags").Text("copy-of"));
    }

    [Fact]
    public async Task WhatIsSaidOtherwise_IsOtherwise_AndChecked()
    {
        await SubmitAsync($$"""{"type":"longtask","id":"{{_id}}","queue":"side","args":{"steps":1,"stepMs":1},"tags":{"customer":"7"} }""");
        var copy = await (await grid.Http.PostJsonAsync($"/jobs/{_id}/copy", """{"args":{"steps":2,"stepMs":0},"queue":"other","priority":9,"tags":{"customer":"8"},"countdown":3600}""")).JsonAsync();
        Assert.Equal(("other", 9, "8", "scheduled"), (copy.Text("queue"), copy.GetProperty("priority").GetInt32(), copy.GetProperty("tags").Text("customer"), copy.Text("phase")));
        Assert.Equal("""{"steps":2,"stepMs":0}""", await grid.Http.GetStringAsync($"/jobs/{copy.Text("id")}/args"));

        using var wrong = await grid.Http.PostJsonAsync($"/jobs/{_id}/copy", """{"args":{"steps":"many"}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.Equal("/args/steps", (await wrong.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
    }

    [Fact]
    public async Task ARequestThatIsSentAgain_FindsTheFirstCopy()
    {
        await SubmitAsync($$"""{"type":"longtask","id":"{{_id}}","args":{"steps":1,"stepMs":1} }""");
        var first = await grid.Http.PostJsonAsync($"/jobs/{_id}/copy", "{}", ("Idempotency-Key", _id));
        var again = await grid.Http.PostJsonAsync($"/jobs/{_id}/copy", "{}", ("Idempotency-Key", _id));
        Assert.Equal("true", again.Header("Idempotent-Replayed"));
        Assert.Equal((await first.JsonAsync()).Text("id"), (await again.JsonAsync()).Text("id"));
    }

    [Fact]
    public async Task ACopyOfAJobWithAKey_HasNoIdOfItsOwn()
    {
        using var submitted = await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","key":"tenant/7","args":{"steps":1,"stepMs":1} }""");
        var id = (await submitted.JsonAsync()).Text("id");
        using var refused = await grid.Http.PostJsonAsync($"/jobs/{id}/copy", $$"""{"id":"{{_id}}"}""");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "/id"), (refused.StatusCode, (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer")));
        Assert.Equal("tenant/7", (await (await grid.Http.PostAsync($"/jobs/{id}/copy", null)).JsonAsync()).Text("key"));
    }

    [Fact]
    public async Task WhatTheGridRunsForItself_IsNotCopied()
    {
        var action = await (await grid.Http.PostJsonAsync("/jobs:act", """{"action":"retry","ids":["none"]}""")).JsonAsync();
        using var answer = await grid.Http.PostAsync($"/jobs/{action.Text("id")}/copy", null);
        Assert.Equal("invalid-member", await answer.ProblemAsync());
    }

    [Fact]
    public void WhatTheRequestSays_GoesBeforeWhatTheJobHas()
    {
        var original = new JobSubmission
        {
            Id = "", Type = "t", Queue = "q", Priority = 3, Args = "{}"u8.ToArray(), Attempts = 2, Timeout = 5, Retention = 6, Tags = [new("a", "b"), new(JobCopy.Tag, "older")], Key = "tenant/7", Weight = 4,
        };
        var all = new SubmitRequest();
        CopyRules.Fill(all, "x", original, hasKeyByType: false);
        Assert.Equal(("t", "q", 3, 2, 5L, 6L, "tenant/7", 4), (all.Type, all.Queue, all.Priority, all.Attempts, all.Timeout, all.Retention, all.Key, all.Weight));
        Assert.Equal([new("a", "b"), new(JobCopy.Tag, "x")], all.Tags);

        var some = new SubmitRequest { Queue = "p", Key = "tenant/8", Tags = [new("c", "d")] };
        CopyRules.Fill(some, new string('x', 65), original, hasKeyByType: false);
        Assert.Equal(("p", "tenant/8", null), (some.Queue, some.Key, some.Weight));
        Assert.Equal([new("c", "d")], some.Tags);

        // A key that follows from the arguments follows from the new ones.
        var byType = new SubmitRequest();
        CopyRules.Fill(byType, "x", original, hasKeyByType: true);
        Assert.Null(byType.Key);

        // A policy that was said by a grain call stays, unless attempts are given.
        var policy = new SubmitRequest();
        CopyRules.Fill(policy, "x", original with { Retry = new(), Attempts = null }, hasKeyByType: false);
        Assert.Null(policy.Attempts);
    }

    private async Task SubmitAsync(string job) => Assert.Equal(HttpStatusCode.Accepted, (await grid.Http.PostJsonAsync("/jobs", job)).StatusCode);
}
