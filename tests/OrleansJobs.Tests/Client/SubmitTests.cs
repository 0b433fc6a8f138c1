using System.Text;
using System.Text.Json;
using Orleans.Runtime;

namespace OrleansJobs.Tests.Client;

public class SubmitTests
{
    private readonly FakeGrid _grid = new();
    private readonly ManualTime _time = new();
    private readonly JobClient _jobs;

    public SubmitTests() => _jobs = new JobClient(_grid.Factory, _time);

    private JobSubmission Sent => Assert.Single(_grid.Submitted);

    [Fact]
    public async Task Submit_SendsArgumentsAsWebJsonAndAnswersAHandle()
    {
        var handle = await _jobs.SubmitAsync("thumbnail", new ThumbnailArgs("a.png", 64));

        Assert.Equal("""{"fileName":"a.png","width":64}""", Encoding.UTF8.GetString(Sent.Args));
        Assert.Equal(("thumbnail", handle.Id, JobLimits.DefaultPriority), (Sent.Type, Sent.Id, Sent.Priority));
        Assert.Equal(SubmitOutcome.Accepted, handle.Receipt!.Outcome);
        Assert.False(Sent.MayExist);
        Assert.Null(Sent.Fingerprint);
        Assert.False(Assert.Single(_grid.Calls).Bulk);
    }

    [Fact]
    public async Task Submit_WithAnIdOfTheCaller_CarriesAFingerprint()
    {
        var handle = await _jobs.SubmitAsync("thumbnail", 1, new() { Id = "mine" });

        Assert.Equal("mine", handle.Id);
        Assert.Equal(SubmissionFingerprint.Of(Sent), Sent.Fingerprint);
    }

    [Fact]
    public async Task Submit_CarriesTheOptions_RoundedUpToMilliseconds()
    {
        await _jobs.SubmitAsync("thumbnail", 1, new()
        {
            Countdown = TimeSpan.FromMilliseconds(1.2), ExpiresAfter = TimeSpan.FromTicks(1), Timeout = TimeSpan.FromSeconds(2), Retention = TimeSpan.FromHours(1),
            Priority = 9, Queue = "media", Retry = new() { Attempts = 5 }, Tags = new Dictionary<string, string> { ["tenant"] = "acme" },
        });

        Assert.Equal((2L, 1L, 2000L, 3_600_000L), (Sent.Countdown, Sent.ExpiresAfter, Sent.Timeout, Sent.Retention));
        Assert.Equal((9, "media", 5), (Sent.Priority, Sent.Queue, Sent.Retry!.Attempts));
        Assert.Equal([new JobTag("tenant", "acme")], Sent.Tags);
    }

    [Fact]
    public async Task Submit_WithAttempts_LeavesTheRestOfThePolicyToTheHandler_AndTakesNoPolicyBeside()
    {
        await _jobs.SubmitAsync("thumbnail", 1, new() { Attempts = 5 });
        Assert.Equal((5, null), (Sent.Attempts, Sent.Retry));

        foreach (var wrong in (SubmitOptions[])[new() { Attempts = 0 }, new() { Attempts = 101 }, new() { Attempts = 5, Retry = new() }])
        {
            var exception = await Assert.ThrowsAsync<JobRejectedException>(() => _jobs.SubmitAsync("thumbnail", 1, wrong));
            Assert.Equal("/attempts", Assert.Single(exception.Problems).Pointer);
        }
    }

    [Fact]
    public async Task Submit_WithAnEtaBetweenTwoMilliseconds_IsNotEarly()
    {
        var eta = _time.GetUtcNow().AddSeconds(1).AddTicks(1);
        await _jobs.SubmitAsync("thumbnail", 1, new() { Eta = eta });
        Assert.Equal(eta.ToUnixTimeMilliseconds() + 1, Sent.Eta);
    }

    [Fact]
    public async Task AnIdThatOnlyTheGridDerives_IsNobodysOwn()
    {
        var refused = await Assert.ThrowsAsync<JobRejectedException>(() => _jobs.SubmitAsync("thumbnail", 1, new() { Id = JobIds.DerivedPrefix + "mine" }));
        Assert.Equal("/id", Assert.Single(refused.Problems).Pointer);
        Assert.Empty(_grid.Submitted);
    }

    [Fact]
    public async Task Submit_TypedByHandler_TakesNameAndQueueFromIt()
    {
        JobHandle<Thumbnail> handle = await _jobs.SubmitAsync<ThumbnailJob, ThumbnailArgs, Thumbnail>(new("a.png", 64));
        Assert.Equal(("thumbnail", "media", handle.Id), (Sent.Type, Sent.Queue, Sent.Id));
        Assert.Equal(0, _grid.TypeReads);
    }

    [Fact]
    public async Task Submit_TypedByHandlerWithoutResult_TakesNameAndQueueFromIt()
    {
        await _jobs.SubmitAsync<CleanJob, int>(3);
        Assert.Equal(("clean", JobLimits.DefaultQueue), (Sent.Type, Sent.Queue));
    }

