using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Workers;
using static OrleansJobs.Tests.Partitions.CoreDriver;

namespace OrleansJobs.Tests.Partitions;

public class PartitionSuspectsTests
{
    private readonly CoreDriver _driver = new();
    private int _silos;

    [Fact]
    public void ACrash_InCompany_ConvictsNobody_UntilThereWereTooMany()
    {
        _driver.Submit("a");
        for (var crash = 1; crash < 15; crash++)
        {
            CrashTogether();
            Assert.Equal(JobState.Pending, _driver.Status("a")!.State);
        }

        CrashTogether();
        var status = _driver.Status("a")!;
        Assert.Equal((JobErrorCodes.Poison, "It was running when its silo was lost, 15 times."), (status.Error!.Code, status.Error.Message));
        Assert.Equal(15, status.Attempts.Count(attempt => attempt.Outcome == "crashed"));
    }

    [Fact]
    public void TooManyCrashes_InCompany_ThatOthersExplainBeforeTheConviction_AreJustCrashes()
    {
        _driver.Submit("a");
        for (var crash = 1; crash < 15; crash++) CrashTogether();
        _driver.Take(Worker(SiloOf(++_silos)) with { Suspects = SuspectWish.OneInCompany });
        _driver.Core.Suspects.Crash(Name(_silos), _driver.Now);
        var conviction = Assert.Single(_driver.Core.Suspects.TakeConvicts());
        Assert.True(conviction.IsByCount);
        Assert.True(_driver.Core.Suspects.IsGuiltyStill(conviction, _driver.Now));

        _driver.Core.Suspects.Explain([Name(3)], _driver.Now);

        Assert.False(_driver.Core.Suspects.IsGuiltyStill(conviction, _driver.Now));
        _driver.Core.Suspects.Convict(conviction, _driver.Now);
        _driver.Commit();
        var status = _driver.Status("a")!;
        Assert.Equal((JobPhase.Retrying, 15), (status.Phase, status.Attempts.Length));
        Assert.Single(_driver.Take(Alone(SiloA)));
    }

    [Fact]
    public void ASuspect_WaitsToRunAlone_AndSaysSo()
    {
        _driver.Submit("a");
        CrashTogether();
        Assert.Equal("Will be tried again", _driver.Status("a")!.Message);
        CrashTogether();
        Assert.Equal((JobPhase.Retrying, "Waiting to run alone"), (_driver.Status("a")!.Phase, _driver.Status("a")!.Message));
        Assert.Empty(_driver.Take(want: 10));
        Assert.True(_driver.Core.Suspects.HasReadyFor(Worker(), _driver.Now));
        Assert.False(_driver.Core.Suspects.HasReadyFor(Worker(types: "other"), _driver.Now));
        Assert.Equal(0, _driver.Core.Dispatch.CountReadyFor(Worker(), _driver.Now, 10, null, out var heldBack));
        Assert.False(heldBack);
        _driver.Reopen();
        _driver.ReadPages();
        Assert.Empty(_driver.Take(want: 10));
        Assert.True(Assert.Single(_driver.Take(Alone(SiloA), want: 10)).IsSuspect);
    }

    [Fact]
    public void AWorkerThatStandsEmpty_GetsOneSuspect_AndNothingElse()
    {
        foreach (var id in new[] { "a", "b" }) _driver.Submit(id);
        CrashTogether();
        CrashTogether();
        _driver.Submit("new", submission => submission with { Priority = 9 });
        Assert.True(Assert.Single(_driver.Take(Alone(SiloA), want: 10)).IsSuspect);
        Assert.Equal([false, true], _driver.Take(Worker() with { Suspects = SuspectWish.OneInCompany }, want: 10).Select(lease => lease.IsSuspect));
        Assert.Empty(_driver.Take(Alone(SiloB), want: 10));
    }

