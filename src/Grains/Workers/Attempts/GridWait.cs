namespace OrleansJobs.Workers;

/// <summary>For as long as an attempt waits for the grid to keep something: what it does then is not its handler's silence.</summary>
internal readonly struct GridWait(RunningJob job) : IDisposable
{
    public void Dispose() => job.GridAnswered();
}
