namespace OrleansJobs.Partitions;

/// <summary>What concerns one id is done one after the other, each until it has come to its end. Called in the turns of a grain.</summary>
/// <param name="deadline">For so long whoever comes waits for its turn, however many are before it.</param>
internal sealed class IdTurns(TimeSpan deadline, TimeProvider time)
{
    private readonly Dictionary<string, Task> _taken = [];

    public bool IsTaken(string id) => _taken.ContainsKey(id);

    /// <exception cref="TimeoutException">Its turn did not come: whoever asked has been answered by then, and nothing is to be done any more.</exception>
    public async Task<T> TakeAsync<T>(string id, Func<Task<T>> work)
    {
        var from = time.GetTimestamp();
        while (_taken.TryGetValue(id, out var other))
        {
            var left = deadline - time.GetElapsedTime(from);
            await other.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _taken.Add(id, done.Task);
        try
        {
            return await work();
        }
        finally
        {
            _taken.Remove(id);
            done.SetResult();
        }
    }
}
