using OrleansJobs.Partitions;
using OrleansJobs.Workers;
using static OrleansJobs.Tests.Partitions.CoreDriver;

namespace OrleansJobs.Tests.Partitions;

/// <summary>
/// A reader of one id never sees a lower version after a higher one, nor the same version for something else: over attempts, progress that the
/// partition never hears of, crashes, retries, deletions, other jobs of the same id, and reopenings.
/// </summary>
public class JobVersionTests
{
    private const string Id = "a";
    private readonly CoreDriver _driver = new();
    private long _highest;
    private JobState _seenState;
    private bool _isGone;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 200)];

    [Theory, MemberData(nameof(Seeds))]
    public void Versions_OnlyGrow(int seed)
    {
        var random = new Random(seed);
        Lease? lease = null;
        long said = 0;
        for (var step = 0; step < 300; step++)
        {
            // Most of the time the clock goes on; now and then it stands, or goes back a little.
            _driver.Now += random.Next(12) switch { 0 => 0, 1 => -random.Next(500), var more => random.Next(1, more * 40) };
            switch (_driver.Stored(Id) is null ? -1 : random.Next(10))
            {
                case -1:
                    _driver.Submit(Id);
                    _driver.Commit();
                    (lease, said) = (null, 0);
                    break;
                case 0 or 1 when lease is null:
                    (lease, said) = (_driver.Take().SingleOrDefault(), 0);
                    break;
                case 2 or 3 when lease is not null:
                    // Carried at most every few milliseconds, however eager the handler is.
                    _driver.Now += random.Next(1, 50);
                    said += random.Next(1, 20);
                    break;
                case 4 when lease is not null:
                    var kind = (ReportKind)random.Next(6);
                    Assert.True(_driver.Core.Attempts.Report(new JobReport { Id = Id, Token = lease.Token, Kind = kind, Progress = new(said, 1, 1, null), MaxAttempts = 9 }, _driver.Now));
                    _driver.Commit();
                    (lease, said) = (null, 0);
                    break;
                case 5 when lease is not null:
                    _driver.Core.Suspects.Crash(SiloA.ToParsableString(), _driver.Now);
                    _driver.Commit();
                    // The last that it said went unheard.
                    (lease, said) = (null, 0);
                    break;
                case 6:
                    _driver.Core.Orders.Cancel(_driver.Bring(Id), new("test", "no"), _driver.Now);
                    _driver.Commit();
                    break;
                case 7:
                    _driver.Core.Orders.Retry(_driver.Bring(Id), new("test"), _driver.Now);
                    _driver.Commit();
                    break;
                case 8:
                    if (_driver.Core.Orders.Delete(_driver.Bring(Id), _driver.Now)) _driver.Commit();
                    break;
                case 9 when random.Next(4) == 0:
                    // To open a partition takes longer than a version is ever ahead of the clock.
                    _driver.Now = Math.Max(_driver.Now, _highest >> 10) + random.Next(50, 200);
                    _driver.Reopen();
                    break;
            }

            Look(said, step);
        }
    }

    [Fact]
    public void Versions_AreExactInJavaScript_AndStayNearTheClock()
    {
        _driver.Submit(Id);
        for (var i = 0; i < 1000; i++)
        {
            var lease = _driver.Take().Single();
            _driver.Report(lease, ReportKind.Returned);
            _driver.Now += 2;
        }

        var version = _driver.Status(Id)!.Version;
        Assert.InRange(version, (_driver.Now - 10) << 10, (_driver.Now + 1) << 10);
        Assert.True(version < 1L << 53);
    }

    private void Look(long said, int step)
    {
        if (_driver.Status(Id) is not { } status)
        {
            _isGone = true;
            return;
        }

        if (status.State == JobState.Progress) status = StatusOf.WithProgress(status, new(said, said, said, null));
        Assert.True(status.Version >= _highest, $"step {step}: {status.Version} after {_highest}");
        if (_isGone) Assert.True(status.Version > _highest, $"step {step}: another job begins with {status.Version}, after {_highest}");
        else if (status.Version == _highest) Assert.Equal(_seenState, status.State);
        (_highest, _seenState, _isGone) = (status.Version, status.State, false);
    }
}
