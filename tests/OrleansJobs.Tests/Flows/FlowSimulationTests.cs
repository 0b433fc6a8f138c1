using System.Globalization;
using OrleansJobs.Tests.Flows.Simulation;

namespace OrleansJobs.Tests.Flows;

/// <summary>
/// Letters, waiting, flows and what follows, played through with crashes, lost answers and activations that do not know that they are over: 240 histories, or as many
/// as <c>FLOW_SIMULATION_COUNT</c> says.
/// </summary>
public class FlowSimulationTests
{
    private const int AllBatches = 12;
    private static readonly int Histories =
        ((Environment.GetEnvironmentVariable("FLOW_SIMULATION_COUNT") is { Length: > 0 } count ? int.Parse(count, CultureInfo.InvariantCulture) : 240) + AllBatches - 1) / AllBatches;

    public static TheoryData<int> Batches => [.. Enumerable.Range(0, AllBatches)];

    [Theory, MemberData(nameof(Batches))]
    public void Histories_ComeOutAsIfNothingHadHappened(int batch)
    {
        for (var i = 0; i < Histories; i++) Play((batch * Histories) + i, SimulationMutation.None);
    }

    [Theory]
    [InlineData((int)SimulationMutation.NoLetterMarks), InlineData((int)SimulationMutation.NoLetterCommit), InlineData((int)SimulationMutation.NoParkCheck)]
    public void Histories_WhenASafeguardIsMissing_DoNot(int mutation)
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            try
            {
                Play(seed, (SimulationMutation)mutation);
            }
            catch (SimulationBroken)
            {
                return;
            }
        }

        Assert.Fail("Nothing was noticed.");
    }

    private static void Play(int seed, SimulationMutation mutation)
    {
        using var world = new World(seed, mutation);
        try
        {
            world.Run(60);
        }
        catch (SimulationBroken exception) when (mutation == SimulationMutation.None)
        {
            throw new SimulationBroken($"Seed {seed}: {exception.Message}");
        }
    }
}
