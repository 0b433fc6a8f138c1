using System.Globalization;

namespace OrleansJobs.Tests.Faults.Model;

/// <summary>
/// Killers and innocents in thousands of drawn histories. A failure names its seed; <c>POISON_MODEL_SEED</c> runs that one alone, and
/// <c>POISON_MODEL_COUNT</c> as many as one likes.
/// </summary>
public class PoisonModelTests
{
    private const int Steps = 1500;

    [Fact]
    public void NobodyInnocent_IsConvicted_AndEveryKillerIs()
    {
        var first = Setting("POISON_MODEL_SEED");
        var count = Setting("POISON_MODEL_COUNT") ?? (first is null ? 500 : 1);
        for (var seed = first ?? 1; seed < (first ?? 1) + count; seed++)
        {
            if (Play(seed, PoisonMutation.None) is { } broken)
                Assert.Fail($"Seed {seed}: {broken}\nReplay: POISON_MODEL_SEED={seed} dotnet test --filter {nameof(NobodyInnocent_IsConvicted_AndEveryKillerIs)}");
        }
    }

    [Theory]
    [InlineData(nameof(PoisonMutation.ConvictByCount), 50)]
    [InlineData(nameof(PoisonMutation.LetsInAtOnce), 200)]
    public void Model_WhenASafeguardIsMissing_Notices(string missing, int seeds)
    {
        var mutation = Enum.Parse<PoisonMutation>(missing);
        Assert.Contains(Enumerable.Range(1, seeds), seed => Play(seed, mutation) is ModelBroken);
    }

    private static Exception? Play(int seed, PoisonMutation mutation)
    {
        try
        {
            new PoisonWorld(seed, mutation).Run(Steps);
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture) : null;
}
