namespace OrleansJobs;

/// <summary>Where the grid keeps its jobs. Key: 0.</summary>
[Alias("oj.IStore")]
public interface IStoreGrain : IGrainWithIntegerKey
{
    [Alias("info")]
    Task<StoreInfo> GetInfo();

    /// <summary>Writes a consistent copy into the configured folder while jobs run, where the store is a file of the grid's own process.</summary>
    [Alias("backup"), ResponseTimeout("01:00:00")]
    Task<StoreCopy> BackUp();
}

/// <param name="Kind"><c>sqlite</c>, <c>redis</c> or <c>memory</c>.</param>
/// <param name="Where">In a few words for operators, such as "in the file ...".</param>
[GenerateSerializer, Immutable, Alias("oj.storeInfo")]
public sealed record StoreInfo([property: Id(0)] string Kind, [property: Id(1)] string Where);

/// <param name="Name">The copy's name within the folder; null: there is none.</param>
/// <param name="Refusal">Why there is none.</param>
[GenerateSerializer, Immutable, Alias("oj.storeCopy")]
public sealed record StoreCopy([property: Id(0)] string? Name, [property: Id(1)] long Bytes, [property: Id(2)] string? Refusal);
