using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.Records;

namespace OrleansJobs.Tests.Storage;

public abstract partial class PartitionStoreConformance
{
    /// <summary>The names of lanes and logs that the store keeps for a partition, however it does.</summary>
    protected abstract Task<string[]> NamesAsync(IPartitionStore store, int partition);

    [Fact]
    public async Task Names_GoWithTheLastJobOfTheirLaneOrLog()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.AddRange([Job("a", 1), Job("b", 2), Job("c", 3, queue: "q2", type: "t2")]);
            commit.LaneAdds.AddRange([new("q/4/t", "a", 1), new("q/4/t", "b", 1), new("q2/4/t2", "c", 1)]);
        });
        await Are("q/4/t", "q/t", "q2/4/t2", "q2/t2");

        await writer.CommitAsync(commit => commit.LaneRemoves.AddRange([new("q/4/t", "a"), new("q2/4/t2", "c")]));
        await Are("q/4/t", "q/t", "q2/t2");

        await writer.CommitAsync(commit => commit.Purges.AddRange([new("a", "q", "t", 1, []), new("c", "q2", "t2", 3, [])]));
        await Are("q/4/t", "q/t");

        // What leaves and comes within one commit stays.
        await writer.CommitAsync(commit =>
        {
            commit.LaneRemoves.Add(new("q/4/t", "b"));
            commit.LaneAdds.Add(new("q/4/t", "d", 5));
            commit.Purges.Add(new("b", "q", "t", 2, []));
            commit.Jobs.Add(Job("d", 4));
        });
        await Are("q/4/t", "q/t");
        Assert.Equal(["4:d"], await writer.ReadLogAsync());

        await writer.CommitAsync(commit =>
        {
            commit.LaneRemoves.Add(new("q/4/t", "d"));
            commit.Purges.Add(new("d", "q", "t", 4, []));
        });
        await Are();

        async Task Are(params string[] names) => Assert.Equal(names, (await NamesAsync(writer.Store, writer.Partition)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ReadLogAsync_WhereMostJobsAreGone_GivesTheOthersInOrder(int seed)
    {
        const int Jobs = 4000;
        const int Batch = 300;
        var random = new Random(seed);
        var writer = await OpenAsync();
        await writer.CommitAsync(commit => commit.Jobs.AddRange(Enumerable.Range(1, Jobs).Select(Put)));
        var left = Enumerable.Range(1, Jobs).ToHashSet();
        // Oldest first as retention has it, in any order as people delete, and all but a few in a row.
        var leaving = seed switch
        {
            1 => Enumerable.Range(1, Jobs).Where(i => i % 97 != 0),
            2 => Enumerable.Range(1, Jobs).OrderBy(_ => random.Next()).SkipLast(40),
            _ => Enumerable.Range(1, Jobs).Reverse().Where(i => i is < 1000 or > 1020),
        };

        foreach (var batch in leaving.ToList().Chunk(Batch))
        {
            await writer.CommitAsync(commit => commit.Purges.AddRange(batch.Select(i => new JobPurge(Put(i).Id, Put(i).Queue, Put(i).Type, i, []))));
            left.ExceptWith(batch);
            var (before, limit) = (random.Next(Jobs + 2), random.Next(1, 50));
            Assert.Equal(Lines(i => i < before).Take(limit), await writer.ReadLogAsync(limit, before));
            Assert.Equal(Lines(i => i > before && i % 3 == 1).Take(limit), await writer.ReadLogAsync(limit, after: before, type: "t1"));
        }

        Assert.Equal(Lines(_ => true), await writer.ReadLogAsync(Jobs));
        Assert.Equal(Lines(i => i % 2 == 0 && i % 3 == 2), await writer.ReadLogAsync(Jobs, queue: "q0", type: "t2"));

        await writer.CommitAsync(commit => commit.Jobs.Add(Put(Jobs + 1)));
        left.Add(Jobs + 1);
        Assert.Equal(Lines(_ => true), await writer.ReadLogAsync(Jobs));
        await writer.CommitAsync(commit => commit.Purges.AddRange(left.Select(i => new JobPurge(Put(i).Id, Put(i).Queue, Put(i).Type, i, []))));
        Assert.Empty(await writer.ReadLogAsync());
        Assert.Empty(await NamesAsync(writer.Store, writer.Partition));

        IEnumerable<string> Lines(Func<int, bool> fits) => left.Where(fits).OrderDescending().Select(i => $"{i}:{Put(i).Id}");

        static JobPut Put(int i) => Job($"j{i}", i, $"q{i % 2}", $"t{i % 3}");
    }
}
