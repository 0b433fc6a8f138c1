using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Client;

namespace OrleansJobs.Tests.Schedules.Model;

/// <summary>One activation of the model that is told what happens, step by step: nothing is drawn, and the store answers.</summary>
internal sealed class ShellDriver : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly SynchronizationContext? _context = SynchronizationContext.Current;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Turns _turns = new();
    private readonly DrawnStore _store;
    private readonly JobGridOptions _options;
    private readonly GridHealth _health;

    public ShellDriver(int partitions = 1)
    {
        _store = new(Commits.Add, ScheduleMutation.None);
        _options = new JobGridOptions { Partitions = partitions };
        _health = new GridHealth(Time);
        SynchronizationContext.SetSynchronizationContext(_turns);
        Shell = Open();
        Rest();
    }

    public ManualTime Time { get; } = new();

    public ModelShell Shell { get; private set; }

    /// <summary>All that have changed the store.</summary>
    public List<PartitionCommit> Commits { get; } = [];

    /// <summary>The most bytes that one read of rows has brought.</summary>
    public long MostRead => _store.MostRead;

    /// <summary>The store takes nothing new from outside.</summary>
    public bool IsFull
    {
        set => _store.IsFull = value;
    }

    public void Dispose()
    {
        SynchronizationContext.SetSynchronizationContext(_context);
        _services.Dispose();
    }

    /// <summary>The activation is lost; another one opens the partition.</summary>
    /// <param name="meanwhile">What one of another release writes between them.</param>
    public void Reopen(Action<PartitionCommit>? meanwhile = null)
    {
        Shell.Die();
        if (meanwhile is not null)
        {
            var commit = new PartitionCommit(0, _store.Inner.OpenAsync(0).AsTask().Result.Generation, 1);
            meanwhile(commit);
            Assert.Equal(CommitOutcome.Applied, _store.Inner.CommitAsync(commit).AsTask().Result);
        }

        Shell = Open();
        Rest();
    }

    /// <summary>A call and all that comes of it.</summary>
    public T Rest<T>(Task<T> call)
    {
        Rest();
        Assert.True(call.IsCompleted);
        return call.GetAwaiter().GetResult();
    }

    /// <summary>A call that the store need not answer.</summary>
    public T Result<T>(Task<T> call)
    {
        // A deadline that is over ends it in another thread.
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                Turn();
                return call.IsCompleted;
            },
            Patience));
        return call.GetAwaiter().GetResult();
    }

    /// <summary>Until nothing goes on without the store.</summary>
    public void Turn()
    {
        while (_turns.Waiting > 0) _turns.Take();
    }

    /// <summary>The store answers one of the calls that it was asked, in the order in which they came, and all goes on that can.</summary>
    public void Answer(int which)
    {
        _store.Answer(which, isLost: false);
        Turn();
    }

    /// <summary>Until nothing is under way.</summary>
    public void Rest()
    {
        while (_turns.Waiting > 0 || _store.Waiting > 0)
        {
            if (_turns.Waiting > 0) _turns.Take();
            else _store.Answer(0, isLost: false);
        }

        Assert.Null(Shell.Failure);
    }

    /// <summary>Time passes, and what is due by then is served.</summary>
    public void Pass(TimeSpan span)
    {
        Time.Advance(span);
        Shell.OnDue();
        Rest();
        Shell.OnMinute();
        Rest();
    }

    public ScheduleEntry Find(string id) => Shell.Core.Schedules.Find(id) ?? throw new InvalidOperationException($"Memory does not hold {id}.");

    /// <summary>As it is stored.</summary>
    public ScheduleState Stored(string id)
    {
        var rows = _store.Inner.ReadRowsAsync(0, new(GridLayout.Schedules.States), [id]);
        Assert.True(rows.IsCompletedSuccessfully);
        return ScheduleState.Decode(rows.Result[0][0]!);
    }

    /// <summary>Which stand in a list.</summary>
    public string Listed(string list) =>
        string.Join(' ', _store.Inner.ReadSetAsync(0, GridLayout.Schedules.Lists[list], new(long.MinValue, long.MaxValue, 100)).AsTask().Result.Select(line => line.Member));

    private ModelShell Open()
    {
        var meters = new JobMeters(_services.GetRequiredService<IMeterFactory>(), Time, Options.Create(_options), _health);
        var shell = new ModelShell(_store, _options, Time, _health, meters, new Random(1), default);
        shell.Core.Letters.Clock = () => shell.Now;
        return shell;
    }
}
