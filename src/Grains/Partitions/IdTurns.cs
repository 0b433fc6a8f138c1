namespace OrleansJobs.Partitions;

/// <summary>What concerns one id is done one after the other, each until it has come to its end. Called in the turns of a grain.</summary>
/// <param name="deadline">For so long whoever comes waits for its turn, however many are before it.</param>
internal sealed class IdTurns(TimeSpan deadline, TimeProvider time)
{
    /// <summary>The last of each id: who comes waits for it, so that nobody overtakes whoever came before.</summary>
    private readonly Dictionary<string, Task> _last = [];

    public bool IsTaken(string id) => _last.ContainsKey(id);

    /// <exception cref="TimeoutException">Its turn did not come: whoever asked has been answered by then, and nothing is to be done any more.</exception>
    public async Task<T> TakeAsync<T>(string id, Func<Task<T>> work)
    {
        var before = _last.GetValueOrDefault(id, Task.CompletedTask);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _last[id] = done.Task;
        try
        {
            await before.WaitAsync(deadline, time);
        }
        catch (TimeoutException)
        {
            _ = PassOnAsync(id, before, done);
            throw;
        }

        try
        {
            return await work();
        }
        finally
        {
            End(id, done);
        }
    }

    /// <summary>Who has given up still stands between those before it and those behind it.</summary>
    private async Task PassOnAsync(string id, Task before, TaskCompletionSource done)
    {
        await before;
        End(id, done);
    }

    private void End(string id, TaskCompletionSource done)
    {
        if (_last[id] == done.Task) _last.Remove(id);
        done.SetResult();
    }
}
