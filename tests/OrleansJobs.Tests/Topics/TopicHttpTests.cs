using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Topics;

/// <summary>Topics from HTTP to jobs that have run, in a whole grid.</summary>
public sealed class TopicHttpTests(TopicHttpTests.Fixture fixture) : IClassFixture<TopicHttpTests.Fixture>
{
    /// <summary>Words of its own for each test, since all share a grid.</summary>
    private readonly string _word = $"w{Guid.NewGuid():N}";

    private HttpClient Http => fixture.Host.Http;

    [Fact]
    public async Task AnEvent_IsAJobOfEachBindingThatFits_AndOfNoOther()
    {
        Assert.Equal(HttpStatusCode.Created, await BindAsync("exact", $"{_word}.eu.created"));
        Assert.Equal(HttpStatusCode.Created, await BindAsync("star", $"{_word}.*.created"));
        Assert.Equal(HttpStatusCode.Created, await BindAsync("hash", $"{_word}.#", """{"to":"x"}"""));
        Assert.Equal(HttpStatusCode.Created, await BindAsync("other", $"{_word}.us.#"));
        Assert.Equal(HttpStatusCode.OK, await BindAsync("other", $"{_word}.us.*"));
        var told = await PublishAsync("eu.created", """{"steps":1,"stepMs":1}""");
        Assert.Equal(["exact", "hash", "star"], Bindings(told));
        Assert.Equal("""{"steps":1,"stepMs":1}""", await ArgsAsync(told, "exact"));
        var args = JsonDocument.Parse(await ArgsAsync(told, "hash")).RootElement;
        Assert.Equal(("x", told.Text("event"), $"{_word}.eu.created", 1),
            (args.Text("to"), args.GetProperty("event").Text("id"), args.GetProperty("event").Text("key"), args.GetProperty("event").GetProperty("data").GetProperty("steps").GetInt32()));
        var job = await Eventually.AnswersAsync(async () => await (await Http.GetAsync($"/jobs/{JobOf(told, "star")}")).JsonAsync(), job => job.Text("state") == "SUCCESS");
        Assert.Equal((told.Text("event"), _word), (job.GetProperty("tags").Text("event"), job.Text("queue")));
        Assert.Empty(Bindings(await PublishAsync("eu.gone", "1", word: _word + "x")));
        Assert.Equal(["hash"], Bindings(await PublishAsync(null, "null")));
    }

    [Fact]
    public async Task AnEventThatIsPublishedAgain_MakesNothingTwice()
    {
        await BindAsync("one", $"{_word}.#");
        await BindAsync("two", $"{_word}.*");
        var first = await PublishAsync("x", "1", id: "event-1");
        using var again = await SendAsync("x", "1", "event-1");
        Assert.Equal("true", again.Headers.GetValues("Idempotent-Replayed").Single());
        Assert.Equal(first.GetRawText(), (await again.JsonAsync()).GetRawText());
        using var other = await SendAsync("x", "2", "event-1");
        Assert.Equal("event-id-taken", await other.ProblemAsync());
        // The same id under another key is another event, and one without an id is always new.
        Assert.NotEqual(JobOf(first, "one"), JobOf(await PublishAsync("y", "1", id: "event-1"), "one"));
        Assert.NotEqual(JobOf(await PublishAsync("x", "1"), "one"), JobOf(await PublishAsync("x", "1"), "one"));
        Assert.Equal(8, await CountAsync());
        // A binding that has come since has its job made, and no other.
        await BindAsync("three", $"{_word}.x");
        var later = await PublishAsync("x", "1", id: "event-1");
        Assert.Equal(["one", "three", "two"], Bindings(later));
        Assert.Equal((JobOf(first, "one"), 9), (JobOf(later, "one"), await CountAsync()));
    }

