using System.Text;
using System.Text.Json;
using Orleans.Runtime;

namespace OrleansJobs.Tests.Client;

public class FollowTests
{
    private readonly FakeGrid _grid = new();
    private readonly ManualTime _time = new();
    private readonly JobHandle _job;
    private readonly List<long> _watchedAfter = [];

    public FollowTests() => _job = new JobClient(_grid.Factory, _time).Get("job");

    [Fact]
    public async Task Watch_GoesOnUntilTheEnd()
    {
        Streams([[Status(1), Status(3), Status(7, JobState.Success)]]);
        Assert.Equal([1, 3, 7], await WatchAsync());
        Assert.Equal([0], _watchedAfter);
    }

    [Fact]
    public async Task Watch_WhenTheStreamBreaks_GoesOnByVersionAndNeverBack()
    {
        Streams(
            [Status(1), Status(3), new SiloUnavailableException("lost")],
            [new EnumerationAbortedException("moved")],
            [Status(2), Status(3), Status(5), new TimeoutException()],
            [Status(9, JobState.Failure)]);
        Assert.Equal([1, 3, 5, 9], await WatchAsync());
        Assert.Equal([0, 3, 3, 5], _watchedAfter);
    }

    [Fact]
    public async Task Watch_WhenTheGrainEndsTheStreamBeforeTheJobEnds_GoesOn()
    {
        _grid.Job.OnStatus = () => Task.FromResult<JobStatus?>(Status(1));
        Streams([Status(1)], [Status(2, JobState.Revoked)]);
        Assert.Equal([1, 2], await WatchAsync());
    }

    [Fact]
    public async Task Watch_WhenTheEndWasMissed_TellsIt()
    {
        _grid.Job.OnStatus = () => Task.FromResult<JobStatus?>(Status(4, JobState.Success));
        Streams([[Status(1)]]);
        Assert.Equal([1, 4], await WatchAsync());
    }

    [Fact]
    public async Task Watch_FromTheLastVersionOfAFinishedJob_EndsAtOnce()
    {
        _grid.Job.OnStatus = () => Task.FromResult<JobStatus?>(Status(4, JobState.Success));
        Streams([[]]);
        Assert.Empty(await WatchAsync(afterVersion: 4));
    }

    [Fact]
    public async Task Watch_WhenThereIsNoJob_SaysSo()
    {
        Streams([[]]);
        Assert.Equal("job", (await Assert.ThrowsAsync<JobNotFoundException>(() => WatchAsync())).Id);
    }

    [Fact]
    public async Task Watch_WhenTheJobIsRemovedMeanwhile_SaysSo()
    {
        Streams([Status(1), new EnumerationAbortedException()], []);
        await Assert.ThrowsAsync<JobNotFoundException>(() => WatchAsync());
    }

