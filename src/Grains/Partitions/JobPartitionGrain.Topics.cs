using OrleansJobs.Records;
using OrleansJobs.Topics;

namespace OrleansJobs.Partitions;

/// <summary>Topics: how events come in, and how bindings are asked.</summary>
internal sealed partial class JobPartitionGrain : IPartitionTopics
{
    /// <summary>Jobs of an event that are looked for together.</summary>
    private const int JobsPerLook = 256;

    private BindingDesk _bindings = null!;

    /// <summary>Null: nobody has ever listened.</summary>
    private TopicRing? _topics;

    public Task<BindingAnswer> PutBinding(TopicBinding binding) => _bindings.PutAsync(binding);

    public Task<BindingAnswer> DeleteBinding(string id) => _bindings.DeleteAsync(id);

    public Task<TopicBinding?> GetBinding(string id) => CurrentAsync(() => _bindings.GetAsync(id));

    public Task<BindingPage> ListBindings(string after, int limit) => CurrentAsync(() => _bindings.ListAsync(after, limit));

    public Task<BindingChanges> ReadBindingChanges(BindingsVersion after, BindingsVersion wanted)
    {
        if (Math.Max(after.Opening, wanted.Opening) is var met && met > _core.Generation) throw Succeeded(met);
        return CurrentAsync(() => _bindings.ChangesAsync(after, wanted));
    }

    public Task KnowBindings(BindingsVersion version) => _bindings.KnowAsync(version);

    public Task<PublishAnswer> Publish(TopicEvent told) => CurrentAsync(async () =>
    {
        if (RefusePublish(told) is { } refused) return refused;
        try
        {
            return await _turns.TakeAsync(told.Id, () => PublishNowAsync(told));
        }
        catch (TimeoutException)
        {
            return new(PublishOutcome.Unavailable) { Reason = "The bindings, or the store, did not answer in time.", RetryAfter = OverloadRetryAfter };
        }
    });

    public async Task<PublishedEvents> ListenToTopics(ChangePlace after, TimeSpan atMost)
    {
        await services.Standstill.ConfirmAsync();
        var topics = _topics ??= new(_core.Generation);
        topics.Listen(services.Time);
        if (!topics.HasNews(after) && !_leaving)
        {
            try
            {
                await topics.News.WaitAsync(atMost < LongestListening ? atMost : LongestListening, services.Time, services.Closing);
            }
            catch (Exception exception) when (exception is TimeoutException || services.Closing.IsCancellationRequested)
            {
            }
        }

        topics.Listen(services.Time);
        return topics.After(after);
    }

    private async Task<PublishAnswer> PublishNowAsync(TopicEvent told)
    {
        var (found, version) = await services.Bindings.MatchAsync(told.Key, _core.Bindings.Known).AsTask().WaitAsync(_options.SubmitDeadline, services.Time);
        if (_commits.IsOver) throw PartitionMoved.Exception(_partition);
        if (found.Count > _options.Topics.MaxJobsPerEvent) return RejectPublish($"{found.Count} bindings fit this key, and an event has at most {_options.Topics.MaxJobsPerEvent} jobs.");
        // Before any is made: thousands of copies of a large event would be gigabytes.
        if (RefuseBytes(found.Sum(binding => (long)told.Data.Length + (binding.Args?.Length ?? 0))) is { } tooLarge) return tooLarge;
        if (IsLate(told.EventId)) told = told with { IsFresh = false };
        var jobs = TopicJobs.Of(told, found, version.Number, _partition, _options.Partitions);
        var made = Array.ConvertAll(jobs, job => job.Id);
        var answer = new PublishAnswer(PublishOutcome.Accepted) { Jobs = [.. found.Select((binding, i) => new TopicJob(binding.Id, made[i]))] };
        foreach (var id in made) _core.Jobs.Pin(id);
        try
        {
            // A try whose caller did not wait for it may come after the next one.
            if (!told.IsFresh || Array.Exists(made, id => _core.Jobs.Find(id) is not null))
            {
                var known = await FindPublishedAsync(jobs).WaitAsync(_options.SubmitDeadline, services.Time);
                if (known.IsOther) return new(PublishOutcome.Conflict) { Reason = $"Something else has been published as '{told.EventId}'." };
                // What was made with these, and is not there, has been let go of since.
                jobs = [.. jobs.Where((job, i) => !known.Jobs.Contains(job.Id) && !(found[i].Version <= known.Bindings))];
                // Others had their turn meanwhile.
                if (_commits.IsOver) throw PartitionMoved.Exception(_partition);
                if (jobs.Length == 0 && known.Jobs.Count > 0) answer = answer with { Outcome = PublishOutcome.Replayed };
            }

            if (jobs.Length == 0) await ConfirmAsync();
            else if ((RefuseJobs(jobs) ?? await StoreAsync(jobs)) is { } refused) return refused;
        }
        finally
        {
            foreach (var id in made) _core.Jobs.Unpin(id);
        }

        if (answer.Outcome == PublishOutcome.Accepted) _topics?.Add(new(told.EventId, told.Key, told.Data, Now), services.Time);
        return answer;
    }

