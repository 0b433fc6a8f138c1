namespace OrleansJobs.Storage;

/// <summary>What somebody has handed in to the thread that writes.</summary>
internal abstract class SqliteWrite(int changes, bool mayBeRefused, long handedIn)
{
    public int Changes { get; } = changes;

    public bool MayBeRefused { get; } = mayBeRefused;

    public long HandedIn { get; } = handedIn;

    public abstract void Run(SqliteStatements statements);

    public abstract void Answer();

    public abstract void Fail(Exception exception);
}

internal sealed class SqliteWrite<T>(Func<SqliteStatements, T> work, int changes, bool mayBeRefused, long handedIn) : SqliteWrite(changes, mayBeRefused, handedIn)
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;
    private ArgumentException? _defect;

    public Task<T> Done => _done.Task;

    public override void Run(SqliteStatements statements)
    {
        try
        {
            _result = work(statements);
        }
        catch (ArgumentException defect)
        {
            // Found before anything was written: the others of the group are not to suffer.
            _defect = defect;
        }
    }

    public override void Answer()
    {
        if (_defect is not null) _done.TrySetException(_defect);
        else _done.TrySetResult(_result);
    }

    public override void Fail(Exception exception) => _done.TrySetException(exception);
}

/// <summary>The disk is full, and what was to be written is not.</summary>
internal sealed class DiskFullException() : Exception("The disk of the store's file is full.");
