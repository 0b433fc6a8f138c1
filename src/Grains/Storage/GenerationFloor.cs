namespace OrleansJobs.Storage;

/// <summary>
/// What no generation of an opening is below: the time, in sixteenths of a second since 1970. A store can lose its newest writes, but not the time that has
/// passed since, so generations and the tokens made of them grow all the same. 36 bits of it last until 2106.
/// </summary>
public static class GenerationFloor
{
    public const int PerSecond = 16;

    public static long At(DateTimeOffset instant) => instant.ToUnixTimeMilliseconds() * PerSecond / 1000;
}
