using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Partitions;

public sealed class CommitLoopTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Its waiters would otherwise hold open the requests that keep the activation from going.</summary>
    [Fact]
    public async Task Committed_WhenTheCommitUnderWayBreaksOff_FailsForThoseWhoWaitForIt()
    {
        var core = new PartitionCore(0, await new MemoryPartitionStore().OpenAsync(0), new JobGridOptions { Partitions = 1 });
        var loop = LoopOf(core, DispatchProxy.Create<IPartitionStore, RefusingStore>());
        core.Submit(new JobSubmission { Id = "a", Type = "work", Args = "{}"u8.ToArray() }, 1000);

        var waiting = loop.Committed();

        await Assert.ThrowsAsync<OrleansException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System));
        Assert.True(loop.IsOver);
    }

    public void Dispose()
    {
        _services.Dispose();
        _closing.Dispose();
    }

    private CommitLoop LoopOf(PartitionCore core, IPartitionStore store)
    {
        var time = TimeProvider.System;
        var health = new GridHealth(time);
        var meters = new JobMeters(
            _services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), time, Microsoft.Extensions.Options.Options.Create(new JobGridOptions()), health);
        return new CommitLoop(core, store, time, health, meters, NullLogger.Instance, _closing.Token);
    }

    /// <summary>Calls every commit malformed.</summary>
    public class RefusingStore : DispatchProxy
    {
        protected override object Invoke(MethodInfo? targetMethod, object?[]? args) => throw new ArgumentException("malformed");
    }
}
