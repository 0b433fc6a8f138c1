namespace OrleansJobs.Workers;

/// <summary>Who hears of the progress of one attempt beside its job's grain.</summary>
internal interface IProgressListener
{
    /// <summary>A value that is carried, not each that is reported. Returns at once; may be told again.</summary>
    void Tell(Progress progress);

    /// <summary>The attempt has ended.</summary>
    void Over();
}

/// <summary>Makes listeners for the attempts that have some.</summary>
internal interface IProgressListeners
{
    /// <returns>Null, as for nearly all: nobody else hears of it.</returns>
    IProgressListener? For(Lease lease);
}
