using System.Diagnostics;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>Topics over grain calls.</summary>
internal sealed class TopicClient(GridConnection grid, KnownTypes types) : ITopicClient
{
    public async Task<PublishedEvent> PublishAsync<TData>(string key, TData data, string? eventId = null, CancellationToken cancellation = default)
    {
        byte[] written;
        try
        {
            written = JsonSerializer.SerializeToUtf8Bytes(data, JobJson.Options);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw new JobRejectedException([new("", $"What is published cannot be written as JSON: {exception.Message}")], exception);
        }

        var id = eventId ?? JobIds.New(grid.Time);
        var traceParent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;
        var answer = await PublishAsync(grid.Options.Name, new() { Id = "", EventId = id, Key = key, Data = written, IsFresh = eventId is null, TraceParent = traceParent }, cancellation);
        return answer.Outcome switch
        {
            PublishOutcome.Accepted or PublishOutcome.Replayed => new(id, answer.Jobs, answer.Outcome == PublishOutcome.Replayed),
            PublishOutcome.Conflict => throw new JobConflictException(id),
            PublishOutcome.Rejected => throw new JobRejectedException(answer.Problems),
            PublishOutcome.Overloaded => throw new GridOverloadedException(answer.Reason ?? "The grid is full.", answer.RetryAfter ?? TimeSpan.FromSeconds(1)),
            _ => throw new GridUnavailableException(answer.Reason ?? "The grid did not answer in time."),
        };
    }

    /// <summary>Publishes for somebody; a grid that does not answer is an answer too.</summary>
    /// <param name="scope">Who publishes.</param>
    /// <param name="told">Without its <see cref="TopicEvent.Id"/>, which is derived here.</param>
    public async Task<PublishAnswer> PublishAsync(string scope, TopicEvent told, CancellationToken cancellation)
    {
        var tries = 0;
        try
        {
            return await grid.AskAsync(async () =>
            {
                var info = await grid.GetInfoAsync(cancellation);
                var id = TopicEvent.IdOf(info.IdSecret, scope, told.Key, told.EventId);
                // A second try may find what the first one, whose answer was lost, has made.
                return await grid.Topics(JobIds.PartitionOf(id, info.Partitions)).Publish(told with { Id = id, IsFresh = told.IsFresh && ++tries == 1 });
            }, cancellation);
        }
        catch (GridUnavailableException exception)
        {
            return new(PublishOutcome.Unavailable) { Reason = exception.Message, RetryAfter = TimeSpan.FromSeconds(1) };
        }
    }

    public async Task<TopicBinding> PutAsync(TopicBinding binding, CancellationToken cancellation = default)
    {
        if (binding.Check() is { Length: > 0 } problems) throw new JobRejectedException(problems);
        var type = await types.OfAsync(binding.Type, cancellation);
        if (type.Key is not null) throw new JobRejectedException([new("/type", TopicBinding.TypeWithKey)]);
        if (binding.Queue is null) binding = binding with { Queue = type.Queue };
        return (await ChangeAsync(home => home.PutBinding(binding), cancellation)).Binding!;
    }

    public async Task<TopicBinding?> GetAsync(string id, CancellationToken cancellation = default) => await AskAsync(home => home.GetBinding(id), cancellation);

    public async Task<bool> DeleteAsync(string id, CancellationToken cancellation = default)
    {
        var tries = 0;
        var answer = await ChangeAsync(home =>
        {
            tries++;
            return home.DeleteBinding(id);
        }, cancellation);
        return answer.Outcome == BindingOutcome.Done || tries > 1;
    }

    public async Task<IReadOnlyList<TopicBinding>> ListAsync(string? after = null, int limit = 50, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, JobLimits.MaxPage);
        return (await AskAsync(home => home.ListBindings(after ?? "", limit), cancellation)).Bindings;
    }

    private async Task<BindingAnswer> ChangeAsync(Func<IPartitionTopics, Task<BindingAnswer>> change, CancellationToken cancellation)
    {
        var answer = await AskAsync(async home => await change(home) is { Outcome: not BindingOutcome.Unavailable } done ? done : throw new GridUnavailableException("Not every partition has answered."), cancellation);
        return answer.Outcome switch
        {
            BindingOutcome.Rejected => throw new JobRejectedException(answer.Problems),
            BindingOutcome.Full => throw new GridOverloadedException(answer.Reason ?? "The grid is full.", TimeSpan.FromSeconds(10)),
            _ => answer,
        };
    }

    private Task<T> AskAsync<T>(Func<IPartitionTopics, Task<T>> question, CancellationToken cancellation) =>
        grid.AskAsync(async () => await question(grid.Topics(TopicHome.Of((await grid.GetInfoAsync(cancellation)).Partitions))), cancellation);
}
