using OrleansJobs.Records;

namespace OrleansJobs.Flows;

/// <summary>Several children that belong to one partition, and are started by one decision: what costs a letter each otherwise, to write, to carry and to strike.</summary>
internal static class ChildrenLetter
{
    /// <summary>Children that go together.</summary>
    private const int MostTogether = 64;

    /// <summary>Bytes beyond which no other is added.</summary>
    private const int MostBytes = 64 << 10;

    /// <summary>About what is said of a child beside its arguments.</summary>
    private const int OverheadOfChild = 200;

    private const int Child = 1;

    /// <summary>Some of the next, in their order.</summary>
    /// <param name="next">The first of them; then the one behind the last.</param>
    public static byte[] Encode(List<JobSubmission> children, ref int next)
    {
        var writer = new RecordWriter(16 << 10);
        var (bytes, end) = (0, Math.Min(children.Count, next + MostTogether));
        for (; next < end && bytes < MostBytes; next++)
        {
            var child = writer.Open(Child);
            ChildRecord.Write(children[next], null, ref writer);
            writer.Close(child);
            bytes += children[next].Args.Length + OverheadOfChild;
        }

        return writer.ToArray();
    }

    public static List<JobSubmission> Decode(ReadOnlySpan<byte> body)
    {
        var children = new List<JobSubmission>();
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            if (reader.Field == Child) children.Add(ChildRecord.Decode(reader.Bytes));
        }

        return children;
    }

    public static int CountOf(ReadOnlySpan<byte> body)
    {
        var count = 0;
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            if (reader.Field == Child) count++;
        }

        return count;
    }
}

/// <summary>Children that one decision starts elsewhere, by partition.</summary>
internal sealed class ChildrenElsewhere
{
    private readonly Dictionary<int, List<JobSubmission>> _homes = [];

    public IReadOnlyDictionary<int, List<JobSubmission>> Homes => _homes;

    public void Add(int home, JobSubmission child)
    {
        if (!_homes.TryGetValue(home, out var children)) _homes.Add(home, children = []);
        children.Add(child);
    }
}
