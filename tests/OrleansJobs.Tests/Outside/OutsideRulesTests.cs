using System.Net;
using OrleansJobs.Outside;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Outside;

/// <summary>Decisions about workers outside that need neither a grid nor a clock.</summary>
public class OutsideRulesTests
{
    private static readonly JobLimits Limits = new();

    [Theory]
    [InlineData("1.10.0", "1.9", 1)]
    [InlineData("1.9", "1.10.0", -1)]
    [InlineData("2", "2", 0)]
    [InlineData("v2.1", "2.1", 0)]
    [InlineData("1.2", "1.2.1", -1)]
    [InlineData("1.2-beta", "1.2-alpha", 1)]
    [InlineData("1.0.0", "1.0.0-rc.1", 1)]
    [InlineData("1.0.0-rc.2", "1.0.0-rc.10", -1)]
    [InlineData("1.0.0-rc.1", "1.0.0.1", -1)]
    [InlineData("1.0.1-rc.1", "1.0.0", 1)]
    [InlineData("2026-11-22", "2026-11-3", 1)]
    [InlineData("2026-11", "2026-11-22", -1)]
    [InlineData("1.0.0+5", "1.0.0+12", -1)]
    [InlineData(null, "0.1", -1)]
    [InlineData("0.1", "", 1)]
    [InlineData(null, "", 0)]
    public void Releases_AreComparedPartByPart(string? one, string? other, int order) => Assert.Equal(order, ReleaseOrder.Compare(one, other));

    [Fact]
    public void Reports_MeanWhatHandlersMean_OverManyDrawnCases()
    {
        var random = new Random(17);
        for (var i = 0; i < 20_000; i++)
        {
            var policy = new RetryPolicy { Attempts = random.Next(1, 5) };
            var failures = random.Next(0, 6);
            WorkCancelReason? stop = random.Next(8) switch { 0 or 1 => WorkCancelReason.Cancelled, 2 => WorkCancelReason.Timeout, 3 => WorkCancelReason.Stalled, _ => null };
            var report = new WorkReport
            {
                Lease = new("j", 1), Outcome = (WorkOutcome)random.Next(5), IsFinal = random.Next(3) == 0,
                Delay = random.Next(2) == 0 ? null : TimeSpan.FromSeconds(random.Next(-5, 1_000_000_000)), Error = random.Next(2) == 0 ? null : new("timeout", "T", new string('x', 5000)),
            };

            var ending = ReportRules.EndingOf(report, failures, policy, stop, Limits, random.NextDouble());

            var expected = report.Outcome is WorkOutcome.Success ? ReportKind.Succeeded
                : stop is WorkCancelReason.Cancelled ? ReportKind.Cancelled
                : report.Outcome is WorkOutcome.Cancelled && stop is WorkCancelReason.Timeout ? ReportKind.Failed
                : report.Outcome is WorkOutcome.Returned || (report.Outcome is WorkOutcome.Cancelled && stop is not WorkCancelReason.Stalled) ? ReportKind.Returned
                : report.Outcome is WorkOutcome.Later ? ReportKind.Postponed
                : report.IsFinal || failures + 1 >= policy.Attempts ? ReportKind.Failed : ReportKind.FailedOnce;
            Assert.Equal(expected, ending.Kind);
            if (report.Outcome is WorkOutcome.Cancelled && stop is WorkCancelReason.Stalled) Assert.Equal(JobErrorCodes.Stalled, ending.Error!.Code);
            Assert.InRange(ending.Delay, TimeSpan.Zero, Limits.MaxDelay);
            if (expected is ReportKind.Failed or ReportKind.FailedOnce) Assert.True(ending.Error!.Message.Length <= Limits.MaxMessageLength && ending.Error.Message.Length > 0);
        }
    }

    [Theory]
    [InlineData(1, 0, 3, 3)]
    [InlineData(3, 2, 3, 3)]
    [InlineData(2, 0, 1, 2)]
    [InlineData(6, 1, 3, 7)]
    public void TheLastAttempt_IsCountedOnByWhatUsesNoneUp(int attempt, int failures, int allowed, int last) => Assert.Equal(
        last, ReportRules.LastAttemptOf(new() { Id = "j", Partition = 0, Token = 1, Type = "t", Queue = "q", Args = [], Attempt = attempt, Failures = failures }, new() { Attempts = allowed }));

