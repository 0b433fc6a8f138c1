using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.Records;

namespace OrleansJobs.Tests.Storage;

public abstract partial class PartitionStoreConformance
{
    [Fact]
    public async Task CommitAsync_WhenOpenedAgainSince_IsFenced()
    {
        var old = await OpenAsync();
        await old.CommitAsync(commit => commit.Jobs.Add(Job("a", 1)));
        var current = await PartitionWriter.OpenAsync(old.Store);

        Assert.Equal(CommitOutcome.Fenced, await old.SendAsync(commit => commit.Jobs.Add(Job("b", 2))));

        Assert.Null(await current.ReadAsync("b"));
        await current.CommitAsync(commit => commit.Jobs.Add(Job("c", 2)));
    }

    [Fact]
    public async Task CommitAsync_SentAgain_IsAppliedOnce()
    {
        var writer = await OpenAsync();
        var commit = writer.Next(commit =>
        {
            commit.Jobs.Add(Job("a", 1));
            commit.CountDeltas["n"] = 1;
        });

        Assert.Equal(CommitOutcome.Applied, await writer.Store.CommitAsync(commit));
        Assert.Equal(CommitOutcome.Applied, await writer.Store.CommitAsync(commit));

        Assert.Equal(["1:a"], await writer.ReadLogAsync());
        Assert.Equal(1, Assert.Single((await writer.Store.OpenAsync(0)).Counts).Value);
    }

    [Fact]
    public async Task CommitAsync_SentAgainAfterReopening_IsFenced()
    {
        var old = await OpenAsync();
        var commit = old.Next(commit => commit.CountDeltas["n"] = 1);
        await old.Store.CommitAsync(commit);
        var current = await PartitionWriter.OpenAsync(old.Store);

        Assert.Equal(CommitOutcome.Fenced, await old.Store.CommitAsync(commit));
        await current.CommitAsync(commit => commit.CountDeltas["n"] = 1);
        Assert.Equal(CommitOutcome.Fenced, await old.Store.CommitAsync(commit));
        Assert.Equal(2, Assert.Single((await old.Store.OpenAsync(0)).Counts).Value);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(1L << 40)]
    public async Task CommitAsync_OutOfOrder_IsFenced(long sequence)
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(_ => { });
        await writer.CommitAsync(_ => { });
        var commit = new PartitionCommit(0, writer.Opening.Generation, sequence) { CountDeltas = { ["n"] = 1 } };

        Assert.Equal(CommitOutcome.Fenced, await writer.Store.CommitAsync(commit));