    /// <summary>
    /// Nothing is to be stored, so that no commit would find out whether another activation has taken over, which may know of bindings that are not known here: this one does.
    /// </summary>
    private Task ConfirmAsync()
    {
        _core.Bindings.Confirm();
        return _commits.Committed().WaitAsync(_options.SubmitDeadline, services.Time);
    }

    /// <param name="Bindings">Up to which one all have had their jobs made; null: nobody knows.</param>
    private readonly record struct Published(HashSet<string> Jobs, bool IsOther, long? Bindings);

    /// <summary>Which of the jobs of an event there are; the caller has pinned them.</summary>
    private async Task<Published> FindPublishedAsync(JobSubmission[] jobs)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var isOther = false;
        long? bindings = null;
        var fingerprint = jobs.Length > 0 ? jobs[0].Fingerprint : null;
        foreach (var part in jobs.Chunk(JobsPerLook))
        {
            var unknown = new List<string>();
            foreach (var job in part)
            {
                while (_core.Jobs.Find(job.Id) is { IsSettled: false } busy) await _commits.Settled(busy);
                if (_core.Jobs.Find(job.Id) is not { } live || live.Place == JobPlace.Gone) unknown.Add(job.Id);
                else if (live.Spec is null) unknown.Add(job.Id);
                else Take(job.Id, live.Spec);
            }

            if (unknown.Count == 0) continue;
            // Arguments are not looked at: what was published is compared by its fingerprint.
            for (var next = 0; next < unknown.Count;)
            {
                var rows = await _rows.ReadListedAsync(unknown.GetRange(next, unknown.Count - next), ReadBytes);
                for (var i = 0; i < rows.Length; i++)
                {
                    if (rows[i] is { } row) Take(unknown[next + i], JobSpec.Decode(row.Spec));
                }

                next += Math.Max(1, rows.Length);
            }
        }

        return new(known, isOther, bindings);