    [Fact]
    public void SessionNames_AreOfTheirCallers_AndComeBackFromAddresses()
    {
        for (var i = 0; i < 1000; i++)
        {
            var session = WorkSession.New("resizer");
            Assert.True(WorkSession.IsOf(session, "resizer"));
            Assert.False(WorkSession.IsOf(session, "resizer2"));
            Assert.False(WorkSession.IsOf(session.ToUpperInvariant(), "resizer"));
            Assert.False(WorkSession.IsOf(session + "0", "resizer"));
            var address = WorkSession.AddressOf(session);
            Assert.True(WorkSession.IsSession(address));
            var stored = address.ToParsableString();
            Assert.Equal(address, SiloAddress.FromParsableString(stored));
            Assert.Equal(session, WorkSession.NameOf(SiloAddress.FromParsableString(stored)));
            Assert.Equal(session, WorkSession.Display(stored));
        }

        foreach (var ip in (string[])["10.0.0.1", "fd00::1", "::1"])
        {
            var silo = SiloAddress.New(IPAddress.Parse(ip), 11111, 7);
            Assert.False(WorkSession.IsSession(silo));
            Assert.Equal(silo.ToParsableString(), WorkSession.Display(silo.ToParsableString()));
        }
    }

    [Fact]
    public void ATypeThatIsSaid_IsTakenUnlessASiloOrANewerReleaseDescribesIt()
    {
        var said = new JobTypeInfo { Name = "t", ArgsSchema = "{}", Release = "1.1" };
        Assert.True(JobTypesGrain.Judge(said, null, isHandled: false, onlyNew: false, out var warning));
        Assert.Null(warning);
        Assert.False(JobTypesGrain.Judge(said, null, isHandled: true, onlyNew: false, out warning));
        Assert.NotNull(warning);
        Assert.False(JobTypesGrain.Judge(said, said, isHandled: false, onlyNew: false, out warning));
        Assert.Null(warning);
        Assert.False(JobTypesGrain.Judge(said with { Release = "1.0", ArgsSchema = "true" }, said, isHandled: false, onlyNew: false, out warning));
        Assert.NotNull(warning);
        Assert.True(JobTypesGrain.Judge(said with { ArgsSchema = "true" }, said, isHandled: false, onlyNew: false, out warning));
        Assert.NotNull(warning);
        var nameless = said with { Release = null };
        Assert.True(JobTypesGrain.Judge(nameless with { ArgsSchema = "true" }, nameless, isHandled: false, onlyNew: false, out warning));
        Assert.Contains("names no release either", warning, StringComparison.Ordinal);
        Assert.True(JobTypesGrain.Judge(said with { Release = "1.2", ArgsSchema = "true" }, said, isHandled: false, onlyNew: false, out warning));
        Assert.Null(warning);
        Assert.False(JobTypesGrain.Judge(new JobTypeInfo { Name = "t" }, said, isHandled: false, onlyNew: true, out warning));
        Assert.Null(warning);
    }

    [Fact]
    public void SuspectTurns_TakeNothingUntilTheWorkerHoldsNothing_AndLeaveOthersTheirTime()
    {
        var turn = new SuspectTurn(TimeSpan.FromSeconds(60));
        Assert.Equal(new SuspectStep(SuspectWish.None, true), turn.Next(isEmpty: true, 0));
        turn.Heard(3, suspects: true);
        Assert.Equal(new SuspectStep(SuspectWish.None, false), turn.Next(isEmpty: false, 1000));
        Assert.Equal(new SuspectStep(SuspectWish.OneAlone, false), turn.Next(isEmpty: true, 21_000));
        turn.Rest(21_000);
        // As long as it took nothing: 20 s.
        Assert.Equal(new SuspectStep(SuspectWish.None, true), turn.Next(isEmpty: true, 40_999));
        Assert.Equal(new SuspectStep(SuspectWish.None, false), turn.Next(isEmpty: false, 41_000));
        Assert.Equal(new SuspectStep(SuspectWish.None, false), turn.Next(isEmpty: false, 100_999));
        Assert.Equal(new SuspectStep(SuspectWish.OneInCompany, true), turn.Next(isEmpty: false, 101_000));
        turn.Heard(3, suspects: false);
        Assert.Equal(new SuspectStep(SuspectWish.None, true), turn.Next(isEmpty: false, 200_000));
    }

    [Fact]
    public void SuspectsThatRunAlready_AreSaidNotToBeAlone_OneAfterTheOther_BeforeAnythingIsTaken()
    {
        var turn = new SuspectTurn(TimeSpan.FromSeconds(60));
        var suspects = Enumerable.Range(1, 3).Select(number => Held($"j{number}")).ToList();
        foreach (var suspect in suspects) turn.Adopt(suspect);
        // It has ended before its turn came.
        suspects[1].IsSettled = true;
        foreach (var suspect in (HeldLease[])[suspects[0], suspects[2]])
        {
            Assert.Equal(new SuspectStep(SuspectWish.None, false), turn.Next(isEmpty: false, 10));
            Assert.Equal(new TrialWord(suspect.Name, true), turn.Word);
            Assert.False(turn.Said(turn.Word!.Value, stored: true, 20));
        }

        Assert.Null(turn.Word);
        Assert.Equal(new SuspectStep(SuspectWish.None, true), turn.Next(isEmpty: false, 30));
    }

