using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage;

public class PositionGroupsTests
{
    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("aaabbb")]
    [InlineData("abcabcaab")]
    [InlineData("abba")]
    public void Groups_HoldPositionsInOrder(string keys)
    {
        var groups = new PositionGroups<string>();
        groups.Add("left over");
        groups.Clear();
        foreach (var key in keys) groups.Add(key.ToString());

        var expected = keys.Select((key, position) => (key, position)).GroupBy(line => line.key).Select(group => $"{group.Key}:{string.Join(',', group.Select(line => line.position))}:{group.Count()}");
        Assert.Equal(expected, Enumerable.Range(0, groups.Count).Select(Text));

        string Text(int group)
        {
            var positions = new List<int>();
            for (var i = groups[group].First; i >= 0; i = groups.Next(i)) positions.Add(i);
            return $"{groups[group].Key}:{string.Join(',', positions)}:{groups[group].Size}";
        }
    }
}
