namespace OrleansJobs.Flows;

/// <summary>Children for a stream of items: so many at a time, their results in the order of the items. Always spread, since their number is not known.</summary>
internal sealed class EachGroup<TItem, TResult>(
    RunningFlow flow, FlowExecution execution, string name, IAsyncEnumerator<TItem> items, Func<TItem, FlowJob<TResult>> job, int atMost) : IAsyncDisposable
{
    private readonly ChildGroup _group = new(name, IsSpread: true);
    private readonly FlowSource _source = new();
    private readonly List<ChildOrder> _batch = [];
    private ChildFailure? _failure;
    private Task<bool>? _move;
    private ReadAhead<JobStatus?>? _ahead;
    private Task<JobStatus?>? _status;
    private int _aheadEnd;
    private int _lookedAt = -1;
    private bool _allHaveEnded;
    private int _started = execution.Memory.Group(name)?.Started ?? 0;
    private int _position;
    private int? _total;

    /// <summary>Waits until a child has ended, and starts others meanwhile.</summary>
    /// <returns>False: there is no such item.</returns>
    public async Task<bool> ReachAsync(int next)
    {
        execution.Add(_source);
        while (true)
        {
            await FillAsync();
            if (next == _total) return false;
            if (await HasEndedAsync(next)) return true;
            await WaitAsync();
        }
    }

    public async Task<TResult> TakeAsync(int next)
    {
        if (FailureOf(next) is { } failed)
        {
            _status = null;
            return await FailureMeansAsync() is ChildFailure.Ignore
                ? default!
                : throw new ChildFailedException(RunningFlow.NameOf(_group, next), failed.Job ?? flow.IdOf(_group, next), failed.State, failed.Error);
        }

        var status = _status!;
        _status = null;
        // Of many failures not all are told one by one.
        if (await flow.BesideAsync(status) is not { State: JobState.Success }) await FailureMeansAsync();
        return await flow.ValueAsync<TResult>(_group, next, status, _failure ?? ChildFailure.Throw);
    }

    /// <summary>A stream cannot be disposed of while an item is fetched: that is left to end by itself.</summary>
    public ValueTask DisposeAsync()
    {
        execution.Remove(_source);
        if (_move is not { IsCompleted: false } move) return items.DisposeAsync();
        _ = DisposeAfterAsync(move);
        return default;
    }

    private async Task DisposeAfterAsync(Task move)
    {
        await move.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await items.DisposeAsync();
    }

    private int Ended => execution.Memory.Group(name) is { } group ? group.Succeeded + group.Failed : 0;

    private FlowEvent? FailureOf(int index) => execution.Memory.FailureOf(name, index);

    /// <summary>Takes items while there is room for their children. An item that is long in coming is not waited for here.</summary>
    private async Task FillAsync()
    {
        if (_total is null && execution.Memory.Group(name) is { Total: >= 0 } known && known.Started >= known.Total) _total = _started = known.Total;
        while (_total is null && (_position < _started || _started - Ended < atMost))
        {
            _move ??= _source.MoveNextAsync(items).AsTask();
            if (!_move.IsCompleted) break;
            await TakeItemAsync();
        }

        await flow.StartAsync(_batch, null);
    }

    /// <summary>Takes the next item in; where its child has not been started, that is next.</summary>
    private async Task TakeItemAsync()
    {
        var any = await (_move ??= _source.MoveNextAsync(items).AsTask());
        _move = null;
        if (!any)
        {
            _failure ??= ChildFailure.Throw;
            if (_total is not null) return;
            _total = Math.Max(_position, _started);
            await flow.StartAsync(_batch, new FlowGroupTotal(name, _total.Value));
            return;
        }

        var child = job(items.Current);
        _failure ??= child.Options.OnFailure;
        if (_position++ < _started) return;
        _batch.Add(flow.OrderOf(child, name, _position - 1, isSpread: true));
        _started++;
        if (_batch.Count >= FlowPending.MostChildren) await flow.StartAsync(_batch, null);
    }

    private async ValueTask<bool> HasEndedAsync(int next)
    {
        if (next >= _started) return false;
        if (FailureOf(next) is not null)
        {
            if (next < _aheadEnd) _ = _ahead!.NextAsync();
            return true;
        }

        while (true)
        {
            if (next >= _aheadEnd)
            {
                // Those before it have ended. Whether it has is known to itself alone, and the same until others have ended.
                if (Ended <= next || Ended == _lookedAt) return false;
                (_lookedAt, _aheadEnd, _allHaveEnded) = (Ended, Math.Min(Ended, _started), Ended >= _started);
                _ahead = flow.ReadAheadOf(_group, next, _aheadEnd);
            }

            var status = _ahead!.NextAsync();
            if (_allHaveEnded || IsEnd(await flow.BesideAsync(status)))
            {
                _status = status;
                return true;
            }

            // It had not when it was read.
            _aheadEnd = next;
        }
    }

    /// <summary>
    /// A failure is one when the flow is told of it, as it is of the first: what is read of a child may be of a round before, and run again. Of the others it is
    /// never told.
    /// </summary>
    private bool IsEnd(JobStatus? status) => status is { State: JobState.Success }
        || (status is { IsFinished: true } && execution.Memory.Failures(name).Count >= FlowGroup.MostTold && execution.Memory.Group(name) is { RetriedAt: 0 });

    /// <summary>Until a quarter of those that run have ended, so that a flow of many children does not run from the top for each; or until the next item is there.</summary>
    private async Task WaitAsync()
    {
        var running = _started - Ended;
        if (running == 0)
        {
            await _move!;
            return;
        }

        var wait = new GroupProgressWait(name, Ended + Math.Max(1, running / 4)) { Within = FlowScope.Current as FlowSource };
        execution.Open(wait);
        if (_move is null) await wait.Task;
        else await Task.WhenAny(wait.Task, _move);
        execution.Close(wait);
    }

    /// <summary>What the first item's job says holds for all.</summary>
    private async Task<ChildFailure> FailureMeansAsync()
    {
        if (_failure is null) await TakeItemAsync();
        return _failure!.Value;
    }
}