    [Fact]
    public async Task Submit_TypedByJobType_InfersTheRest()
    {
        var make = new JobType<ThumbnailArgs, Thumbnail>("thumbnail", Queue: "media");
        JobHandle<Thumbnail> handle = await _jobs.SubmitAsync(make, new("a.png", 64));
        Assert.Equal(("thumbnail", "media", handle.Id), (Sent.Type, Sent.Queue, Sent.Id));
    }

    [Fact]
    public async Task Submit_TypedByHandlerWithoutName_SaysSo()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => _jobs.SubmitAsync<NamelessJob, int, int>(1));
        Assert.Equal("NamelessJob has no [Job(\"name\")] attribute.", exception.Message);
    }

    [Fact]
    public async Task Submit_WithoutAQueue_GoesWhereTheHandlerSays()
    {
        _grid.Types = [new JobTypeInfo { Name = "thumbnail", Queue = "media" }];
        await _jobs.SubmitAsync("thumbnail", 1);
        await _jobs.SubmitAsync("other", 1);
        await _jobs.SubmitAsync("thumbnail", 1, new() { Queue = "mine" });

        Assert.Equal(["media", "default", "mine"], _grid.Submitted.Select(job => job.Queue));
        Assert.Equal(1, _grid.TypeReads);
    }

    [Fact]
    public async Task Submits_ThatNeedTheTypesAtTheSameTime_ShareOneRead()
    {
        var (gate, submits) = (new TaskCompletionSource(), new List<Task>());
        _grid.TypesGate = gate.Task;
        for (var i = 0; i < 50; i++) submits.Add(_jobs.SubmitAsync("unknown", 1, new() { Queue = "mine" }));
        gate.SetResult();
        await Task.WhenAll(submits);
        Assert.Equal((1, 50), (_grid.TypeReads, _grid.Submitted.Count()));
    }

    [Fact]
    public async Task Submit_OfATypeThatASiloBroughtSince_IsLookedUpAgain()
    {
        await _jobs.SubmitAsync("thumbnail", 1);
        _grid.Types = [new JobTypeInfo { Name = "thumbnail", Queue = "media" }];
        await _jobs.SubmitAsync("thumbnail", 1);
        _time.Advance(TimeSpan.FromSeconds(6));
        await _jobs.SubmitAsync("thumbnail", 1);

        Assert.Equal(["default", "default", "media"], _grid.Submitted.Select(job => job.Queue));
    }

    [Fact]
    public async Task Submit_WhenAQueueChanges_LearnsOfItWithoutMakingAnybodyWait()
    {
        _grid.Types = [new JobTypeInfo { Name = "thumbnail", Queue = "old" }];
        await _jobs.SubmitAsync("thumbnail", 1);
        _grid.Types = [new JobTypeInfo { Name = "thumbnail", Queue = "new" }];
        _time.Advance(TimeSpan.FromSeconds(61));
        await _jobs.SubmitAsync("thumbnail", 1);
        await _jobs.SubmitAsync("thumbnail", 1);

        Assert.Equal("old", _grid.Submitted.First().Queue);
        Assert.Equal("new", _grid.Submitted.Last().Queue);
    }

    [Fact]
    public async Task Submit_WhenTheGridRefuses_ThrowsWhatFits()
    {
        _grid.Decide = _ => SubmitOutcome.Conflict;
        Assert.Equal("mine", (await Assert.ThrowsAsync<JobConflictException>(() => _jobs.SubmitAsync("a", 1, new() { Id = "mine" }))).Id);
        _grid.Decide = _ => SubmitOutcome.Overloaded;
        Assert.Equal(TimeSpan.FromSeconds(7), (await Assert.ThrowsAsync<GridOverloadedException>(() => _jobs.SubmitAsync("a", 1))).RetryAfter);
        _grid.Decide = _ => SubmitOutcome.Rejected;
        await Assert.ThrowsAsync<JobRejectedException>(() => _jobs.SubmitAsync("a", 1));
        Assert.Equal(3, _grid.Calls.Count);
    }

    [Fact]
    public async Task Submit_ThatBreaksARule_IsRefusedWithoutACall()
    {
        var exception = await Assert.ThrowsAsync<JobRejectedException>(() =>
            _jobs.SubmitAsync("not a name", new string('x', 300_000), new() { Countdown = TimeSpan.FromSeconds(-1) }));

        Assert.Equal(["/type", "/args", "/countdown"], exception.Problems.Select(problem => problem.Pointer));
        Assert.Empty(_grid.Calls);
    }

    [Fact]
    public async Task Submit_OfWhatJsonCannotSay_IsRefused()
    {
        await Assert.ThrowsAsync<JobRejectedException>(() => _jobs.SubmitAsync("a", double.NaN));
        await Assert.ThrowsAsync<JobRejectedException>(() => _jobs.SubmitAsync("a", typeof(string)));
        var cycle = new Node();
        cycle.Next = cycle;
        var exception = await Assert.ThrowsAsync<JobRejectedException>(() => _jobs.SubmitAsync("a", cycle));
        Assert.Equal("/args", Assert.Single(exception.Problems).Pointer);
        Assert.IsType<JsonException>(exception.InnerException);
        Assert.Empty(_grid.Calls);
    }

    [Theory]
    [InlineData(typeof(SiloUnavailableException))]
    [InlineData(typeof(EnumerationAbortedException))]
    [InlineData(typeof(GatewayTooBusyException))]
    [InlineData(typeof(Orleans.Runtime.Messaging.ConnectionFailedException))]
    [InlineData(typeof(TimeoutException))]
    [InlineData(typeof(TaskCanceledException))]
    public async Task Submit_WhenItsAnswerIsLost_AsksAgainUnderTheSameId(Type failure)
    {
        await _jobs.SubmitAsync("a", 1);
        _grid.Calls.Clear();
        _grid.Trouble = () =>
        {
            _grid.Trouble = null;
            return (Exception)Activator.CreateInstance(failure, "lost")!;
        };

        var handle = await _time.RunAsync(_jobs.SubmitAsync("a", 1));

        Assert.Equal(2, _grid.Calls.Count);
        Assert.All(_grid.Submitted, job => Assert.Equal(handle.Id, job.Id));
        Assert.Equal([false, true], _grid.Submitted.Select(job => job.MayExist));
    }

    [Fact]
    public async Task Submit_WhenTheStoreIsSlow_AsksAgain()
    {
        _grid.Decide = job => job.MayExist ? SubmitOutcome.Replayed : SubmitOutcome.Unavailable;
        var handle = await _time.RunAsync(_jobs.SubmitAsync("a", 1));
        Assert.Equal(SubmitOutcome.Replayed, handle.Receipt!.Outcome);
        Assert.Equal(2, _grid.Calls.Count);
    }

    [Fact]
    public async Task Submit_WhenThereIsNoAnswerUntilTheDeadline_NamesTheId()
    {
        _grid.Decide = _ => SubmitOutcome.Unavailable;
        var started = _time.GetUtcNow();

        var exception = await Assert.ThrowsAsync<GridUnavailableException>(() => _time.RunAsync(_jobs.SubmitAsync("a", 1, new() { Id = "mine" })));

        Assert.Contains("'mine'", exception.Message, StringComparison.Ordinal);
        Assert.InRange(_time.GetUtcNow() - started, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(14));
        Assert.InRange(_grid.Calls.Count, 5, 20);
    }

    [Fact]
    public async Task Submit_WhenACallHangs_GivesItUpAndAsksAgain()
    {
        _grid.Gate = new TaskCompletionSource().Task;
        var submit = _jobs.SubmitAsync("a", 1);
        _time.Advance(TimeSpan.FromSeconds(5.9));
        Assert.Single(_grid.Calls);
        _grid.Gate = Task.CompletedTask;

        var handle = await _time.RunAsync(submit);

        Assert.Equal(2, _grid.Calls.Count);
        Assert.Equal(SubmitOutcome.Accepted, handle.Receipt!.Outcome);
    }

    [Fact]
    public async Task Submit_AsItStands_MakesNoExceptionOfASilentGrid()
    {
        _grid.Trouble = () => new SiloUnavailableException("away");
        var receipt = await _time.RunAsync(_jobs.SubmitAsync(new JobSubmission { Id = "mine", Type = "a", Args = [(byte)'1'] }));
        Assert.Equal(("mine", SubmitOutcome.Unavailable, "away"), (receipt.Id, receipt.Outcome, receipt.Reason));
    }

    [Fact]
    public async Task Submit_WhenAGrainFails_PassesItOnAtOnce()
    {
        await _jobs.SubmitAsync("a", 1);
        _grid.Trouble = () => new InvalidOperationException("a defect");
        await Assert.ThrowsAsync<InvalidOperationException>(() => _jobs.SubmitAsync("a", 1));
        Assert.Equal(2, _grid.Calls.Count);
    }

    [Fact]
    public async Task Submit_WhenTheCallerLeaves_StopsTrying()
    {
        _grid.Decide = _ => SubmitOutcome.Unavailable;
        using var cancel = new CancellationTokenSource();
        var submit = _jobs.SubmitAsync("a", 1, cancellation: cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => submit);
        Assert.Single(_grid.Calls);
    }

    private sealed record ThumbnailArgs(string FileName, int Width);

    private sealed record Thumbnail(string Url);

    private sealed class Node
    {
        public Node? Next { get; set; }
    }

    [Job("thumbnail", Queue = "media")]
    private sealed class ThumbnailJob : IJob<ThumbnailArgs, Thumbnail>
    {
        public Task<Thumbnail> RunAsync(ThumbnailArgs args, JobContext job, CancellationToken cancellation) => throw new NotSupportedException();
    }

    [Job("clean")]
    private sealed class CleanJob : IJob<int>
    {
        public Task RunAsync(int args, JobContext job, CancellationToken cancellation) => throw new NotSupportedException();
    }

    private sealed class NamelessJob : IJob<int, int>
    {
        public Task<int> RunAsync(int args, JobContext job, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