        void Take(string id, JobSpec spec)
        {
            known.Add(id);
            if (spec.BindingsKnown is { } version && !(version <= bindings)) bindings = version;
            isOther |= spec.Fingerprint is { } other && fingerprint is not null && !other.AsSpan().SequenceEqual(fingerprint);
        }
    }

    /// <summary>All of them are stored when this returns, or none is, or nobody knows.</summary>
    private async Task<PublishAnswer?> StoreAsync(JobSubmission[] submissions)
    {
        var jobs = new LiveJob[submissions.Length];
        var bytes = submissions.Sum(job => (long)job.Args.Length);
        using (_core.Changes.Together())
        {
            for (var i = 0; i < jobs.Length; i++)
            {
                jobs[i] = _core.Jobs.Submit(submissions[i], Now);
                // A store that has no room for the first has none for the others, and what takes back the first takes them back.
                jobs[i].Origin = jobs[0];
            }
        }

        LetGo(-jobs.Length, -bytes);
        Pump();
        try
        {
            await _commits.Committed().WaitAsync(_options.SubmitDeadline, services.Time);
        }
        catch (TimeoutException)
        {
            if (jobs[0].Stored.HasSpec && jobs[0].InFlight == 0) return null;
            // What has not been sent is taken back for certain, where none of it has been given out; of what has, nobody knows.
            var isTakenBack = Array.TrueForAll(jobs, static job => job.Place == JobPlace.Waiting) && _core.Jobs.TryWithdraw(jobs[0]);
            if (!isTakenBack) _topics?.Miss();
            return new(PublishOutcome.Unavailable) { Reason = "The store did not answer in time.", RetryAfter = OverloadRetryAfter };
        }
        finally
        {
            LetGo(jobs.Length, bytes);
        }

        return jobs[0] is { Place: JobPlace.Gone, Stored.HasSpec: false } ? OverloadPublish("The store is full.", FullRetryAfter) : null;
    }

    private PublishAnswer? RefusePublish(TopicEvent told)
    {
        if (!TopicPatterns.IsKey(told.Key)) return RejectPublish(TopicPatterns.KeyForm, "/key");
        if (!TopicEvent.IsEventId(told.EventId)) return RejectPublish($"An event's id is 1 to {TopicEvent.MaxIdLength} visible ASCII characters.", "/id");
        if (told.Data.Length == 0) return RejectPublish("What is published is JSON.");
        var most = TopicArgs.MostData(_options.Limits);
        if (told.Data.Length > most) return RejectPublish($"An event of {told.Data.Length} bytes exceeds the limit of {most}.", tooLarge: true);
        if (JobIds.PartitionOf(told.Id, _options.Partitions) != _partition) return RejectPublish("The event belongs to another partition.", "/id");
        return services.Health.Fullness >= _options.FullAt ? OverloadPublish("The store is nearly full.", FullRetryAfter) : null;
    }

    private PublishAnswer? RefuseBytes(long bytes) => bytes > _options.Topics.MaxBytesPerEvent
        ? RejectPublish($"Its jobs would have {bytes} bytes of arguments together, and {_options.Topics.MaxBytesPerEvent} are the limit.", tooLarge: true)
        : null;

    private PublishAnswer? RefuseJobs(JobSubmission[] jobs)
    {
        if (RefuseBytes(jobs.Sum(job => (long)job.Args.Length)) is { } tooLarge) return tooLarge;
        if (_pendingSubmits > 0 && _pendingSubmits + jobs.Length > _options.MaxPendingSubmits)
            return OverloadPublish($"More than {_options.MaxPendingSubmits} submits of one partition wait for the store.", OverloadRetryAfter);
        if (_core.Jobs.Unfinished + jobs.Length > Math.Max(1, _options.MaxBacklog / _options.Partitions)) return OverloadPublish($"The grid holds as many unfinished jobs as it may ({_options.MaxBacklog}).", FullRetryAfter);
        var lanes = jobs.Select(job => Lane.NameOf(job.Queue, job.Priority, job.Type, suspects: false, null)).Distinct(StringComparer.Ordinal).Count(name => !_core.Jobs.Index.Contains(name));
        if (lanes > 0 && _core.Jobs.Index.Count + lanes > _options.MaxLanes)
            return OverloadPublish($"The grid holds as many combinations of queue, priority and type as it may ({_options.MaxLanes}).", FullRetryAfter);
        foreach (var job in jobs)
        {
            if (Refuse(job) is not { } refusal) continue;
            return refusal.Outcome == SubmitOutcome.Rejected
                ? new(PublishOutcome.Rejected) { Problems = refusal.Problems }
                : new(PublishOutcome.Overloaded) { Reason = refusal.Reason, RetryAfter = refusal.RetryAfter };
        }

        return null;
    }

    private static PublishAnswer RejectPublish(string detail, string pointer = "", bool tooLarge = false) =>
        new(PublishOutcome.Rejected) { Problems = [new(pointer, detail) { TooLarge = tooLarge }] };

    private PublishAnswer OverloadPublish(string reason, TimeSpan retryAfter)
    {
        services.Meters.Refused(SubmitOutcome.Overloaded);
        return new(PublishOutcome.Overloaded) { Reason = reason, RetryAfter = retryAfter };
    }
}
