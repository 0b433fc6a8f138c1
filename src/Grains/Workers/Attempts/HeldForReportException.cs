namespace OrleansJobs.Workers;

/// <summary>Somebody who was called goes on with the attempt and will report: it is held, without a slot, for so long at most.</summary>
internal sealed class HeldForReportException(TimeSpan atMost) : Exception("Somebody will report.")
{
    public TimeSpan AtMost => atMost;
}
