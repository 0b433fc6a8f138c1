using Orleans.Concurrency;

namespace OrleansJobs.Histories;

/// <summary>What a partition has counted. Key: its number.</summary>
[Alias("oj.IPartitionHistory")]
internal interface IPartitionHistory : IGrainWithIntegerKey
{
    [Alias("read"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<HistorySlice> ReadHistory(HistoryQuestion question);
}

/// <summary>Which steps, and of which jobs.</summary>
/// <param name="First">The number of the first step, since 1970.</param>
/// <param name="Last">That of the last.</param>
/// <param name="Type">Null: of all types.</param>
/// <param name="Queue">Null: of all queues.</param>
[GenerateSerializer, Immutable, Alias("oj.historyQuestion")]
internal sealed record HistoryQuestion(
    [property: Id(0)] HistoryStep Step, [property: Id(1)] long First, [property: Id(2)] long Last, [property: Id(3)] string? Type, [property: Id(4)] string? Queue)
{
    public bool Fits(string queue, string type) => (Type is null || Type == type) && (Queue is null || Queue == queue);
}