    [Fact]
    public void ACrash_WhileAlone_Convicts_AndExplainsTheCrashesOfOthers()
    {
        foreach (var id in new[] { "neighbour1", "killer", "neighbour2" }) _driver.Submit(id);
        CrashTogether();
        CrashTogether();
        var lease = TakeSuspect("killer");
        Assert.True(_driver.Core.Suspects.Say(new(lease.Name(), IsOver: false)));
        _driver.Commit();
        _driver.Reopen();
        _driver.Core.Suspects.Crash(Name(_silos), _driver.Now);
        var conviction = Assert.Single(_driver.Core.Suspects.TakeConvicts());
        Assert.Empty(_driver.Core.Suspects.TakeConvicts());
        Assert.Equal([Name(1), Name(2), Name(_silos)], conviction.Silos);
        Assert.Equal(0, _driver.Core.Suspects.Crash(Name(_silos), _driver.Now));
        Assert.Equal(JobState.Progress, _driver.Status("killer")!.State);
        _driver.Core.Suspects.Convict(conviction, _driver.Now);
        _driver.Commit();
        var status = _driver.Status("killer")!;
        Assert.Equal("It was running alone on its silo when that was lost, after it had been present at 2 crashes.", status.Error!.Message);
        Assert.Equal((JobErrorCodes.Poison, 3), (status.Error.Code, status.Attempts.Count(attempt => attempt.Outcome == "crashed")));

        _driver.ReadPages();
        _driver.Core.Suspects.Explain(conviction.Silos, _driver.Now);
        Assert.Equal(2, _driver.Take(want: 10).Count);
    }

    [Fact]
    public void AnAcquittedJob_ThatIsNotInMemory_IsFoundOutWhenItComesIn()
    {
        _driver.Submit("a");
        CrashTogether();
        CrashTogether();
        _driver.Reopen();
        _driver.Core.Suspects.Explain([Name(1)], _driver.Now);
        Assert.Empty(_driver.Take(Alone(SiloA)));
        var lease = Assert.Single(_driver.Take());
        Assert.Equal((3, 2), (lease.Attempt, lease.Crashes));
    }

    [Fact]
    public void AConviction_ThatIsNotStoredYet_IsFoundAgainByTheNextActivation()
    {
        _driver.Submit("a");
        CrashTogether();
        CrashTogether();
        _driver.Core.Suspects.Say(new(TakeSuspect("a").Name(), IsOver: false));
        _driver.Commit();
        _driver.Core.Suspects.Crash(Name(_silos), _driver.Now);
        Assert.Single(_driver.Core.Suspects.TakeConvicts());
        _driver.Commit();
        _driver.Reopen();
        _driver.Core.Suspects.Crash(Name(_silos), _driver.Now);
        Assert.Equal(3, Assert.Single(_driver.Core.Suspects.TakeConvicts()).Silos.Length);
    }

    [Fact]
    public void ATrialThatIsOver_IsOver_HoweverLateAnOlderWordComes()
    {
        _driver.Submit("a");
        CrashTogether();
        CrashTogether();
        var name = TakeSuspect("a").Name();
        Assert.True(_driver.Core.Suspects.Say(new(name, IsOver: false)));
        Assert.True(_driver.Core.Suspects.Say(new(name, IsOver: false)));
        Assert.True(_driver.Core.Suspects.Say(new(name, IsOver: true)));
        _driver.Commit();
        _driver.Reopen();
        Assert.False(_driver.Core.Suspects.Say(new(name, IsOver: false)));
        Assert.True(_driver.Core.Suspects.Say(new(name, IsOver: true)));
        Assert.False(_driver.Core.Suspects.Say(new(name with { Token = name.Token + 1 }, IsOver: true)));
        Crash(_silos);
        Assert.Equal(JobState.Pending, _driver.Status("a")!.State);
        // Alone was the attempt before.
        TakeSuspect("a");
        Crash(_silos);
        Assert.Equal(JobState.Pending, _driver.Status("a")!.State);
    }

    [Fact]
    public void AJobThatEndsInItsTrial_JustEnds()
    {
        _driver.Submit("a");
        CrashTogether();
        CrashTogether();
        var lease = TakeSuspect("a");
        _driver.Core.Suspects.Say(new(lease.Name(), IsOver: false));
        Assert.True(_driver.Report(lease, ReportKind.Succeeded));
        Assert.False(_driver.Core.Suspects.Say(new(lease.Name(), IsOver: true)));
        Assert.Equal(JobState.Success, _driver.Status("a")!.State);
    }

    [Fact]
    public void AConvictedJob_ThatIsRunAgainByHand_StartsAfresh()
    {
        _driver.Submit("a");
        CrashTogether();
        CrashTogether();
        ConvictAlone();
        Assert.Equal(JobState.Failure, _driver.Status("a")!.State);
        Assert.True(_driver.Core.Orders.Retry(_driver.Bring("a"), new("test"), _driver.Now));
        _driver.Commit();
        Assert.False(Assert.Single(_driver.Take()).IsSuspect);
        Crash(0);
        Assert.False(Assert.Single(_driver.Take()).IsSuspect);
    }

