namespace OrleansJobs.Storage;

/// <summary>The grid as the store knows it.</summary>
/// <param name="Incarnation">Drawn at creation: another one means another, emptied store.</param>
/// <param name="Secret">What ids are derived with, in hexadecimal; drawn at creation as well, so that derived ids outlast restarts.</param>
public sealed record GridRecord(int Partitions, string Incarnation, string Secret)
{
    private const int SecretBytes = 32;

    /// <summary>How what is kept is laid out. A store with another number is refused: nothing here could read it.</summary>
    internal const int Format = 1;

    internal static GridRecord New(int partitions) =>
        new(partitions, Guid.NewGuid().ToString("N"), Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(SecretBytes)));

    /// <summary>Without the secret, since records end up in logs.</summary>
    public override string ToString() => $"{Partitions} partitions, incarnation {Incarnation}";

    /// <exception cref="GridMismatchException">The stored grid has another number of partitions.</exception>
    internal GridRecord Fitting(int partitions) => Partitions == partitions ? this : throw new GridMismatchException(partitions, Partitions);

    /// <exception cref="UnfitStoreException">The store was written in another format.</exception>
    internal static void CheckFormat(string? stored)
    {
        if (stored == Format.ToString(System.Globalization.CultureInfo.InvariantCulture)) return;
        throw new UnfitStoreException(stored is null
            ? "The store was written by a build from before 0.1.0, whose format no release reads: use an empty store, or another ServiceId."
            : $"The store was written in format {stored}, and this release reads format {Format}. It was not touched: start the release that wrote it.");
    }
}

/// <summary>A silo is configured with another number of partitions than the store's grid has.</summary>
public sealed class GridMismatchException(int configured, int stored)
    : Exception($"This silo is configured with {configured} partitions, but the store's grid has {stored}. Jobs belong to their partition for ever: configure {stored}, or use an empty store.")
{
    public int Configured { get; } = configured;
    public int Stored { get; } = stored;
}
