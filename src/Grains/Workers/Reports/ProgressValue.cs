namespace OrleansJobs.Workers;

/// <summary>A reported value as it was written.</summary>
/// <param name="Version">Of the cell that it was written to; 0: none.</param>
internal readonly record struct ProgressValue(long Version, long Current, long Total, string? Message, byte[]? Data)
{
    /// <summary>What was carried to the grain of the job.</summary>
    public static ProgressValue Of(Progress progress) => new(0, progress.Current, progress.Total, progress.Message, progress.Data);

    /// <summary>Both say the same, however often it was said: whatever tells a silent handler from one that goes on asks here.</summary>
    public bool SaysAs(ProgressValue other) => (Current, Total, Message) == (other.Current, other.Total, other.Message) && Data.AsSpan().SequenceEqual(other.Data);
}