        await writer.CommitAsync(_ => { });
        Assert.Empty((await writer.Store.OpenAsync(0)).Counts);
    }

    [Fact]
    public async Task CommitAsync_WhenNeverOpened_IsLost()
    {
        var store = await NewStoreAsync();
        Assert.Equal(CommitOutcome.Lost, await store.CommitAsync(new(0, 1, 1) { Jobs = { Job("a", 1) } }));
        Assert.Equal("none", Text(Assert.Single(await store.ReadAsync(0, ["a"]))));
    }

    [Fact]
    public async Task CommitAsync_WhenTheStoreWasEmptied_IsLost()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit => commit.Jobs.Add(Job("a", 1)));
        await EmptyAsync(writer.Store);

        Assert.Equal(CommitOutcome.Lost, await writer.SendAsync(commit => commit.Jobs.Add(Job("b", 2))));
        Assert.Equal(CommitOutcome.Lost, await writer.SendAsync(commit => commit.LeaseRemoves.Add("a")));
        Assert.False((await writer.Store.OpenAsync(0)).Existed);
    }

    [Fact]
    public async Task CommitAsync_WithSequenceZero_IsRefused()
    {
        var writer = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.Store.CommitAsync(new(0, writer.Opening.Generation, 0)));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    public async Task CommitAsync_WhenStampsDoNotGrow_IsRefused(long first, long second)
    {
        var writer = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => writer.SendAsync(commit => commit.Jobs.AddRange([Job("a", first), Job("b", second)])));
        Assert.Null(await writer.ReadAsync("a"));
    }

    [Fact]
    public async Task CommitAsync_WithAStampThatWasPassed_IsRefusedWhole()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit => commit.Jobs.Add(Job("a", 10)));
        var late = new PartitionCommit(0, writer.Opening.Generation, 2) { Jobs = { Job("b", 10) }, CountDeltas = { ["n"] = 1 } };

        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.Store.CommitAsync(late));

        Assert.Null(await writer.ReadAsync("b"));
        await writer.CommitAsync(commit => commit.Jobs.Add(Job("b", 11)));
    }

    [Fact]
    public async Task Records_AreAsTheLastCommitLeftThem()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.AddRange([Job("a", 1, spec: "A"), Job("b", 2, spec: "B")]);
            commit.Leases.Add(new("a", Bytes("l1")));
        });
        Assert.Equal("A,-,l1,-", Text(await writer.ReadAsync("a")));

        await writer.CommitAsync(commit =>
        {
            commit.LeaseRemoves.Add("a");
            commit.Tracks.Add(new("a", Bytes("t1")));
        });
        Assert.Equal("A,t1,-,-", Text(await writer.ReadAsync("a")));

        await writer.CommitAsync(commit =>
        {
            commit.LeaseRemoves.Add("a");
            commit.Leases.Add(new("a", Bytes("l2")));
            commit.TrackRemoves.Add("a");
            commit.Tracks.Add(new("a", Bytes("t2")));
        });
        Assert.Equal("A,t2,l2,-", Text(await writer.ReadAsync("a")));

        await writer.CommitAsync(commit =>
        {
            commit.LeaseRemoves.Add("a");
            commit.TrackRemoves.Add("a");
            commit.Outcomes.Add(new("a", Bytes("o1"), 100));
        });
        var records = await writer.Store.ReadAsync(0, ["b", "nobody", "a", "a"]);
        Assert.Equal(["B,-,-,-", "none", "A,-,-,o1", "A,-,-,o1"], records.Select(Text));
    }

    [Fact]
    public async Task OutcomeRemoves_LetAJobLiveAgain()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.Add(Job("a", 1));
            commit.Outcomes.Add(new("a", Bytes("failed"), 100));
        });
        await writer.CommitAsync(commit => commit.OutcomeRemoves.Add("a"));

        Assert.Equal("spec,-,-,-", Text(await writer.ReadAsync("a")));
        Assert.Empty(await writer.Store.ReadExpiredAsync(0, long.MaxValue, 10));

        await writer.CommitAsync(commit =>
        {
            commit.OutcomeRemoves.Add("a");
            commit.Outcomes.Add(new("a", Bytes("succeeded"), 200));
        });
        Assert.Equal("spec,-,-,succeeded", Text(await writer.ReadAsync("a")));
        Assert.Equal(["a"], await writer.Store.ReadExpiredAsync(0, 200, 10));
    }

    [Fact]
    public async Task Purges_LeaveNothing()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.AddRange([Job("a", 1), Job("b", 2)]);
            commit.Leases.Add(new("a", Bytes("l")));
            commit.Tracks.Add(new("a", Bytes("t")));
            commit.Outcomes.AddRange([new("a", Bytes("o"), 100), new("b", Bytes("o"), 100)]);
            commit.Deadlines.Add(new("a", 50));
            commit.IndexAdds.AddRange([new("tag:k=v", "a", 1), new("state:FAILURE", "a", 1), new("state:FAILURE", "b", 2)]);
        });
        await writer.CommitAsync(commit => commit.Purges.Add(new("a", "q", "t", 1, ["tag:k=v", "state:FAILURE"])));

        Assert.Null(await writer.ReadAsync("a"));
        Assert.Equal(["2:b"], await writer.ReadLogAsync());
        Assert.Empty(await writer.ReadLogAsync(index: "tag:k=v"));
        Assert.Equal(["2:b"], await writer.ReadLogAsync(index: "state:FAILURE"));
        Assert.Equal(["b"], await writer.Store.ReadExpiredAsync(0, long.MaxValue, 10));
        Assert.Empty(await writer.Store.ReadDeadlinesAsync(0, long.MaxValue, 10));
        Assert.Empty((await writer.Store.OpenAsync(0)).Leases);
    }

    [Fact]
    public async Task Purges_GoBeforeANewJobOfTheSameId()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.Add(Job("a", 1, spec: "old"));
            commit.IndexAdds.Add(new("i", "a", 1));
            commit.Outcomes.Add(new("a", Bytes("o"), 100));
        });
        await writer.CommitAsync(commit =>
        {
            commit.IndexAdds.Add(new("i", "a", 2));
            commit.Jobs.Add(Job("a", 2, spec: "new"));
            commit.Purges.Add(new("a", "q", "t", 1, ["i"]));
        });

        Assert.Equal("new,-,-,-", Text(await writer.ReadAsync("a")));
        Assert.Equal(["2:a"], await writer.ReadLogAsync());
        Assert.Equal(["2:a"], await writer.ReadLogAsync(index: "i"));
    }

    [Fact]
    public async Task Removes_OfWhatIsNotThere_ChangeNothing()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Purges.Add(new("x", "q", "t", 1, ["i"]));
            commit.LaneRemoves.Add(new("lane", "x"));
            commit.LeaseRemoves.Add("x");
            commit.TrackRemoves.Add("x");
            commit.OutcomeRemoves.Add("x");
            commit.DeadlineRemoves.Add("x");
            commit.IndexRemoves.Add(new("i", "x", 1));
        });
        await writer.CommitAsync(commit => commit.Jobs.Add(Job("x", 1)));
        Assert.Equal("spec,-,-,-", Text(await writer.ReadAsync("x")));
    }

    [Fact]
    public async Task CountDeltas_AddUp()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit => (commit.CountDeltas["up"], commit.CountDeltas["down"]) = (1L << 40, -1));
        await writer.CommitAsync(commit => (commit.CountDeltas["up"], commit.CountDeltas["down"]) = (2, -2));

        var counts = (await writer.Store.OpenAsync(0)).Counts;

        Assert.Equal([new("down", -3), new("up", (1L << 40) + 2)], counts.OrderBy(count => count.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task CommitAsync_OfAMebibyte_KeepsEveryByte()
    {
        var writer = await OpenAsync();
        var (spec, outcome) = (new byte[1 << 20], new byte[1 << 20]);
        new Random(1).NextBytes(spec);
        new Random(2).NextBytes(outcome);
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.Add(new("a", spec, "q", "t", 1));
            commit.Outcomes.Add(new("a", outcome, 1));
        });

        var job = await writer.ReadAsync("a");

        Assert.Equal(spec, job!.Spec);
        Assert.Equal(outcome, job.Outcome);
    }

    [Fact]
    public async Task CommitAsync_OfFiveThousandOfEachKind_AppliesAll()
    {
        const int N = 5000;
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 0; i < N; i++)
            {
                commit.Jobs.Add(Job($"j{i}", i + 1, type: $"t{i % 3}"));
                commit.LaneAdds.Add(new($"q/4/t{i % 3}", $"j{i}", i));
                commit.Tracks.Add(new($"j{i}", Bytes($"t{i}")));
                commit.Leases.Add(new($"j{i}", Bytes($"l{i}")));
                commit.Outcomes.Add(new($"j{i}", Bytes($"o{i}"), i));
                commit.Deadlines.Add(new($"j{i}", i));
                commit.IndexAdds.Add(new($"i{i % 2}", $"j{i}", i + 1));
                commit.CountDeltas[$"c{i}"] = i + 1;
            }
        });

        var records = await writer.Store.ReadAsync(0, [.. Enumerable.Range(0, N).Select(i => $"j{i}")]);
        Assert.Equal(Enumerable.Range(0, N).Select(i => $"spec,t{i},l{i},o{i}"), records.Select(Text));
        Assert.Equal(N, (await writer.ReadLogAsync(limit: N)).Length);
        Assert.Equal(N, (await writer.Store.ReadExpiredAsync(0, N, 2 * N)).Length);
        var opening = await writer.Store.OpenAsync(0);
        Assert.Equal((N, N, N, 3), (opening.Counts.Length, opening.Leases.Length, opening.Lanes.Sum(lane => lane.Count), opening.Lanes.Length));

        var again = await PartitionWriter.OpenAsync(writer.Store);
        await again.CommitAsync(commit =>
        {
            for (var i = 0; i < N; i++)
            {
                commit.Purges.Add(new($"j{i}", "q", $"t{i % 3}", i + 1, [$"i{i % 2}"]));
                commit.LaneRemoves.Add(new($"q/4/t{i % 3}", $"j{i}"));
                commit.LeaseRemoves.Add($"j{i}");
                commit.CountDeltas[$"c{i}"] = -i - 1;
            }
        });

        Assert.Empty(await again.ReadLogAsync());
        Assert.Empty(await again.ReadLogAsync(index: "i0"));
        Assert.All(await again.Store.ReadAsync(0, ["j0", "j4999"]), Assert.Null);
        opening = await again.Store.OpenAsync(0);
        Assert.Equal((0, 0, 0), (opening.Counts.Length, opening.Leases.Length, opening.Lanes.Length));
        Assert.Equal(N, opening.LastStamp);
    }
}
