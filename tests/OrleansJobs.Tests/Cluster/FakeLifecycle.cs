namespace OrleansJobs.Tests.Cluster;

/// <summary>The lifecycle of a silo as one participant sees it.</summary>
internal sealed class FakeLifecycle : ISiloLifecycle
{
    private readonly List<ILifecycleObserver> _observers = [];

    public int HighestCompletedStage => 0;
    public int LowestStoppedStage => 0;

    public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        _observers.Add(observer);
        return new MemoryStream();
    }

    public Task StartAsync(CancellationToken cancellation = default) => Task.WhenAll(_observers.Select(observer => observer.OnStart(cancellation)));

    public Task StopAsync() => Task.WhenAll(_observers.Select(observer => observer.OnStop(CancellationToken.None)));
}
