using System.Security.Cryptography;
using System.Text;
using OrleansJobs.Flows;

namespace OrleansJobs.Tests.Flows;

/// <summary>Ids of children stand in stores: what they were derived as, they are derived as for ever.</summary>
public class FlowIdsTests
{
    [Fact]
    public void AnId_IsWhatItWas()
    {
        var child = FlowIds.Child("flow-1", 1_700_000_000_000, 2, "Größe ☃", 17, isSpread: true, 8);
        Assert.StartsWith("oj-126133b03b59f8d37a4f2cdc", child, StringComparison.Ordinal);
        Assert.Equal(17 % 8, JobIds.PartitionOf(child, 8));
        Assert.Equal(JobIds.PartitionOf("flow-1", 8), JobIds.PartitionOf(FlowIds.Child("flow-1", 1_700_000_000_000, 2, "name", -1, isSpread: false, 8), 8));
    }

    /// <summary>However long what it is derived from, and whatever is in it.</summary>
    [Theory]
    [InlineData(1), InlineData(100), InlineData(128), InlineData(300)]
    public void AnId_FollowsFromAllOfItsParts(int length)
    {
        foreach (var name in new[] { new string('n', length), new string('ü', length), new string('☃', length), "a\ud800b" })
        {
            var expected = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{new string('f', length)}/5/1/-1/{name}")).AsSpan(0, 12));
            Assert.StartsWith("oj-" + expected, FlowIds.Child(new string('f', length), 5, 1, name, -1, isSpread: false, 8), StringComparison.Ordinal);
        }
    }
}
