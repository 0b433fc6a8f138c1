using Orleans.Runtime;

namespace OrleansJobs.Tests.Client;

public class ChangeTests
{
    private readonly FakeGrid _grid = new();
    private readonly ManualTime _time = new();
    private readonly JobHandle _job;

    public ChangeTests() => _job = new JobClient(_grid.Factory, _time).Get("job");

    [Fact]
    public async Task Change_AnswersWhetherItDidAnything()
    {
        Answers(Change(JobChangeOutcome.Done), Change(JobChangeOutcome.Done), Change(JobChangeOutcome.Done));
        Assert.True(await _job.CancelAsync());
        Assert.True(await _job.RetryAsync());
        Assert.True(await _job.DeleteAsync());
        Answers(Change(JobChangeOutcome.WrongState, JobState.Revoked), Change(JobChangeOutcome.WrongState, JobState.Success), Change(JobChangeOutcome.WrongState, JobState.Progress));
        Assert.False(await _job.CancelAsync());
        Assert.False(await _job.RetryAsync());
        Assert.False(await _job.DeleteAsync());
    }

    [Fact]
    public async Task Change_SaysWhoAsksForIt_AndWhy()
    {
        Answers(Change(JobChangeOutcome.Done), Change(JobChangeOutcome.Done), Change(JobChangeOutcome.Done));
        var job = new JobClient(_grid.Factory, _time, options: new() { Name = "orders" }).Get("job");
        await job.CancelAsync("Not paid.");
        await job.RetryAsync();
        Assert.Equal(new("orders", "Not paid."), _grid.Job.LastOrder);
        Assert.Equal(new("orders"), _grid.Partition().LastOrder);
        foreach (var name in new[] { "", new string('n', 129) }) Assert.Throws<ArgumentException>(() => new JobClient(_grid.Factory, _time, options: new() { Name = name }));
    }

    [Fact]
    public async Task Change_WhenThereIsNoJob_SaysSo()
    {
        Answers(Change(JobChangeOutcome.NotFound), Change(JobChangeOutcome.NotFound), Change(JobChangeOutcome.NotFound));
        await Assert.ThrowsAsync<JobNotFoundException>(() => _job.CancelAsync());
        await Assert.ThrowsAsync<JobNotFoundException>(() => _job.RetryAsync());
        await Assert.ThrowsAsync<JobNotFoundException>(() => _job.DeleteAsync());
    }

    [Fact]
    public async Task Change_WhoseFirstAnswerWasLost_CountsAsDoneWhereItShows()
    {
        Answers(new SiloUnavailableException(), Change(JobChangeOutcome.WrongState, JobState.Revoked));
        Assert.True(await _time.RunAsync(_job.CancelAsync()));
        Answers(Change(JobChangeOutcome.Unavailable), Change(JobChangeOutcome.WrongState, JobState.Pending));
        Assert.True(await _time.RunAsync(_job.RetryAsync()));
        Answers(new TimeoutException(), Change(JobChangeOutcome.NotFound));
        Assert.True(await _time.RunAsync(_job.DeleteAsync()));
        Answers(new TimeoutException(), Change(JobChangeOutcome.WrongState, JobState.Success));
        Assert.False(await _time.RunAsync(_job.CancelAsync()));
    }

    [Fact]
    public async Task Change_WhenTheStoreDoesNotAnswer_SaysThatItMayHaveHappened()
    {
        Answers([.. Enumerable.Repeat<object>(Change(JobChangeOutcome.Unavailable), 100)]);
        var exception = await Assert.ThrowsAsync<GridUnavailableException>(() => _time.RunAsync(_job.CancelAsync()));
        Assert.Contains("may or may not have happened", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Move_SaysWhenAndWhy_AndWhetherItDidAnything()
    {
        var due = new DateTimeOffset(2030, 1, 31, 12, 0, 0, TimeSpan.Zero);
        var gone = Change(JobChangeOutcome.WrongState, JobState.Progress);
        var moved = gone with { Status = gone.Status! with { Changes = [new("moved", "me", due, null)] } };
        Answers(Change(JobChangeOutcome.Done), Change(JobChangeOutcome.WrongState, JobState.Success), new TimeoutException(), moved, new TimeoutException(), gone);
        Assert.True(await _job.MoveAsync(due, "after the feast"));
        Assert.Equal((due, "after the feast"), (_grid.Partition().LastDue, _grid.Partition().LastOrder!.Reason));
        Assert.False(await _job.MoveAsync());
        Assert.Null(_grid.Partition().LastDue);
        // Run now, and the answer was lost: it runs already, because somebody has moved it.
        Assert.True(await _time.RunAsync(_job.MoveAsync()));
        Assert.False(await _time.RunAsync(_job.MoveAsync()));
    }

    private static JobChange Change(JobChangeOutcome outcome, JobState? state = null) =>
        new(outcome, state is { } known ? new JobStatus { Id = "job", Type = "a", Queue = "default", State = known } : null);

    private void Answers(params object[] answers)
    {
        var next = new Queue<object>(answers);
        _grid.Job.OnCancel = _grid.Partition().OnChange = () => next.Dequeue() switch
        {
            Exception exception => Task.FromException<JobChange>(exception),
            var change => Task.FromResult((JobChange)change),
        };
    }
}