    [Fact]
    public void ASuspectOrAProvenKiller_WhoseCancelIsAskedFor_IsCancelled()
    {
        foreach (var id in new[] { "waiting", "proven" }) _driver.Submit(id);
        CrashTogether();
        CrashTogether();
        _driver.Core.Suspects.Say(new(TakeSuspect("proven").Name(), IsOver: false));
        Assert.True(_driver.Core.Orders.Cancel(_driver.Bring("waiting"), new("test"), _driver.Now));
        _driver.Commit();
        _driver.Core.Suspects.Crash(Name(_silos), _driver.Now);
        var conviction = Assert.Single(_driver.Core.Suspects.TakeConvicts());
        Assert.True(_driver.Core.Orders.Cancel(_driver.Bring("proven"), new("test"), _driver.Now));
        _driver.Core.Suspects.Convict(conviction, _driver.Now);
        _driver.Commit();
        Assert.Equal(JobState.Revoked, _driver.Status("waiting")!.State);
        Assert.Equal(JobState.Revoked, _driver.Status("proven")!.State);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(5, 4)]
    public void PoisonCrashes_LessOne_MakeASuspect(int poisonCrashes, int crashes)
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1, PoisonCrashes = poisonCrashes });
        driver.Submit("a");
        driver.Commit();
        for (var crash = 1; crash <= crashes; crash++)
        {
            Assert.False(Assert.Single(driver.Take(Worker(SiloOf(crash)))).IsSuspect);
            driver.Core.Suspects.Crash(Name(crash), driver.Now);
            driver.Commit();
        }

        Assert.Empty(driver.Take());
        Assert.Single(driver.Take(Alone(SiloA)));
    }

    [Fact]
    public void ChangingTheBounds_LosesNoJob()
    {
        _driver.Submit("a");
        CrashTogether();
        CrashTogether();
        _driver.Options.PoisonCrashes = 5;
        _driver.Reopen();
        Assert.Empty(_driver.Take(Alone(SiloA)));
        Assert.False(Assert.Single(_driver.Take()).IsSuspect);
        Crash(0);
        _driver.Options.PoisonCrashes = 2;
        _driver.Reopen();
        // It waits among others by the bound that held when it came there.
        Assert.Single(_driver.Take());
        Crash(0);
        Assert.Empty(_driver.Take());
        Assert.Single(_driver.Take(Alone(SiloA)));
    }

    /// <summary>All that waits runs on a silo of its own that is lost then.</summary>
    private void CrashTogether()
    {
        _driver.Commit();
        _driver.Take(Worker(SiloOf(++_silos)) with { Suspects = SuspectWish.OneInCompany }, want: 100);
        Crash(_silos);
    }

    private void ConvictAlone()
    {
        _driver.Core.Suspects.Say(new(TakeSuspect("a").Name(), IsOver: false));
        Crash(_silos);
    }

    private void Crash(int silo)
    {
        _driver.Commit();
        _driver.Core.Suspects.Crash(silo == 0 ? SiloA.ToParsableString() : Name(silo), _driver.Now);
        foreach (var conviction in _driver.Core.Suspects.TakeConvicts())
        {
            _driver.Core.Suspects.Explain(conviction.Silos, _driver.Now);
            _driver.Core.Suspects.Convict(conviction, _driver.Now);
        }

        _driver.Commit();
    }

    /// <summary>The suspect of this name, on a silo of its own; others that come first go back.</summary>
    private Lease TakeSuspect(string id)
    {
        _silos++;
        while (true)
        {
            var lease = Assert.Single(_driver.Take(Alone(SiloOf(_silos))));
            if (lease.Id == id) return lease;
            _driver.Now++;
            _driver.Report(lease, ReportKind.Returned);
        }
    }

    private static WorkerProfile Alone(SiloAddress silo) => Worker(silo) with { Suspects = SuspectWish.OneAlone };

    private static SiloAddress SiloOf(int number) => SiloAddress.FromParsableString($"127.0.0.1:12000@{number}");

    private static string Name(int number) => SiloOf(number).ToParsableString();
}

internal static class LeaseNames
{
    public static LeaseName Name(this Lease lease) => new(lease.Id, lease.Token);
}
