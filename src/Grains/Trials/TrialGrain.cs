using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Jobs;
using OrleansJobs.Workers;

namespace OrleansJobs.Trials;

[GenerateSerializer, Alias("oj.trialMemory")]
internal sealed class TrialMemory
{
    /// <summary>Silos whose loss a convicted job explains, the oldest first.</summary>
    [Id(0)] public List<string> Explained { get; set; } = [];
}

/// <inheritdoc cref="ITrialGrain"/>
[Reentrant]
internal sealed partial class TrialGrain(
    [PersistentState("trials", JobGrain.StorageName)] IPersistentState<TrialMemory> memory, IOptions<JobGridOptions> options,
    IClusterMembershipService membership, TimeProvider time, ILogger<TrialGrain> logger) : Grain, ITrialGrain
{
    /// <summary>How long one question waits for its turn. Less than callers wait for an answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = logger;
    private readonly TurnTaking _turns = new(options.Value.TrialTime);
    private readonly Dictionary<SiloAddress, TaskCompletionSource<TimeSpan?>> _waiting = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly ExplainedCrashes _explained = [];
    private Task _saving = Task.CompletedTask;
    private IGrainTimer _timer = null!;

    private long Now => (long)time.GetElapsedTime(0).TotalMilliseconds;

    public override Task OnActivateAsync(CancellationToken cancellation)
    {
        _explained.Add(memory.State.Explained);
        _timer = this.RegisterGrainTimer(
            () => { Settle(); return Task.CompletedTask; }, new() { DueTime = Timeout.InfiniteTimeSpan, Period = Timeout.InfiniteTimeSpan, Interleave = true });
        _ = FollowAsync();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellation)
    {
        _closing.Cancel();
        foreach (var waiter in _waiting.Values.ToList()) waiter.TrySetResult(null);
        return Task.CompletedTask;
    }

    public async Task<TimeSpan?> Ask(SiloAddress silo)
    {
        // Of two questions of one silo the older has been given up by it.
        if (_waiting.Remove(silo, out var older)) older.TrySetResult(null);
        var turn = _waiting[silo] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Settle();
        try
        {
            return await turn.Task.WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            // Should it have become its turn just now, the next question says so.
            return null;
        }
        finally
        {
            if (_waiting.GetValueOrDefault(silo) == turn) _waiting.Remove(silo);
        }
    }

    public Task GiveBack(SiloAddress silo)
    {
        _turns.GiveBack(silo, Now);
        Settle();
        return Task.CompletedTask;
    }

    public Task<string[]> GetExplained() => Task.FromResult(_explained.ToArray());

    public async Task Explain(string[] silos)
    {
        // Saved also where it is no news: what made it none may not be saved yet.
        _explained.Add(silos);
        memory.State.Explained = [.. _explained];
        await SaveAsync();
        LogExplained(silos.Length, string.Join(", ", silos));
        for (var partition = 0; partition < options.Value.Partitions; partition++) GrainFactory.GetGrain<IPartitionWork>(partition).Explained(silos).Ignore();
    }

    /// <summary>One write at a time, each with all that is known by then.</summary>
    private async Task SaveAsync()
    {
        var before = _saving;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _saving = done.Task;
        await before;
        try
        {
            CrashPoint.Hit("explain.before");
            await memory.WriteStateAsync();
            CrashPoint.Hit("explain.after");
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
        finally
        {
            done.SetResult();
        }
    }

    /// <summary>Gives the turn to whoever is next, where it is free.</summary>
    private void Settle()
    {
        var members = membership.CurrentSnapshot;
        _turns.Bury(silo => members.GetSiloStatus(silo) is SiloStatus.Dead or SiloStatus.None);
        while (_turns.Next(_waiting.Keys, Now) is var (silo, left))
        {
            if (_waiting.Remove(silo, out var waiter)) waiter.TrySetResult(left);
            LogTurn(silo, left);
        }

        if (_waiting.Count > 0 && _turns.NextChange(_waiting.Keys) is { } next) _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, next - Now)), Timeout.InfiniteTimeSpan);
    }

    /// <summary>A silo that dies with the turn keeps nobody waiting.</summary>
    private async Task FollowAsync()
    {
        try
        {
            await foreach (var _ in membership.MembershipUpdates.WithCancellation(_closing.Token)) Settle();
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // Closed.
        }
        catch (Exception exception)
        {
            // Turns end by their time all the same.
            LogFollowing(exception);
        }
    }

    [LoggerMessage(LogLevel.Information, "Silo {Silo} may stand empty for {Left}, so that a job can run alone there")]
    private partial void LogTurn(SiloAddress silo, TimeSpan left);

    [LoggerMessage(LogLevel.Warning, "The loss of {Count} silos is explained by a job that is convicted: {Silos}")]
    private partial void LogExplained(int count, string silos);

    [LoggerMessage(LogLevel.Error, "Following the membership broke off; a silo that dies in its turn to stand empty keeps it to its end")]
    private partial void LogFollowing(Exception exception);
}
