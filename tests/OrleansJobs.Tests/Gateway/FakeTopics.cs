namespace OrleansJobs.Tests.Gateway;

/// <summary>A partition in which every binding is there but <c>nope</c>, and one of them fits everything.</summary>
internal sealed class FakeTopics : IPartitionTopics
{
    public Task<PublishAnswer> Publish(TopicEvent told) => Task.FromResult(new PublishAnswer(PublishOutcome.Accepted) { Jobs = [new("all", $"job-of-{told.EventId}")] });

    public Task<BindingAnswer> PutBinding(TopicBinding binding) => Task.FromResult(new BindingAnswer(BindingOutcome.Created) { Binding = binding });

    public Task<BindingAnswer> DeleteBinding(string id) => Task.FromResult(new BindingAnswer(id == "nope" ? BindingOutcome.NotFound : BindingOutcome.Done));

    public Task<TopicBinding?> GetBinding(string id) => Task.FromResult(id == "nope" ? null : Binding(id));

    public Task<BindingPage> ListBindings(string after, int limit) => Task.FromResult(new BindingPage(new(1, 1), [Binding("all")!], HasMore: false));

    public Task<BindingChanges> ReadBindingChanges(BindingsVersion after, BindingsVersion wanted) => Task.FromResult(new BindingChanges(new(1, 1), [], HasGap: false));

    public Task KnowBindings(BindingsVersion version) => Task.CompletedTask;

    public async Task<PublishedEvents> ListenToTopics(ChangePlace after, TimeSpan atMost)
    {
        if (after != default) await Task.Delay(atMost, TimeProvider.System);
        return new(new ChangePlace(1, 1), [], HasGap: false);
    }

    private static TopicBinding? Binding(string id) => new() { Id = id, Pattern = "#", Type = "longtask", Queue = "default" };
}
