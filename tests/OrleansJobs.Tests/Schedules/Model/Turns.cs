namespace OrleansJobs.Tests.Schedules.Model;

/// <summary>The turns of a grain, one after the other, taken when they are drawn.</summary>
internal sealed class Turns : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _waiting = new();

    public int Waiting
    {
        get
        {
            lock (_waiting) return _waiting.Count;
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_waiting) _waiting.Enqueue((d, state));
    }

    public void Take()
    {
        (SendOrPostCallback Callback, object? State) turn;
        lock (_waiting) turn = _waiting.Dequeue();
        turn.Callback(turn.State);
    }

    public void Clear()
    {
        lock (_waiting) _waiting.Clear();
    }
}
