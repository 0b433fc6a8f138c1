using System.Net;
using OrleansJobs.Partitions;

namespace OrleansJobs.Tests.Partitions;

/// <summary>Where partitions live, over drawn histories of silos that join, leave, and come back as a new life of themselves.</summary>
public class PartitionAssignmentTests
{
    private const int Histories = 40;
    private const int Steps = 60;
    private const int MostSilos = 50;

    [Fact]
    public void Shares_AreEvenWithinOne_AndFewPartitionsMove()
    {
        double moved = 0, needed = 0;
        for (var seed = 0; seed < Histories; seed++)
        {
            var random = new Random(seed);
            var partitions = 1 << random.Next(5, 11);
            var silos = Enumerable.Range(0, random.Next(1, MostSilos + 1)).Select(_ => Draw(random)).ToList();
            var owners = PartitionAssignment.Assign(partitions, silos);
            for (var step = 0; step < Steps; step++)
            {
                var before = silos.Count;
                if (before == 1 || (before < MostSilos && random.Next(2) == 0)) silos.Add(Draw(random));
                else silos.RemoveAt(random.Next(before));
                var next = PartitionAssignment.Assign(partitions, Shuffled(silos, random));
                AssertEven(next, silos, $"seed {seed}, step {step}");

                // The share of the one that came or went has to move. What the bound makes others give way beside it is less than that again, and one for two silos.
                var moves = owners.Zip(next).Count(pair => !pair.First.Equals(pair.Second));
                var larger = Math.Max(before, silos.Count);
                var most = (2.0 * partitions / larger) + (larger / 2.0) + 4;
                Assert.True(moves <= most, $"seed {seed}, step {step}: {moves} of {partitions} partitions moved between {before} and {silos.Count} silos, at most {most:0}");
                (moved, needed) = (moved + moves, needed + ((double)partitions / larger));
                owners = next;
            }
        }

        Assert.InRange(moved / needed, 1, 2);
    }

    [Fact]
    public void AllSilos_WhateverOrderTheyKnowTheOthersIn_SayTheSame()
    {
        var random = new Random(1);
        var silos = Enumerable.Range(0, MostSilos).Select(_ => Draw(random)).ToList();
        var owners = PartitionAssignment.Assign(256, silos);
        for (var i = 0; i < 20; i++) Assert.Equal(owners, PartitionAssignment.Assign(256, Shuffled(silos, random)));
    }

    [Fact]
    public void MoreSilosThanPartitions_HaveOneOrNone()
    {
        var random = new Random(2);
        var owners = PartitionAssignment.Assign(32, [.. Enumerable.Range(0, MostSilos).Select(_ => Draw(random))]);
        Assert.Equal(32, owners.Distinct().Count());
    }

    private static void AssertEven(SiloAddress[] owners, List<SiloAddress> silos, string when)
    {
        var shares = silos.ToDictionary(silo => silo, _ => 0);
        foreach (var owner in owners) shares[owner]++;
        Assert.True(shares.Values.Max() - shares.Values.Min() <= 1, $"{when}: shares {string.Join(' ', shares.Values.Order())}");
    }

    private static SiloAddress[] Shuffled(List<SiloAddress> silos, Random random)
    {
        var shuffled = silos.ToArray();
        random.Shuffle(shuffled);
        return shuffled;
    }

    private static SiloAddress Draw(Random random) =>
        SiloAddress.New(new IPAddress([10, 0, (byte)random.Next(256), (byte)random.Next(1, 255)]), random.Next(1024, 65536), random.Next(1, int.MaxValue));
}