    [Fact]
    public async Task ManyAtTheSameTime_OfOneEvent_MakeItsJobsOnce()
    {
        for (var i = 0; i < 5; i++) await BindAsync($"b{i}", $"{_word}.#");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PublishAsync("x", "1", id: "once")));
        Assert.Single(answers.Select(answer => answer.GetRawText()).Distinct());
        Assert.Equal(5, await CountAsync());
    }

    [Fact]
    public async Task ABinding_HoldsForEachEventAfterItsAnswer_WhicheverPartitionItIsOf()
    {
        for (var round = 0; round < 5; round++)
        {
            await BindAsync("come", $"{_word}.r{round}");
            Assert.All(await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => PublishAsync($"r{round}", "1"))), told => Assert.Equal(["come"], Bindings(told)));
            using var gone = await Http.DeleteAsync($"/bindings/{Name("come")}");
            Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
            Assert.All(await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => PublishAsync($"r{round}", "1"))), told => Assert.Empty(Bindings(told)));
        }
    }

    [Fact]
    public async Task AnEventOfCloudEvents_HasItsIdInItself()
    {
        await BindAsync("cloud", $"{_word}.#");
        const string Event = """{"specversion":"1.0","id":"A234-1234","source":"/orders","type":"created","data":{"n":1}}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/topics/{_word}.x") { Content = new StringContent(Event, null, "application/cloudevents+json") };
        using var answer = await Http.SendAsync(request);
        var told = await answer.JsonAsync();
        Assert.Equal("A234-1234", told.Text("event"));
        using var nameless = new HttpRequestMessage(HttpMethod.Post, $"/topics/{_word}.x") { Content = new StringContent("""{"specversion":"1.0"}""", null, "application/cloudevents+json") };
        using var refused = await Http.SendAsync(nameless);
        Assert.Equal("/id", (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
    }

    [Fact]
    public async Task TooMuchForOneEvent_IsRefusedWhole()
    {
        for (var i = 0; i < 9; i++) await BindAsync($"m{i}", $"{_word}.many.#");
        using var many = await SendAsync("many.x", "1", "too-many");
        Assert.Equal("invalid-member", await many.ProblemAsync());
        Assert.Equal(0, await CountAsync());
        using var large = await SendAsync("x", $"\"{new string('x', 300_000)}\"", "too-large");
        Assert.Equal("too-large", await large.ProblemAsync());
    }

    [Fact]
    public async Task ABindingWithArguments_MakesNoEventTooLargeForTheOthers()
    {
        await BindAsync("plain", $"{_word}.size.#");
        await BindAsync("more", $"{_word}.size.#", $$"""{"x":"{{new string('x', TopicBinding.MaxArgsBytes - 8)}}"}""");
        var most = TopicArgs.MostData(new JobLimits());
        Assert.Equal(["more", "plain"], Bindings(await PublishAsync("size.x", $"\"{new string('x', most - 2)}\"")));
        // Also where none of those that fit has any: who publishes knows nobody.
        using var larger = await SendAsync("other", $"\"{new string('x', most - 1)}\"");
        Assert.Equal("too-large", await larger.ProblemAsync());
        await Assert.ThrowsAsync<JobRejectedException>(() => fixture.Host.Services.GetRequiredService<IJobClient>().Topics.PublishAsync(_word, new string('x', most - 1)));
    }

    /// <summary>What the gateway would refuse may come by another way.</summary>
    [Fact]
    public async Task WhatCannotBeTold_IsAGap_AndEndsNobodysStream()
    {
        using var events = await EventStream.OpenAsync(Http, $"/topics/events?pattern={_word}.%23");
        Assert.Equal("ready", (await events.NextAsync())!.Event);
        var grains = fixture.Host.Services.GetRequiredService<IGrainFactory>();
        var info = await grains.GetGrain<IJobGridGrain>(0).GetInfo();
        var told = new TopicEvent { Id = TopicEvent.IdOf(info.IdSecret, "test", $"{_word}.x", "half"), EventId = "half", Key = $"{_word}.x", Data = "\"\\ud800\""u8.ToArray() };
        Assert.Equal(PublishOutcome.Accepted, (await grains.GetGrain<IPartitionTopics>(JobIds.PartitionOf(told.Id, info.Partitions)).Publish(told)).Outcome);
        Assert.Equal("gap", (await events.NextAsync())!.Event);
        await PublishAsync("x", "1", id: "whole");
        Assert.Equal("whole", JsonDocument.Parse((await events.NextAsync())!.Data).RootElement.Text("id"));
    }

    [Theory]
    [InlineData("/topics/a..b", "1", null, "not-found")]
    [InlineData("/topics/a.*", "1", null, "not-found")]
    [InlineData("/topics/a", "{", null, "malformed-json")]
    [InlineData("/topics/a", "", null, "malformed-json")]
    [InlineData("/topics/a", "1 2", null, "malformed-json")]
    [InlineData("/topics/a", "1", "a b", "invalid-header")]
    public async Task WhatIsNoEvent_IsRefused(string path, string body, string? id, string problem)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, null, "application/json") };
        if (id is not null) request.Headers.TryAddWithoutValidation("Event-Id", id);
        using var answer = await Http.SendAsync(request);
        Assert.Equal(problem, await answer.ProblemAsync());
    }

    [Theory]
    [InlineData("""{"type":"longtask"}""", "/pattern")]
    [InlineData("""{"pattern":"a..b","type":"longtask"}""", "/pattern")]
    [InlineData("""{"pattern":"#"}""", "/type")]
    [InlineData("""{"pattern":"#","type":"nobody"}""", "/type")]
    [InlineData("""{"pattern":"#","type":"oj-flow"}""", "/type")]
    [InlineData("""{"pattern":"#","type":"longtask","queue":"a b"}""", "/queue")]
    [InlineData("""{"pattern":"#","type":"longtask","args":7}""", "/args")]
    [InlineData("""{"pattern":"#","type":"longtask","args":{"event":7}}""", "/args/event")]
    [InlineData("""{"pattern":"#","type":"longtask","more":7}""", "/more")]
    public async Task WhatIsNoBinding_IsRefused(string body, string pointer)
    {
        using var answer = await Http.PutAsync($"/bindings/{Name("bad")}", new StringContent(body, null, "application/json"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal(pointer, (await answer.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
        using var none = await Http.GetAsync(new Uri($"/bindings/{Name("bad")}", UriKind.Relative));
        Assert.Equal("binding-not-found", await none.ProblemAsync());
    }

    [Fact]
    public async Task Bindings_AreListedByPage()
    {
        for (var i = 0; i < 5; i++) await BindAsync($"p{i}", "x.y.z");
        var names = new List<string>();
        for (var cursor = ""; ;)
        {
            var page = await (await Http.GetAsync($"/bindings?limit=2{cursor}")).JsonAsync();
            names.AddRange(page.GetProperty("bindings").EnumerateArray().Select(binding => binding.Text("id")));
            if (!page.TryGetProperty("cursor", out var next)) break;
            cursor = "&cursor=" + next.GetString();
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal(5, names.Count(name => name.StartsWith(_word + "-p", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task WhoListens_HearsWhatFits_WithOrWithoutABinding()
    {
        using var events = await EventStream.OpenAsync(Http, $"/topics/events?pattern={_word}.*.created");
        Assert.Equal("ready", (await events.NextAsync())!.Event);
        await PublishAsync("eu.gone", "1");
        await PublishAsync("eu.created", "{\n\"a\": [1,\n2]}", id: "heard");
        await PublishAsync("us.created", "3");
        var heard = new List<JsonElement>();
        for (var i = 0; i < 2; i++) heard.Add(JsonDocument.Parse((await events.NextAsync())!.Data).RootElement);
        var first = heard.Single(one => one.Text("id") == "heard");
        Assert.Equal(($"{_word}.eu.created", """{"a":[1,2]}"""), (first.Text("key"), first.GetProperty("data").GetRawText()));
        Assert.Equal([$"{_word}.eu.created", $"{_word}.us.created"], heard.Select(one => one.Text("key")).Order());
        using var wrong = await Http.GetAsync(new Uri("/topics/events?pattern=a..b", UriKind.Relative));
        Assert.Equal("invalid-query", await wrong.ProblemAsync());
    }

    [Fact]
    public async Task TheClientOfDotNet_DoesTheSame()
    {
        var topics = fixture.Host.Services.GetRequiredService<IJobClient>().Topics;
        var binding = await topics.PutAsync(new TopicBinding { Id = Name("net"), Pattern = $"{_word}.#", Type = "longtask" });
        Assert.Equal(("default", true), (binding.Queue, binding.Version > 0));
        var first = await topics.PublishAsync($"{_word}.x", new { Steps = 1, StepMs = 1 }, "net-1");
        var again = await topics.PublishAsync($"{_word}.x", new { Steps = 1, StepMs = 1 }, "net-1");
        Assert.Equal((false, true, first.Jobs.Single()), (first.IsReplayed, again.IsReplayed, again.Jobs.Single()));
        await Assert.ThrowsAsync<JobConflictException>(() => topics.PublishAsync($"{_word}.x", 1, "net-1"));
        await Assert.ThrowsAsync<JobRejectedException>(() => topics.PublishAsync("a..b", 1));
        Assert.Equal(binding, (await topics.GetAsync(Name("net")))! with { Args = null });
        Assert.Contains(await topics.ListAsync(limit: 200), one => one.Id == Name("net"));
        Assert.True(await topics.DeleteAsync(Name("net")));
        Assert.False(await topics.DeleteAsync(Name("net")));
        Assert.Null(await topics.GetAsync(Name("net")));
    }

    private string Name(string id) => $"{_word}-{id}";

    private async Task<HttpStatusCode> BindAsync(string id, string pattern, string? args = null)
    {
        var body = $$"""{"pattern":"{{pattern}}","type":"longtask","queue":"{{_word}}"{{(args is null ? "" : $",\"args\":{args}")}}}""";
        using var answer = await Http.PutAsync($"/bindings/{Name(id)}", new StringContent(body, null, "application/json"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return answer.StatusCode;
    }

    private async Task<HttpResponseMessage> SendAsync(string? key, string body, string? id = null, string? word = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/topics/{word ?? _word}{(key is null ? "" : $".{key}")}") { Content = new StringContent(body, null, "application/json") };
        if (id is not null) request.Headers.Add("Event-Id", id);
        return await Http.SendAsync(request);
    }

    private async Task<JsonElement> PublishAsync(string? key, string body, string? id = null, string? word = null)
    {
        using var answer = await SendAsync(key, body, id, word);
        var json = await answer.JsonAsync();
        Assert.True(answer.StatusCode is HttpStatusCode.Accepted, json.GetRawText());
        return json;
    }

    private string[] Bindings(JsonElement told) => [.. told.GetProperty("jobs").EnumerateArray().Select(job => job.Text("binding")[(_word.Length + 1)..])];

    private string JobOf(JsonElement told, string binding) => told.GetProperty("jobs").EnumerateArray().Single(job => job.Text("binding") == Name(binding)).Text("id");

    private Task<string> ArgsAsync(JsonElement told, string binding) => Http.GetStringAsync(new Uri($"/jobs/{JobOf(told, binding)}/args", UriKind.Relative));

    /// <summary>All jobs that this test's bindings have made.</summary>
    private async Task<int> CountAsync() => (await (await Http.GetAsync($"/jobs?queue={_word}&limit=200")).JsonAsync()).GetProperty("jobs").GetArrayLength();

    public sealed class Fixture : IAsyncLifetime
    {
        internal GridHost Host { get; } = new();

        public Task InitializeAsync() => Host.StartAsync(new() { ["JobGrid:Topics:MaxJobsPerEvent"] = "8" });

        public Task DisposeAsync() => Host.DisposeAsync();
    }
}
