using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>What partitions and the grains of jobs say to the session, and ask of it.</summary>
internal sealed partial class WorkSessionGrain
{
    public Task Hint(int partition)
    {
        _plan.Hinted(partition);
        Pump();
        return Task.CompletedTask;
    }

    public Task PartitionOpened(int partition)
    {
        if (_state is SessionState.Over) _dying = _dying.IsCompleted ? DieAsync() : _dying;
        else _plan.Opened(partition);
        Pump();
        return Task.CompletedTask;
    }

    public async Task<string[]> Confirm(int partition, long generation, LeaseName[] leases)
    {
        while (_state is SessionState.Unheard) await _woken.Task.WaitAsync(_closing.Token);
        // What it left behind is a crash: the partition is told so by itself.
        if (_state is SessionState.Over && _dying.IsCompleted) _dying = DieAsync();
        if (_state is not SessionState.Live) throw new OrleansException($"Session {Session} is over.");
        var held = _ties[partition].Confirm(generation, leases, _book.ContainsKey, lease => _holds.Contains(lease) || _reported.Contains(lease));
        return [.. held.Select(lease => lease.Id)];
    }

    public Task Cancel(LeaseName lease)
    {
        if (!_book.TryGetValue(lease, out var held) || held.HasEnded) return Task.CompletedTask;
        if (held.GivenAt == 0) End(held, AttemptEnding.Cancelled);
        else held.AskToStop(WorkCancelReason.Cancelled, _time.GetTimestamp());
        Wake();
        Pump();
        return Task.CompletedTask;
    }

    public Task<Progress?> GetProgress(LeaseName lease) =>
        Task.FromResult<Progress?>(_book.TryGetValue(lease, out var held) && !held.HasEnded ? held.Watch() with { Silence = held.NewsAt == 0 ? 0 : (long)_time.GetElapsedTime(held.NewsAt).TotalMilliseconds } : null);

    // Both come from elsewhere in the silo, in nobody's turn.
    private void OnQueuesPaused() => InTurn(() =>
    {
        foreach (var lease in _book.Values.Where(lease => lease is { HasEnded: false, GivenAt: 0 } && Array.IndexOf(services.Worker.Paused, lease.Lease.Queue) >= 0).ToList())
            End(lease, AttemptEnding.Returned);
        _plan.Loosened();
    });

    private void OnPartitionHasOpened(int partition) => InTurn(() => _plan.Opened(partition));

    private void InTurn(Action change) => _ = Task.Factory.StartNew(
        () =>
        {
            if (_closing.IsCancellationRequested) return;
            change();
            Pump();
        },
        CancellationToken.None, TaskCreationOptions.DenyChildAttach, _turns);
}
