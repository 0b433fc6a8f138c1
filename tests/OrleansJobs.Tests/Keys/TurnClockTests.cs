using OrleansJobs.Keys;
using OrleansJobs.Tests.Partitions;

namespace OrleansJobs.Tests.Keys;

/// <summary>Keys take turns by weight, whoever has how many jobs.</summary>
public class TurnClockTests
{
    private readonly CoreDriver _driver = new();

    [Fact]
    public void KeysWithJobs_TakeTurns_HoweverManyOneHas()
    {
        SubmitMany("a", 300);
        SubmitMany("b", 20);
        _driver.Submit("c-0", job => job with { Key = "tenant/c" });
        var order = Drain(60);
        Assert.Contains("tenant/c", order.Take(3));
        Assert.InRange(order.Take(40).Count(key => key == "tenant/b"), 18, 20);
        Assert.All(order.Skip(41), key => Assert.Equal("tenant/a", key));
    }

    [Fact]
    public void AKeyThatComesLater_HasItsTurnWithinARound_AndSavesNoneUp()
    {
        for (var key = 0; key < 20; key++) SubmitMany($"k{key}", 50);
        Drain(500);
        SubmitMany("new", 100);
        var order = Drain(210);
        Assert.True(order.IndexOf("tenant/new") < 21, $"It came after {order.IndexOf("tenant/new")} others.");
        Assert.InRange(order.Count(key => key == "tenant/new"), 9, 11);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Weights_AreShares(int want)
    {
        foreach (var weight in (int[])[1, 2, 4]) SubmitMany($"w{weight}", 400, weight);
        var order = Drain(350, want);
        Assert.Equal([50, 100, 200], ((int[])[1, 2, 4]).Select(weight => order.Count(key => key == $"tenant/w{weight}")).Select(Nearly(50, 100, 200)));
    }

    [Fact]
    public void JobsWithoutAKey_TakeTurnsAsOne()
    {
        for (var i = 0; i < 100; i++) _driver.Submit($"plain-{i:000}");
        SubmitMany("a", 100);
        SubmitMany("b", 100);
        var order = Drain(90);
        Assert.InRange(order.Count(key => key is null), 29, 31);
        Assert.InRange(order.Count(key => key == "tenant/a"), 29, 31);
    }

    [Fact]
    public void HigherPriorities_GoFirst_AndOtherQueuesByAge()
    {
        SubmitMany("a", 3);
        _driver.Submit("urgent", job => job with { Key = "tenant/b", Priority = 9 });
        Assert.Equal("urgent", Assert.Single(_driver.Take()).Id);
        _driver.Now += 10;
        _driver.Submit("other", job => job with { Key = "tenant/x", Queue = "other" });
        Assert.Equal(["tenant/a", "tenant/a", "tenant/a", "tenant/x"], Drain(4));
    }

    private void SubmitMany(string key, int jobs, int? weight = null)
    {
        for (var i = 0; i < jobs; i++) _driver.Submit($"{key}-{i:0000}", job => job with { Key = $"tenant/{key}", Weight = weight });
        _driver.Commit();
    }

    private List<string?> Drain(int jobs, int want = 1)
    {
        var order = new List<string?>();
        while (order.Count < jobs)
        {
            var leases = _driver.Take(want: Math.Min(want, jobs - order.Count));
            Assert.NotEmpty(leases);
            foreach (var lease in leases)
            {
                order.Add(_driver.Core.Jobs.FindLeased(lease.Id)!.Spec!.Key);
                _driver.Report(lease, OrleansJobs.Workers.ReportKind.Succeeded);
            }
        }

        return order;
    }

    private static Func<int, int, int> Nearly(params int[] wanted) => (count, index) => Math.Abs(count - wanted[index]) <= 2 ? wanted[index] : count;
}
