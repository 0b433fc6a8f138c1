namespace OrleansJobs;

/// <summary>Rules of keys over grain calls.</summary>
internal sealed class KeyClient(GridConnection grid) : IKeyClient
{
    public async Task<KeyInfo> PutAsync(string name, KeyRule rule, CancellationToken cancellation = default)
    {
        await ChangeAsync(name, new() { Put = rule }, cancellation);
        return await GetAsync(name, cancellation);
    }

    public async Task<KeyInfo> GetAsync(string name, CancellationToken cancellation = default) =>
        await grid.AskAsync(async () => await KeyQuestions.GetAsync(grid.Keys, Checked(name), (await grid.GetInfoAsync(cancellation)).Partitions), cancellation);

    public async Task<bool> DeleteAsync(string name, CancellationToken cancellation = default) =>
        (await ChangeAsync(name, new() { Delete = true }, cancellation)).Outcome == KeyOutcome.Done;

    public async Task<KeyInfo> PauseAsync(string name, string? reason = null, CancellationToken cancellation = default)
    {
        await ChangeAsync(name, new() { Pause = new ChangeOrder(grid.Options.Name, reason) }, cancellation);
        return await GetAsync(name, cancellation);
    }

    public async Task<KeyInfo> ResumeAsync(string name, CancellationToken cancellation = default)
    {
        await ChangeAsync(name, new() { Resume = true }, cancellation);
        return await GetAsync(name, cancellation);
    }

    public async Task<IReadOnlyList<KeyInfo>> ListAsync(string? prefix = null, int limit = 50, KeyRank rank = KeyRank.Busy, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, JobLimits.MaxPage);
        return await grid.AskAsync(async () => await KeyQuestions.ListAsync(grid.Keys, prefix, limit, rank, (await grid.GetInfoAsync(cancellation)).Partitions), cancellation);
    }

    public async Task<KeyJobs> JobsAsync(string key, int limit = 50, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, JobLimits.MaxPage);
        return await grid.AskAsync(async () => await KeyQuestions.JobsAsync(grid.Keys, Checked(key), limit, (await grid.GetInfoAsync(cancellation)).Partitions), cancellation);
    }

    private Task<KeyAnswer> ChangeAsync(string name, KeyChange change, CancellationToken cancellation) =>
        grid.ChangeAsync(partitions => grid.Keys(JobKeys.PartitionOf(Checked(name), partitions)).ChangeKey(name, change), cancellation);

    private static string Checked(string name) => JobKeys.IsKey(name) ? name : throw new ArgumentException("That is neither a key nor a prefix of keys.", nameof(name));
}
