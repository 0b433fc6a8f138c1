namespace OrleansJobs.Tests.Submission;

public class JobIdsTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("A-Z_0.9", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("a\r\nb", false)]
    [InlineData("a\0", false)]
    [InlineData("\u202eabc", false)]
    public void IsValid_TakesOnlyThePublishedCharacters(string id, bool valid) => Assert.Equal(valid, JobIds.IsValid(id));

    [Fact]
    public void IsValid_WhenOneCharacterTooLong_IsFalse()
    {
        Assert.True(JobIds.IsValid(new string('a', JobIds.MaxLength)));
        Assert.False(JobIds.IsValid(new string('a', JobIds.MaxLength + 1)));
    }

    // Jobs belong to their partition for ever: should this ever fail, it is the hash that is wrong, not the test.
    [Theory]
    [InlineData("a", 32, 17)]
    [InlineData("a", 7, 1)]
    [InlineData("0198c8f0-0000-7000-8000-000000000000", 32, 22)]
    public void PartitionOf_IsStable(string id, int partitions, int expected) => Assert.Equal(expected, JobIds.PartitionOf(id, partitions));

    [Fact]
    public void PartitionOf_SpreadsTimeOrderedIdsEvenly()
    {
        var counts = new int[32];
        for (var i = 0; i < 32_000; i++) counts[JobIds.PartitionOf(JobIds.New(), 32)]++;
        Assert.All(counts, count => Assert.InRange(count, 800, 1200));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(32)]
    [InlineData(1024)]
    public void NewIn_MakesFreshIdsOfThatPartition(int partitions)
    {
        var partition = partitions / 2;
        var ids = Enumerable.Range(0, 500).Select(_ => JobIds.NewIn(partition, partitions, TimeProvider.System)).ToHashSet();

        Assert.Equal(500, ids.Count);
        Assert.All(ids, id => Assert.Equal(partition, JobIds.PartitionOf(id, partitions)));
        Assert.All(ids, id => Assert.True(Guid.TryParseExact(id, "D", out var guid) && guid.Version == 7));
    }
}
