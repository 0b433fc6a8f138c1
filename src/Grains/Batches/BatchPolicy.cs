namespace OrleansJobs.Batches;

/// <summary>How many jobs of a type go into one attempt at most, and for how long the first of them waits for others, in milliseconds.</summary>
[GenerateSerializer, Immutable, Alias("oj.batchPolicy")]
internal sealed record BatchPolicy([property: Id(0)] int Size, [property: Id(1)] long Wait)
{
    public const int DefaultSize = 100;
    public static readonly BatchPolicy Default = new(DefaultSize, 0);
    public const int MaxSize = 1000;
    public static readonly TimeSpan MaxWait = TimeSpan.FromHours(1);

    /// <summary>What both can live with.</summary>
    public static BatchPolicy Least(BatchPolicy x, BatchPolicy y) => new(Math.Min(x.Size, y.Size), Math.Min(x.Wait, y.Wait));
}

/// <summary>What a worker says of a type whose jobs it runs in batches.</summary>
[GenerateSerializer, Immutable, Alias("oj.batchType")]
internal sealed record BatchType([property: Id(0)] string Type, [property: Id(1)] BatchPolicy Policy);
