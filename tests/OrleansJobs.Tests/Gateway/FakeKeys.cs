namespace OrleansJobs.Tests.Gateway;

/// <summary>A partition in which every key has a rule but <c>nope</c>.</summary>
internal sealed class FakeKeys : IPartitionKeys
{
    public Task<KeyAnswer> ChangeKey(string name, KeyChange change) => Task.FromResult(new KeyAnswer(name.StartsWith("nope", StringComparison.Ordinal) ? KeyOutcome.NotFound : KeyOutcome.Done));

    public Task ApplyKey(string name, KeySetting setting) => Task.CompletedTask;

    public Task<KeyInfo> GetKey(string name) => Task.FromResult(new KeyInfo { Key = name, Rule = new() { Concurrency = 5 }, From = name });

    public Task<KeyJobs> JobsOfKey(string key, int limit) => Task.FromResult(new KeyJobs());

    public Task<KeyInfo[]> ListKeys(string? prefix, int limit, KeyRank rank) => Task.FromResult<KeyInfo[]>([new() { Key = "tenant/7", Waiting = 1 }]);

    public Task<string[]> KeyNames(int limit) => Task.FromResult<string[]>(["tenant"]);
}