    [Fact]
    public async Task Watch_WhenThereIsNoAnswer_LosesPatience()
    {
        _grid.Job.OnWatch = _ => Stream([new SiloUnavailableException("away")]);
        var started = _time.GetUtcNow();
        await Assert.ThrowsAsync<GridUnavailableException>(() => WatchAsync());
        Assert.InRange(_time.GetUtcNow() - started, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2.2));
    }

    [Fact]
    public async Task Watch_WhenTheGridAnswersNowAndThen_KeepsPatience()
    {
        var streams = 0;
        _grid.Job.OnWatch = _ => ++streams == 400
            ? Stream([Status(streams, JobState.Success)])
            : Stream(streams % 20 == 0 ? [Status(streams), new SiloUnavailableException("away")] : [new SiloUnavailableException("away")]);
        var started = _time.GetUtcNow();
        Assert.Equal(20, (await WatchAsync()).Count);
        Assert.True(_time.GetUtcNow() - started > TimeSpan.FromMinutes(4));
    }

    [Fact]
    public async Task Watch_WhenAGrainFails_PassesItOn()
    {
        Streams([[new InvalidOperationException("a defect")]]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => WatchAsync());
    }

    [Fact]
    public async Task Watch_WhenTheCallerLeaves_IsCancelled()
    {
        using var cancel = new CancellationTokenSource();
        _grid.Job.OnWatch = _ => Stream([Status(1), new EnumerationAbortedException()]);
        var watch = _job.WatchAsync(cancel.Token).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await watch.MoveNextAsync());
    }

    [Fact]
    public async Task Wait_AsksForTheEndAlone_OverLostAnswers()
    {
        var asked = new List<long>();
        Queue<object> answers = new([Status(2), new TimeoutException(), new SiloUnavailableException(), Status(5, JobState.Failure)]);
        _grid.Partition().OnWait = (_, version) =>
        {
            asked.Add(version);
            return answers.Dequeue() is var answer && answer is Exception exception ? Task.FromException<JobStatus?>(exception) : Task.FromResult((JobStatus?)answer);
        };

        Assert.Equal(5, (await _time.RunAsync(_job.WaitAsync())).Version);
        Assert.Equal([long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue], asked);
    }

    [Fact]
    public async Task Wait_WhenThereIsNoJob_SaysSo() => await Assert.ThrowsAsync<JobNotFoundException>(() => _job.WaitAsync());

    [Fact]
    public async Task Wait_WhenThereIsNoAnswer_LosesPatience()
    {
        _grid.Partition().OnWait = (_, _) => throw new TimeoutException("slow");
        var exception = await Assert.ThrowsAsync<GridUnavailableException>(() => _time.RunAsync(_job.WaitAsync()));
        Assert.IsType<TimeoutException>(exception.InnerException);
    }

    [Fact]
    public async Task Wait_WhenTheCallerLeaves_IsCancelled()
    {
        using var cancel = new CancellationTokenSource();
        _grid.Partition().OnWait = (_, _) => new TaskCompletionSource<JobStatus?>().Task;
        var wait = _job.WaitAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public async Task Result_OfASuccess_IsRead()
    {
        Ends(Status(1, JobState.Success) with { Result = Encoding.UTF8.GetBytes("""{"url":"/a"}""") });
        Assert.Equal(new Thumbnail("/a"), await _job.ResultAsync<Thumbnail>());
        Ends(Status(1, JobState.Success) with { Result = "null"u8.ToArray() });
        Assert.Null(await _job.ResultAsync<Thumbnail>());
        Ends(Status(1, JobState.Success) with { Result = "[]"u8.ToArray() });
        await Assert.ThrowsAsync<JsonException>(() => _job.ResultAsync<Thumbnail>());
    }

    [Fact]
    public async Task Result_OfAnythingElse_IsAnExceptionThatSaysWhy()
    {
        Ends(Status(1, JobState.Failure) with { Error = new("error", "IOException", "disk full") });
        var failed = await Assert.ThrowsAsync<JobFailedException>(() => _job.ResultAsync<int>());
        Assert.Equal("Job 'job' failed (error): disk full", failed.Message);
        Assert.Equal("IOException", failed.Error.Type);
        Ends(Status(1, JobState.Failure) with { Error = new("expired", null, "late") });
        await Assert.ThrowsAsync<JobExpiredException>(() => _job.ResultAsync<int>());
        Ends(Status(1, JobState.Revoked));
        Assert.Equal(JobState.Revoked, (await Assert.ThrowsAsync<JobCancelledException>(() => _job.ResultAsync<int>())).Status.State);
    }

    [Fact]
    public async Task Status_WhenItsAnswerIsLost_IsAskedAgain()
    {
        Queue<Task<JobStatus?>> answers = new([Task.FromException<JobStatus?>(new TimeoutException()), Task.FromResult<JobStatus?>(Status(8))]);
        _grid.Job.OnStatus = answers.Dequeue;
        Assert.Equal(8, (await _time.RunAsync(_job.GetStatusAsync())).Version);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("..")]
    public void Get_OfAnIdThatNoJobCanHave_SaysSo(string? id)
    {
        var jobs = new JobClient(_grid.Factory, _time);
        Assert.Throws<ArgumentException>("id", () => jobs.Get(id!));
        Assert.Throws<ArgumentException>("id", () => jobs.Get<int>(id!));
    }

    [Fact]
    public async Task Status_WhenNoSiloWasMetYet_WaitsForOne()
    {
        _grid.IsMet = false;
        var status = _job.GetStatusAsync();
        _grid.Job.OnStatus = () => Task.FromResult<JobStatus?>(Status(8));
        _grid.IsMet = true;
        Assert.Equal(8, (await _time.RunAsync(status)).Version);
        _grid.IsMet = false;
        var exception = await Assert.ThrowsAsync<GridUnavailableException>(() => _time.RunAsync(_job.GetStatusAsync()));
        Assert.Contains("not met a silo", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_WhenThereIsNoJobOrNoGrid_SaysWhich()
    {
        await Assert.ThrowsAsync<JobNotFoundException>(() => _job.GetStatusAsync());
        _grid.Job.OnStatus = () => throw new SiloUnavailableException("away");
        await Assert.ThrowsAsync<GridUnavailableException>(() => _time.RunAsync(_job.GetStatusAsync()));
    }

    private void Ends(JobStatus status) => _grid.Partition().OnWait = (_, _) => Task.FromResult<JobStatus?>(status);

    private async Task<List<long>> WatchAsync(long afterVersion = 0)
    {
        return await _time.RunAsync(CollectAsync());

        async Task<List<long>> CollectAsync()
        {
            var versions = new List<long>();
            await foreach (var status in _job.WatchAsync(afterVersion)) versions.Add(status.Version);
            return versions;
        }
    }

    /// <summary>What each watch of the grain gives, one after the other.</summary>
    private void Streams(params object[][] streams)
    {
        var next = new Queue<object[]>(streams);
        _grid.Job.OnWatch = after =>
        {
            _watchedAfter.Add(after);
            return Stream(next.Dequeue());
        };
    }

    private static async IAsyncEnumerable<JobStatus> Stream(object[] items)
    {
        foreach (var item in items)
        {
            if (item is Exception exception) throw exception;
            yield return (JobStatus)item;
        }

        await Task.CompletedTask;
    }

    private static JobStatus Status(long version, JobState state = JobState.Progress) =>
        new() { Id = "job", Type = "a", Queue = "default", Version = version, State = state };

    private sealed record Thumbnail(string Url);
}
