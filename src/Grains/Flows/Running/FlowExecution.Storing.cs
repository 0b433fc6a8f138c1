using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>What goes to the partition and comes from it, one call at a time.</summary>
internal sealed partial class FlowExecution
{
    private void Flush()
    {
        if (_calling || _pending.IsEmpty || _over) return;
        var (change, stored) = _pending.Take();
        var seen = Memory.Seen;
        Call(() => _line.ChangeAsync(change, seen), answered =>
        {
            switch (answered.Answer.Kind)
            {
                case FlowAnswerKind.Stored:
                    _job.HasOvercome = true;
                    _job.NoteNews();
                    Memory.Started(change.Children, change.Totals);
                    if (answered.News is { } news) Memory.Take(news, answered.Asked);
                    else foreach (var step in change.Steps) Memory.Remember(step);
                    Learned();
                    foreach (var then in stored) _pump.Complete(then);
                    break;
                case FlowAnswerKind.Refused:
                    Fail(answered.Answer.Error ?? new JobError(JobErrorCodes.FlowTooLong, null, "A bound of flows would be passed."));
                    break;
                default:
                    End(new FlowEnd(AttemptEnding.Returned));
                    break;
            }
        });
    }

    private void ReadOn(Action? then = null)
    {
        _news = false;
        var (seen, asked) = (Memory.Seen, Now);
        Call(() => _line.ReadAsync(seen), pages =>
        {
            if (pages is null)
            {
                End(new FlowEnd(AttemptEnding.Returned));
                return;
            }

            Memory.Take(pages, asked);
            Learned();
            then?.Invoke();
        });
    }

    private void Call<T>(Func<Task<T>> call, Action<T> then)
    {
        _calling = true;
        Do(call, answer =>
        {
            _calling = false;
            then(answer);
        }, exception =>
        {
            _calling = false;
            if (exception is not FlowUnavailableException) Threw(exception);
            else EndUnheard();
        });
    }

    /// <summary>Something may have come that ends a wait.</summary>
    private void Learned()
    {
        _ready.Clear();
        foreach (var wait in _open)
        {
            if (wait.Place(Memory) is { } place) _ready.Enqueue(wait, place);
        }
    }

    /// <summary>A signal whose time is over is given up only when it is known not to have come.</summary>
    private bool LooksOnce()
    {
        var now = Now;
        if (!_timed.Any(wait => wait.AlwaysMarks && wait.Until(Memory) is { } until && until <= now && Memory.ReadAt < until)) return false;
        _news = true;
        return true;
    }

    private bool IsSoonOver() => NextDue() is { } due && due - Now <= Soon;

    private DateTimeOffset? NextDue()
    {
        DateTimeOffset? next = null;
        foreach (var wait in _timed)
        {
            if (!wait.IsMarked && wait.Until(Memory) is { } until && !(next < until)) next = until;
        }

        return next;
    }

    /// <summary>Steps run: what comes meanwhile is read when it is told of, and looked for now and then.</summary>
    private void StayAwake()
    {
        // Of what came between the lease and the start nobody was told.
        if ((_news || (Memory.ReadAt == DateTimeOffset.MinValue && _open.Count > 1)) && !_calling) ReadOn();
        if (_open.Count == 0) return;
        var wait = NextDue() - Now is { } left && left < LookAround ? left : LookAround;
        if (wait < TimeSpan.FromMilliseconds(1)) wait = TimeSpan.FromMilliseconds(1);
        _timer ??= _services.Time.CreateTimer(static state => ((FlowExecution)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer() => _pump.Enqueue(() =>
    {
        if (Now - Memory.ReadAt >= LookAround) _news = true;
    });
}