    private static HeldLease Held(string job) => new(
        new Lease
        {
            Id = job, Partition = 0, Token = 1, Type = "t", Queue = "q", Args = [], Attempt = 1, Failures = 0, SubmittedAt = DateTimeOffset.UnixEpoch,
            DueAt = DateTimeOffset.UnixEpoch, HasGrainState = false, IsSuspect = true,
        },
        new RetryPolicy(), null, null!) { ArrivedAt = 1 };

    [Fact]
    public void WhatAWorkerNames_IsNeitherRefusedNorGivenOutAgain_InWhateverOrderPartitionsAskAndAnswer()
    {
        for (var seed = 0; seed < 5_000; seed++) new PartitionTalk(new Random(seed)).Play(steps: 60);
    }

    /// <summary>A partition that opens anew now and then, and a session that has come to another silo: calls, questions and answers are late as drawn.</summary>
    private sealed class PartitionTalk(Random random)
    {
        private readonly PartitionTies _ties = new(1);
        private readonly HashSet<LeaseName> _leased = [];
        private readonly HashSet<LeaseName> _here = [];
        private readonly HashSet<LeaseName> _ended = [];
        private readonly HashSet<LeaseName> _said = [];
        private readonly HashSet<LeaseName> _refused = [];
        private readonly List<(long Generation, LeaseName[] Leases)> _questions = [];
        private readonly List<(long Generation, LeaseName[] Asked, List<LeaseName> Held)> _words = [];
        private LeaseName[]? _answer;
        private long _generation = 1;
        private int _jobs;

        public void Play(int steps)
        {
            // Of the activation before: most have reached the worker.
            for (var i = random.Next(1, 5); i > 0; i--)
            {
                var lease = Lease();
                if (random.Next(4) > 0) _said.Add(lease);
            }

            for (var i = 0; i < steps; i++) Step(random.Next(6));
        }

        private void Step(int kind)
        {
            switch (kind)
            {
                case 0 when random.Next(3) == 0:
                    _generation++;
                    _questions.Add((_generation, [.. _leased]));
                    break;
                case 1 when _questions.Count > 0:
                    var (generation, leases) = Take(_questions);
                    _words.Add((generation, leases, _ties.Confirm(generation, leases, _here.Contains, _said.Contains)));
                    break;
                case 2 when _words.Count > 0:
                    var word = Take(_words);
                    if (word.Generation == _generation) GiveOutAgain(word.Asked.Except(word.Held));
                    break;
                case 3 when _answer is null:
                    if (_ties.IsKnown && random.Next(2) == 0) Lease();
                    _answer = [.. _leased.Except(_here)];
                    break;
                case 4 when _answer is not null:
                    if (random.Next(4) > 0) Hear(_answer);
                    _answer = null;
                    break;
                case 5 when _here.Count > 0:
                    var ended = _here.ElementAt(random.Next(_here.Count));
                    foreach (var set in (HashSet<LeaseName>[])[_here, _leased, _said]) set.Remove(ended);
                    _ended.Add(ended);
                    break;
            }
        }

        private void Hear(LeaseName[] answer)
        {
            _ties.IsKnown = true;
            foreach (var lease in answer.Where(lease => !_here.Contains(lease) && !_ended.Contains(lease)))
            {
                if (_ties.Refuses(lease))
                {
                    Assert.False(_said.Contains(lease) && _leased.Contains(lease), "A lease was refused that the worker has.");
                    _refused.Add(lease);
                    continue;
                }

                Assert.True(_leased.Contains(lease), "A lease was taken that had been given out again.");
                _here.Add(lease);
                // The worker gets it, if it has not got it yet.
                _said.Add(lease);
            }
        }

        private void GiveOutAgain(IEnumerable<LeaseName> leases)
        {
            foreach (var lease in leases.Where(_leased.Contains).ToList())
            {
                Assert.False(_said.Contains(lease), "A lease was given out again that the worker has.");
                _leased.Remove(lease);
            }
        }

        private LeaseName Lease()
        {
            var lease = new LeaseName($"j{++_jobs}", FencingToken.Make(_generation, _jobs));
            _leased.Add(lease);
            return lease;
        }

        private T Take<T>(List<T> list)
        {
            var one = list[random.Next(list.Count)];
            list.Remove(one);
            return one;
        }
    }
}
