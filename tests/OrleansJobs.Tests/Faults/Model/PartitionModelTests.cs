using System.Globalization;

namespace OrleansJobs.Tests.Faults.Model;

/// <summary>
/// The pure partition against thousands of drawn histories. A failure names its seed; <c>PARTITION_MODEL_SEED</c> runs that one alone, and
/// <c>PARTITION_MODEL_COUNT</c> as many as one likes.
/// </summary>
public class PartitionModelTests
{
    private const int Steps = 400;

    [Fact]
    public void Partition_InEveryDrawnHistory_KeepsItsPromises()
    {
        var first = Setting("PARTITION_MODEL_SEED");
        var count = Setting("PARTITION_MODEL_COUNT") ?? (first is null ? 2000 : 1);
        for (var seed = first ?? 1; seed < (first ?? 1) + count; seed++)
        {
            if (Play(seed, ModelMutation.None) is { } broken)
                Assert.Fail($"Seed {seed}: {broken}\nReplay: PARTITION_MODEL_SEED={seed} dotnet test --filter {nameof(Partition_InEveryDrawnHistory_KeepsItsPromises)}");
        }
    }

    /// <summary>A model whose checks notice nothing when a safeguard is missing would prove nothing.</summary>
    [Theory]
    [InlineData(nameof(ModelMutation.NoFence))]
    [InlineData(nameof(ModelMutation.NoGenerationCheck))]
    [InlineData(nameof(ModelMutation.NoRedelivery))]
    [InlineData(nameof(ModelMutation.NoStoreAcknowledgement))]
    [InlineData(nameof(ModelMutation.NoTokenFloor))]
    public void Model_WhenASafeguardIsMissing_Notices(string missing)
    {
        var mutation = Enum.Parse<ModelMutation>(missing);
        Assert.Contains(Enumerable.Range(1, 50), seed => Play(seed, mutation) is ModelBroken);
    }

    private static Exception? Play(int seed, ModelMutation mutation)
    {
        try
        {
            new ModelWorld(seed, mutation).Run(Steps);
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
