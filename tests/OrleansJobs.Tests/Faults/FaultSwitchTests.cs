using OrleansJobs.Diagnostics;

namespace OrleansJobs.Tests.Faults;

/// <summary>This process is as any other: nothing in it may be made to fail on purpose.</summary>
public class FaultSwitchTests
{
    [Fact]
    public void Hit_WhenTheSwitchIsOff_TellsNobody()
    {
        var hits = 0;
        CrashPoint.Listen(_ => hits++);

        CrashPoint.Hit("anything");

        Assert.Equal(0, hits);
    }

    [Fact]
    public void TurnOff_WhenTheSwitchIsOff_IsRefused()
    {
        Assert.Throws<InvalidOperationException>(() => Sabotage.TurnOff(Safeguard.Fence));
        Assert.All(Enum.GetValues<Safeguard>(), safeguard => Assert.False(Sabotage.IsOff(safeguard)));
    }
}
