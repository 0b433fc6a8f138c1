namespace OrleansJobs.Bench.Brokers.Rabbit;

/// <summary>Which of the messages of a channel are confirmed: the broker numbers them from 1, and confirms them in any order, one or all up to one.</summary>
internal sealed class Confirms
{
    /// <summary>Messages that may wait for their confirm at a time.</summary>
    public const int Capacity = 1 << 17;

    private readonly Lock _lock = new();
    private readonly Batch?[] _waiting = new Batch?[Capacity];
    private ulong _next = 1;
    private ulong _oldest = 1;
    private Exception? _fault;

    /// <summary>The next so many messages belong together.</summary>
    /// <returns>Ends when all of them are confirmed.</returns>
    public Task Expect(int count)
    {
        var batch = new Batch(count);
        lock (_lock)
        {
            if (_fault is not null) return Task.FromException(_fault);
            if (_next + (ulong)count - _oldest > Capacity) throw new InvalidOperationException($"More than {Capacity} messages wait for their confirm: have fewer in flight.");
            for (var i = 0; i < count; i++) _waiting[_next++ % Capacity] = batch;
        }

        return batch.Task;
    }

    public void Hear(ulong tag, bool multiple)
    {
        lock (_lock)
        {
            if (!multiple) Confirm(tag);
            for (; _oldest < _next && (_waiting[_oldest % Capacity] is null || (multiple && _oldest <= tag)); _oldest++) Confirm(_oldest);
        }
    }

    public void Fail(Exception fault)
    {
        lock (_lock)
        {
            _fault ??= fault;
            foreach (var batch in _waiting) batch?.TrySetException(_fault);
        }
    }

    private void Confirm(ulong tag)
    {
        if (tag < _oldest || tag >= _next || _waiting[tag % Capacity] is not { } batch) return;
        _waiting[tag % Capacity] = null;
        if (--batch.Left == 0) batch.TrySetResult();
    }

    private sealed class Batch(int count) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Left = count;
    }
}
