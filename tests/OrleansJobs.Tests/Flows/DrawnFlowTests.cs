using System.Text;
using System.Text.RegularExpressions;
using OrleansJobs.Flows;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>
/// Hundreds of drawn flows, with crashes and lost answers at drawn moments: every attempt is given what the one before was given, in the same order, and goes on
/// from there; and where nothing depends on what comes first, the flow ends as one does to which nothing happens.
/// </summary>
public class DrawnFlowTests
{
    [Theory]
    [InlineData(0, 75)]
    [InlineData(75, 75)]
    [InlineData(150, 75)]
    [InlineData(225, 75)]
    public async Task Flows_EndTheSame_WhateverHappensToTheirAttempts(int first, int count)
    {
        var (attempts, crashes, parks, compared) = (0, 0, 0, 0);
        for (var seed = first; seed < first + count; seed++)
        {
            var drawn = DrawnFlow.Draw(new Random(seed));
            try
            {
                var troubled = await RunAsync(drawn, seed, crashes: 18, losses: 14);
                attempts += troubled.Attempts.Count;
                crashes += troubled.Endings.Count(ending => ending.Kind is ReportKind.Returned);
                parks += troubled.Endings.Count(ending => ending.Kind is ReportKind.Parked);
                AssertEachGoesOn(troubled.Attempts);
                if (drawn.IsRace) continue;
                compared++;
                var calm = await RunAsync(drawn, seed, 0, 0);
                Assert.Equal(calm.Result, troubled.Result);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed}: {exception.Message}\n{drawn}", exception);
            }
        }

        // What is to be shown has been seen.
        Assert.True(crashes > count && parks > count && compared > count / 8, $"{attempts} attempts, {crashes} crashes, {parks} parks, {compared} compared");
    }

    private static void AssertEachGoesOn(List<List<string>> attempts)
    {
        var known = new List<string>();
        foreach (var said in attempts)
        {
            var common = Math.Min(known.Count, said.Count);
            Assert.Equal(known.Take(common), said.Take(common));
            if (said.Count > known.Count) known = said;
        }

        Assert.Equal(known, attempts[^1]);
    }

    private static async Task<(string Result, List<List<string>> Attempts, List<AttemptEnding> Endings)> RunAsync(DrawnFlow drawn, int seed, int crashes, int losses)
    {
        var time = new FlowTime();
        var random = new Random(seed);
        var world = new FlowWorld(seed, time)
        {
            CrashShare = crashes, LossShare = losses, IsTerse = seed % 2 == 0,
            Ends = child => (child.Args is [.., (byte)'3'], child.Args) is (true, _) ? (null, "three") : (child.Args, null),
        };
        var attempts = new List<List<string>>();
        using var harness = new FlowHarness(grid => grid.AddFlow("flow", (object? _, FlowContext flow, CancellationToken _) =>
        {
            var said = new List<string>();
            attempts.Add(said);
            return new DrawnRun(flow, world, random, said).RunAsync(drawn);
        }), world, time);
        var ending = await harness.RunAsync(happen: park =>
        {
            lock (random)
            {
                var wants = park.Signals.Length > 0 ? park.Signals[random.Next(park.Signals.Length)] : null;
                if (park.Until is not null && random.Next(3) == 0) return false;
                if ((wants is null || random.Next(3) > 0) && world.EndChild()) return true;
                if (wants is null || (park.Until is not null && random.Next(2) == 0)) return false;
                world.Signal(wants, "5");
                return true;
            }
        });
        var result = ending.Result is { } bytes ? Encoding.UTF8.GetString(bytes) : $"{ending.Kind} {ending.Error?.Code} {Regex.Replace(ending.Error?.Message ?? "", @"oj-[0-9a-f]+|\[\d+\]", "child")}";
        return (result, attempts, harness.Endings);
    }
}
