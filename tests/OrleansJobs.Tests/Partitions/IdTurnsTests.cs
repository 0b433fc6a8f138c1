using OrleansJobs.Partitions;
using OrleansJobs.Tests.Client;
using OrleansJobs.Tests.Schedules.Model;

namespace OrleansJobs.Tests.Partitions;

/// <summary>What concerns one id is done one after the other, and nobody waits for longer than one deadline, however many were before.</summary>
public sealed class IdTurnsTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly SynchronizationContext? _context = SynchronizationContext.Current;
    private readonly ManualTime _time = new();
    private readonly Turns _turns = new();
    private readonly IdTurns _ids;

    public IdTurnsTests()
    {
        _ids = new(Deadline, _time);
        SynchronizationContext.SetSynchronizationContext(_turns);
    }

    public void Dispose() => SynchronizationContext.SetSynchronizationContext(_context);

    [Fact]
    public void Work_OfOneId_IsDoneInTurn_AndOfAnotherBesideIt()
    {
        var gate = new TaskCompletionSource<int>();
        var first = _ids.TakeAsync("a", () => gate.Task);
        var began = false;
        var second = _ids.TakeAsync("a", () =>
        {
            began = true;
            return Task.FromResult(2);
        });
        Assert.Equal(3, Result(_ids.TakeAsync("b", () => Task.FromResult(3))));
        Assert.Equal((false, true, false), (began, _ids.IsTaken("a"), _ids.IsTaken("b")));
        gate.SetResult(1);
        Assert.Equal((1, 2), (Result(first), Result(second)));
        Assert.False(_ids.IsTaken("a"));
    }

    [Fact]
    public void Work_ThatFails_GivesItsTurnOn()
    {
        Assert.Throws<IOException>(() => Result(_ids.TakeAsync("a", () => Task.FromException<int>(new IOException()))));
        Assert.Equal(1, Result(_ids.TakeAsync("a", () => Task.FromResult(1))));
    }

    [Fact]
    public void WhoWaits_WaitsForAllBeforeItTogether_NotForEach()
    {
        TaskCompletionSource<int>[] gates = [new(), new()];
        var (began, came) = (false, false);
        var first = _ids.TakeAsync("a", () => gates[0].Task);
        var second = _ids.TakeAsync("a", () =>
        {
            began = true;
            return gates[1].Task;
        });
        var third = _ids.TakeAsync("a", () =>
        {
            came = true;
            return Task.FromResult(3);
        });
        _time.Advance(Deadline * 0.6);
        gates[0].SetResult(1);
        // The third waits for the second, and has four seconds left.
        Until(() => began && _time.Timers == 1);
        _time.Advance(Deadline * 0.5);
        Assert.Throws<TimeoutException>(() => Result(third));
        Assert.False(came);
        gates[1].SetResult(2);
        Assert.Equal((1, 2), (Result(first), Result(second)));
    }

    [Fact]
    public void WhoComesBehindOneThatHasGivenUp_StillComesBehindThoseBeforeIt()
    {
        TaskCompletionSource<int> gate = new();
        var first = _ids.TakeAsync("a", () => gate.Task);
        var second = _ids.TakeAsync("a", () => Task.FromResult(2));
        _time.Advance(Deadline * 0.6);
        var third = _ids.TakeAsync("a", () => Task.FromResult(3));
        _time.Advance(Deadline * 0.5);
        Assert.Throws<TimeoutException>(() => Result(second));
        Assert.False(third.IsCompleted);
        gate.SetResult(1);
        Assert.Equal((1, 3), (Result(first), Result(third)));
        Assert.False(_ids.IsTaken("a"));
    }

    [Fact]
    public void ManyOfOneId_AreDoneInTheOrderInWhichTheyCame()
    {
        var order = new List<int>();
        var all = Enumerable.Range(0, 100).Select(number => _ids.TakeAsync("a", async () =>
        {
            await Task.Yield();
            order.Add(number);
            return number;
        })).ToList();
        Assert.Equal(Enumerable.Range(0, 100), all.Select(Result));
        Assert.Equal(Enumerable.Range(0, 100), order);
    }

    private T Result<T>(Task<T> task)
    {
        Until(() => task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Takes turns; a wait with a deadline completes in another thread, and goes on in one.</summary>
    private void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(
        () =>
        {
            while (_turns.Waiting > 0) _turns.Take();
            return condition();
        },
        Patience));
}
