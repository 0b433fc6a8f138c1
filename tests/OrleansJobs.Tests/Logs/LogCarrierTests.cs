using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobs.Logs;
using OrleansJobs.Tests.Client;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Logs;

/// <summary>How lines travel from attempts to partitions: how often, what goes with a report, and what becomes of answers that are lost.</summary>
public class LogCarrierTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();
    private readonly LogOptions _options = new() { MaxLines = 5, MaxLineLength = 64 };
    private readonly FakeIntake _intake = new();

    [Fact]
    public async Task HoweverManyJobsLog_APartitionHasOneCallAnInterval()
    {
        using var carrier = Carrier();
        var logs = Enumerable.Range(0, 50).Select(i => Log(carrier, $"j{i}")).ToArray();
        foreach (var log in logs) for (var i = 0; i < 20; i++) log.Add(i, JobLogLevel.Information, $"line {i}");
        Assert.Empty(_intake.Calls);
        _time.Advance(Interval);
        await _intake.CalledAsync(1);
        var call = Assert.Single(_intake.Calls);
        Assert.Equal(50, call.Length);
        // The newest lines, with their numbers.
        Assert.All(call, lines => Assert.Equal([16, 17, 18, 19, 20], lines.Lines.Select(line => line.Number)));
        Answered(carrier);
        _time.Advance(Interval * 10);
        Assert.Single(_intake.Calls);
        Assert.Equal(0, _time.Timers);
    }

    [Fact]
    public async Task WhileACallIsUnderWay_ThereIsNoOther()
    {
        _intake.Hold();
        using var carrier = Carrier();
        var log = Log(carrier, "a");
        log.Add(1, JobLogLevel.Information, "one");
        _time.Advance(Interval);
        await _intake.CalledAsync(1);
        log.Add(2, JobLogLevel.Information, "two");
        Log(carrier, "b").Add(2, JobLogLevel.Information, "b");
        _time.Advance(Interval * 3);
        Assert.Single(_intake.Calls);
        _intake.Release();
        Answered(carrier);
        _time.Advance(Interval);
        await _intake.CalledAsync(2);
        Assert.Equal(["a: two", "b: b"], Texts(_intake.Calls[1]).Order());
    }

    [Fact]
    public async Task AnAnswerThatIsLost_HasTheLinesSentAgain()
    {
        _intake.Answer = _ => throw new TimeoutException();
        using var carrier = Carrier();
        var log = Log(carrier, "a");
        log.Add(1, JobLogLevel.Information, "one");
        _time.Advance(Interval);
        await _intake.CalledAsync(1);
        Answered(carrier);
        _intake.Answer = lines => Array.ConvertAll(lines, _ => LogAnswer.Stored);
        log.Add(2, JobLogLevel.Information, "two");
        _time.Advance(Interval);
        await _intake.CalledAsync(2);
        Assert.Equal(["a: one", "a: two"], Texts(_intake.Calls[1]));
    }

    [Fact]
    public async Task WhatIsNotAcknowledged_GoesWithTheReport()
    {
        _intake.Hold();
        using var carrier = Carrier();
        var log = Log(carrier, "a");
        log.Add(1, JobLogLevel.Information, "one");
        _time.Advance(Interval);
        await _intake.CalledAsync(1);
        log.Add(2, JobLogLevel.Warning, "two", "IOException", "disk");
        var last = log.Close()!;
        Assert.Equal([new LogLine(1, 1, JobLogLevel.Information, "one"), new LogLine(2, 2, JobLogLevel.Warning, "two", "IOException", "disk")], last.Lines);
        log.Add(3, JobLogLevel.Information, "too late");
        Assert.Null(log.Close());
        _intake.Release();
        Answered(carrier);
        _time.Advance(Interval * 3);
        Assert.Single(_intake.Calls);
    }

    [Fact]
    public void AShortJob_CostsNoCall()
    {
        using var carrier = Carrier();
        var log = Log(carrier, "a");
        log.Add(1, JobLogLevel.Information, "one");
        Assert.Single(log.Close()!.Lines);
        _time.Advance(Interval * 3);
        Assert.Empty(_intake.Calls);
    }

    [Fact]
    public async Task AStaleAttempt_IsHeardNoMore_AndAFullStoreLater()
    {
        _intake.Answer = lines => Array.ConvertAll(lines, one => one.Lease.Id == "gone" ? LogAnswer.Stale : LogAnswer.Later);
        using var carrier = Carrier();
        var (gone, kept) = (Log(carrier, "gone"), Log(carrier, "kept"));
        gone.Add(1, JobLogLevel.Information, "one");
        kept.Add(1, JobLogLevel.Information, "one");
        _time.Advance(Interval);
        await _intake.CalledAsync(1);
        Answered(carrier);
        gone.Add(2, JobLogLevel.Information, "two");
        _time.Advance(Interval);
        await _intake.CalledAsync(2);
        Assert.Equal(["kept: one"], Texts(_intake.Calls[1]));
        Assert.Null(gone.Close());
    }

    [Fact]
    public void LongLines_AreClipped_AndNumberedOnesCountOnce()
    {
        using var carrier = Carrier();
        var log = Log(carrier, "a");
        log.AddNumbered([new(1, 1, JobLogLevel.Information, new string('x', 1000)), new(2, 1, JobLogLevel.Information, "two")]);
        log.AddNumbered([new(2, 1, JobLogLevel.Information, "two"), new(9, 1, JobLogLevel.Information, "nine")]);
        var lines = log.Close()!.Lines;
        Assert.Equal([1, 2, 9], lines.Select(line => line.Number));
        Assert.Equal(64, lines[0].Text.Length);
    }

    [Fact]
    public async Task ACallIsBounded_AndTheOthersGoWithTheNext()
    {
        (_options.MaxLines, _options.MaxLineLength, _options.MaxBytes) = (200, 16384, 1 << 20);
        using var carrier = Carrier();
        for (var i = 0; i < 12; i++)
        {
            var log = Log(carrier, $"j{i}");
            for (var line = 0; line < 20; line++) log.Add(line, JobLogLevel.Information, new string('x', 16000));
        }

        _time.Advance(Interval);
        await _intake.CalledAsync(1);
        Answered(carrier);
        _time.Advance(Interval);
        await _intake.CalledAsync(2);
        Assert.True(_intake.Calls[0].Sum(lines => lines.Size) <= LogCarrier.MaxCallBytes + (400 << 10));
        Answered(carrier);
        _time.Advance(Interval);
        await _intake.CalledAsync(3);
        Assert.Equal(12, _intake.Calls.Sum(call => call.Length));
    }

    [Fact]
    public void WhereASiloHasAsManyLinesAsItMay_WhoSpeaksLosesItsOwnOldest()
    {
        (_options.MaxLines, _options.MaxBytes) = (200, 1 << 20);
        using var carrier = new LogCarrier(_ => _intake, _time, _options, NullLogger.Instance, maxWaiting: 1000);
        var logs = Enumerable.Range(0, 20).Select(i => Log(carrier, $"j{i}")).ToArray();
        for (var line = 0; line < 50; line++) foreach (var log in logs) log.Add(line, JobLogLevel.Information, $"line {line}");
        // One line of each, whatever the bound.
        Assert.InRange(carrier.Waiting, 1, 1000 + 20 * 40);
        Assert.All(logs, log => Assert.Equal("line 49", log.Close()!.Lines[^1].Text));
        Assert.Equal(0, carrier.Waiting);
    }

    [Fact]
    public async Task WhatWaits_IsWeighedOnceItHasGone()
    {
        using var carrier = Carrier();
        _intake.Answer = lines => Array.ConvertAll(lines, one => one.Lease.Id == "stale" ? LogAnswer.Stale : LogAnswer.Stored);
        foreach (var id in new[] { "stale", "stored" }) Log(carrier, id).Add(1, JobLogLevel.Information, "one");
        Assert.NotEqual(0, carrier.Waiting);
        _time.Advance(Interval);
        await _intake.CalledAsync(1);
        Answered(carrier);
        Assert.Equal(0, carrier.Waiting);
    }

    [Fact]
    public void ALevelThatIsNone_IsTheHeaviest()
    {
        using var carrier = Carrier();
        var log = Log(carrier, "a");
        log.Add(1, (JobLogLevel)6, "none of .NET");
        Assert.Equal(JobLogLevel.Critical, Assert.Single(log.Close()!.Lines).Level);
        // What was stored before.
        Assert.Equal("critical", ((JobLogLevel)6).Word);
        Assert.Equal("trace", ((JobLogLevel)0).Word);
    }

    [Fact]
    public async Task WhatIsHeldBack_IsNotSentBefore()
    {
        using var carrier = Carrier();
        var log = new AttemptLog(new("a", 1), 0, carrier, _options, isHeldBack: true);
        log.AddNumbered([new(3, 1, JobLogLevel.Information, "three")]);
        _time.Advance(Interval * 3);
        Assert.Empty(_intake.Calls);
        log.Release();
        _time.Advance(Interval);
        await _intake.CalledAsync(1);
        Assert.Equal(["a: three"], Texts(_intake.Calls[0]));
    }

    [Fact]
    public async Task WhatCannotWait_GoesAtOnce_BehindACallThatIsUnderWay()
    {
        _intake.Hold();
        using var carrier = Carrier();
        var log = Log(carrier, "a");
        log.Add(1, JobLogLevel.Information, "one");
        _time.Advance(Interval);
        await _intake.CalledAsync(1);
        log.Add(2, JobLogLevel.Information, "two");
        var flush = carrier.FlushAsync([log], Interval * 3, CancellationToken.None);
        Assert.Single(_intake.Calls);
        _intake.Release();
        await flush.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(["a: two"], Texts(_intake.Calls[1]));
        Assert.Equal((false, 0L), (log.HasLines, carrier.Waiting));
    }

    [Fact]
    public async Task WhatCannotWait_WaitsWhereThereIsNoRoom()
    {
        _intake.Answer = lines => Array.ConvertAll(lines, _ => LogAnswer.Later);
        using var carrier = Carrier();
        var log = Log(carrier, "a");
        log.Add(1, JobLogLevel.Information, "one");
        await carrier.FlushAsync([log], Interval * 3, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(log.HasLines);
        _intake.Answer = lines => Array.ConvertAll(lines, _ => LogAnswer.Stored);
        Answered(carrier);
        _time.Advance(Interval);
        await _intake.CalledAsync(2);
        Assert.Equal(["a: one"], Texts(_intake.Calls[1]));
    }

    private static string[] Texts(LogLines[] call) => [.. call.SelectMany(lines => lines.Lines, (lines, line) => $"{lines.Lease.Id}: {line.Text}")];

    private static void Answered(LogCarrier carrier) => Assert.True(SpinWait.SpinUntil(() => carrier.Calls == 0, TimeSpan.FromSeconds(30)));

    private LogCarrier Carrier() => new(_ => _intake, _time, _options, NullLogger.Instance);

    private AttemptLog Log(LogCarrier carrier, string id) => new(new(id, 1), 0, carrier, _options);

    private sealed class FakeIntake : ILogIntake
    {
        private readonly List<LogLines[]> _calls = [];
        private TaskCompletionSource? _held;

        public Func<LogLines[], LogAnswer[]> Answer { get; set; } = lines => Array.ConvertAll(lines, _ => LogAnswer.Stored);

        public List<LogLines[]> Calls
        {
            get { lock (_calls) return [.. _calls]; }
        }

        public void Hold() => _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _held!.SetResult();

        public Task CalledAsync(int times)
        {
            Assert.True(SpinWait.SpinUntil(() => Calls.Count >= times, TimeSpan.FromSeconds(30)), $"{Calls.Count} calls of {times}");
            return Task.CompletedTask;
        }

        public async Task<LogAnswer[]> AppendLogs(LogLines[] attempts)
        {
            lock (_calls) _calls.Add(attempts);
            if (_held is { } held) await held.Task;
            return Answer(attempts);
        }
    }
}
