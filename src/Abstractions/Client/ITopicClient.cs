namespace OrleansJobs;

/// <summary>Events that are jobs of whoever has bound a job type to their keys.</summary>
public interface ITopicClient
{
    /// <summary>Publishes something: one job for each binding that fits, all stored when this completes, or none.</summary>
    /// <param name="key">Such as <c>orders.eu.created</c>.</param>
    /// <param name="data">Written as JSON with the web defaults (camelCase).</param>
    /// <param name="eventId">An id of the caller's choice, 1 to 128 visible ASCII characters: published again under it, nothing is made twice. Null: one is made.</param>
    /// <exception cref="JobRejectedException">It breaks a rule; nothing was stored.</exception>
    /// <exception cref="JobConflictException">Something else has been published under this id.</exception>
    /// <exception cref="GridOverloadedException">A bound is reached; nothing was stored.</exception>
    /// <exception cref="GridUnavailableException">No answer in time, after the client's own retries: publish again with the same id to find out.</exception>
    Task<PublishedEvent> PublishAsync<TData>(string key, TData data, string? eventId = null, CancellationToken cancellation = default);

    /// <summary>Puts a binding, in place of the one of its name. Each event that is published after the answer finds it.</summary>
    /// <exception cref="JobRejectedException">It breaks a rule.</exception>
    /// <exception cref="GridUnavailableException">Not every partition has answered: events may find it by now, and will.</exception>
    Task<TopicBinding> PutAsync(TopicBinding binding, CancellationToken cancellation = default);

    /// <returns>Null: there is none of this name.</returns>
    Task<TopicBinding?> GetAsync(string id, CancellationToken cancellation = default);

    /// <returns>False: there was none of this name.</returns>
    Task<bool> DeleteAsync(string id, CancellationToken cancellation = default);

    /// <summary>Bindings in the order of their names.</summary>
    /// <param name="after">Behind this name; null: from the first.</param>
    Task<IReadOnlyList<TopicBinding>> ListAsync(string? after = null, int limit = 50, CancellationToken cancellation = default);
}
