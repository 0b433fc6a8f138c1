using OrleansJobs.Jobs;

namespace OrleansJobs.Histories;

/// <summary>Keeps what happened to the silos, durably. Key: 0.</summary>
[Alias("oj.IChronicle")]
internal interface IChronicleGrain : IGrainWithIntegerKey
{
    [Alias("joined"), ResponseTimeout(AnswerTimeouts.Short)]
    Task Joined(string silo, string name, string application, string release);

    [Alias("left"), ResponseTimeout(AnswerTimeouts.Short)]
    Task Left(string silo, string name);

    [Alias("lost"), ResponseTimeout(AnswerTimeouts.Short)]
    Task Lost(string silo, string name);

    [Alias("read"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<HistoryEvent[]> Read();
}

internal sealed class ChronicleGrain([PersistentState("chronicle", JobGrain.StorageName)] IPersistentState<ChronicleMemory> memory, TimeProvider time) : Grain, IChronicleGrain
{
    private bool _isUnsaved;

    public Task Joined(string silo, string name, string application, string release) => SaveAsync(new Chronicle(memory.State).Joined(silo, name, application, release, time.GetUtcNow()));

    public Task Left(string silo, string name) => SaveAsync(new Chronicle(memory.State).Left(silo, name, time.GetUtcNow()));

    public Task Lost(string silo, string name) => SaveAsync(new Chronicle(memory.State).Lost(silo, name, time.GetUtcNow()));

    public Task<HistoryEvent[]> Read() => Task.FromResult(memory.State.Events.ToArray());

    /// <summary>Whoever is not answered says it again, and what could not be stored then is stored with that.</summary>
    private async Task SaveAsync(bool isNews)
    {
        _isUnsaved |= isNews;
        if (!_isUnsaved) return;
        await memory.WriteStateAsync();
        _isUnsaved = false;
    }
}
