namespace OrleansJobs;

/// <summary>Keeps what job types are said to be by those who run them outside of the silos. Key: 0.</summary>
[Alias("oj.IJobTypes")]
public interface IJobTypesGrain : IGrainWithIntegerKey
{
    /// <summary>Says what types are. What a silo has a handler for is described by that, and a newer release is not replaced by an older one.</summary>
    /// <param name="onlyNew">Types that are known are left as they are.</param>
    /// <returns>What was not taken as it was said, in words; nothing where all was.</returns>
    /// <exception cref="GridOverloadedException">There are too many types.</exception>
    [Alias("announce")]
    Task<string[]> Announce(JobTypeInfo[] types, bool onlyNew);
}
