namespace OrleansJobs.Tests.Client;

public class GatheringTests
{
    private readonly FakeGrid _grid = new(limits: new() { MaxBatch = 8, MaxArgsBytes = 2 << 20 });
    private readonly TaskCompletionSource _gate = new();
    private readonly ManualTime _time = new();
    private readonly JobClient _jobs;

    public GatheringTests() => _jobs = new JobClient(_grid.Factory, _time);

    [Fact]
    public async Task Submits_OneAfterTheOther_GoAloneAndAtOnce()
    {
        for (var i = 0; i < 5; i++) await Submit($"job-{i}");
        Assert.Equal(5, _grid.Calls.Count);
        Assert.All(_grid.Calls, call => Assert.False(call.Bulk));
    }

    [Fact]
    public async Task Submits_WhileCallsAreUnderWay_ShareTheNextOnes()
    {
        _grid.Decide = job => job.Id == "job-7" ? SubmitOutcome.Conflict : SubmitOutcome.Accepted;
        _grid.Gate = _gate.Task;
        var submits = Enumerable.Range(0, 20).Select(i => Submit($"job-{i}")).ToArray();
        Assert.Equal(2, _grid.Calls.Count);

        _gate.SetResult();
        var receipts = await Task.WhenAll(submits);

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"job-{i}"), receipts.Select(receipt => receipt.Id));
        Assert.Equal(["job-7"], receipts.Where(receipt => receipt.Outcome == SubmitOutcome.Conflict).Select(receipt => receipt.Id));
        Assert.Equal([1, 1, 2, 8, 8], _grid.Calls.Select(call => call.Jobs.Length).Order());
        Assert.Equal(2, _grid.Partition().MostCalls);
    }

    [Fact]
    public async Task Submits_ThatAreLarge_DoNotGatherBeyondAMegabyte()
    {
        _grid.Gate = _gate.Task;
        int[] sizes = [1, 1, 600_000, 600_000, 1_500_000, 10];
        var submits = sizes.Select((size, i) => Submit($"job-{i}", size)).ToArray();

        _gate.SetResult();
        await Task.WhenAll(submits);

        Assert.All(_grid.Calls, call => Assert.True(call.Jobs.Length == 1 || call.Jobs.Sum(job => job.Args.Length) <= 1 << 20));
        Assert.Equal(sizes.Length, _grid.Submitted.Count());
    }

    [Fact]
    public async Task Submits_WhoseCallerHasLeft_AreNotSent()
    {
        _grid.Gate = _gate.Task;
        using var cancel = new CancellationTokenSource();
        Task<SubmitReceipt>[] submits = [Submit("a"), Submit("b"), Submit("c", cancellation: cancel.Token), Submit("d")];

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => submits[2]);
        _gate.SetResult();
        await Task.WhenAll(submits[0], submits[1], submits[3]);

        Assert.Equal(["a", "b", "d"], _grid.Submitted.Select(job => job.Id).Order());
    }

    [Fact]
    public async Task Submits_WhoseSharedCallIsLost_AreEachSentAgain()
    {
        _grid.Gate = _gate.Task;
        var lost = false;
        _grid.Decide = job => job.Id == "job-4" && !lost && (lost = true) ? throw new TimeoutException() : job.MayExist ? SubmitOutcome.Replayed : SubmitOutcome.Accepted;
        var submits = Task.WhenAll(Enumerable.Range(0, 6).Select(i => Submit($"job-{i}")));

        _gate.SetResult();
        var receipts = await _time.RunAsync(submits);

        Assert.True(lost);
        Assert.Equal([0, 0, 1, 1, 1, 1], receipts.Select(receipt => (int)receipt.Outcome));
    }

    [Fact]
    public async Task Submits_BehindCallsThatHang_AreAnsweredInTime_HoweverManyThereAre()
    {
        _grid.Gate = _gate.Task;
        var (started, options) = (_time.GetUtcNow(), new JobClientOptions());
        var receipts = await _time.RunAsync(Task.WhenAll(Enumerable.Range(0, 60).Select(i => Submit($"job-{i}"))));

        Assert.All(receipts, receipt => Assert.Equal(SubmitOutcome.Unavailable, receipt.Outcome));
        Assert.InRange(_time.GetUtcNow() - started, TimeSpan.Zero, options.Deadline + options.TryTimeout);
        _gate.SetResult();
    }

    [Fact]
    public async Task Submits_AfterALostCall_GoOnAsBefore()
    {
        _grid.Trouble = () => new InvalidOperationException("a defect");
        for (var i = 0; i < 5; i++) await Assert.ThrowsAsync<InvalidOperationException>(() => Submit($"bad-{i}"));
        _grid.Trouble = null;
        _grid.Calls.Clear();

        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => Submit($"good-{i}")));

        Assert.Equal(5, _grid.Submitted.Count());
    }

    private Task<SubmitReceipt> Submit(string id, int size = 1, CancellationToken cancellation = default) =>
        _jobs.SubmitAsync(new JobSubmission { Id = id, Type = "a", Args = new byte[size] }, cancellation);
}
