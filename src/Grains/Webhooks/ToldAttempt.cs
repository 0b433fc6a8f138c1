using OrleansJobs.Workers;

namespace OrleansJobs.Webhooks;

/// <summary>An attempt of whose progress somebody is told.</summary>
internal sealed class ToldAttempt : IProgressListener
{
    private readonly ProgressCalls _calls;
    private readonly ProgressLine[] _lines;

    public ToldAttempt(ProgressCalls calls, Lease lease, string[] urls)
    {
        _calls = calls;
        _lines = Array.ConvertAll(urls, url => new ProgressLine(calls, lease, url));
    }

    public void Tell(Progress progress)
    {
        var at = _calls.Now;
        foreach (var line in _lines) line.Tell(progress, at);
    }

    public void Over()
    {
        foreach (var line in _lines) line.Over();
    }
}
