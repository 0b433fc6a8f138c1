namespace OrleansJobs.Partitions;

/// <summary>Tells gateways what is committed, while any of them listens.</summary>
internal sealed partial class JobPartitionGrain : IJobChangesGrain
{
    private static readonly TimeSpan LongestListening = TimeSpan.FromSeconds(20);

    /// <summary>Null: nobody has ever listened.</summary>
    private ChangeRing? _changes;

    public async Task<JobChanges> ReadChanges(ChangePlace after, TimeSpan atMost)
    {
        await services.Standstill.ConfirmAsync();
        var changes = _changes ??= new(_core.Generation);
        changes.Listen(services.Time);
        if (!changes.HasNews(after) && !_leaving)
        {
            try
            {
                await changes.News.WaitAsync(atMost < LongestListening ? atMost : LongestListening, services.Time, services.Closing);
            }
            catch (Exception exception) when (exception is TimeoutException || services.Closing.IsCancellationRequested)
            {
            }
        }

        var told = changes.After(after);
        changes.Listen(services.Time);
        return told;
    }

    /// <summary>A commit is in the store.</summary>
    private void TellChanges(SealedCommit commit, long now)
    {
        if (_changes is not { IsOpen: true } changes) return;
        changes.Check(services.Time);
        if (commit.Entries.Count > ChangeRing.MaxJobs && commit.Jobs.Count() > ChangeRing.MaxJobs) changes.Lose();
        foreach (var job in commit.Jobs)
        {
            if (!changes.IsOpen) break;
            if (job.Place == JobPlace.Gone) changes.Add(job.Id, null);
            // What has changed again since is told with the commit that holds it.
            else if (!job.IsSettled) continue;
            else if (job.Spec is null) changes.Lose();
            else changes.Add(job.Id, StatusOf.Live(job, now) with { Result = null });
        }

        changes.Signal();
    }
}
