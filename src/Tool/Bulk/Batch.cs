namespace OrleansJobs.Tool.Bulk;

/// <summary>
/// Lines that are sent together, in their order. They are of one block, whose lines have one idempotency key, each at its place: so what is the same block each time may be cut otherwise, and
/// still makes nothing twice.
/// </summary>
/// <param name="block">The first has the number 1.</param>
/// <param name="offset">The place of the first line in its block.</param>
internal sealed class Batch(int block, int offset)
{
    /// <summary>A gateway takes 1,000 jobs and 16 MiB, unless it is told otherwise.</summary>
    public const int MostLines = 1000;
    public const int MostBytes = 4 * 1024 * 1024;

    /// <summary>What takes a place in a block, and is refused: the gateway counts it, and goes on.</summary>
    private static readonly byte[] Nobody = "null\n"u8.ToArray();

    private int _bytes;

    public int Block => block;

    public int Offset => offset;

    public List<Entry> Entries { get; } = [];

    public bool Fits(Entry entry) => Entries.Count == 0 || _bytes + entry.Bytes.Length + 1 <= MostBytes;

    public void Add(Entry entry)
    {
        Entries.Add(entry);
        _bytes += entry.Bytes.Length + 1;
    }

    /// <summary>Those of the lines that are meant, each at its place in the block.</summary>
    /// <returns>Null: there are none.</returns>
    public byte[]? Write(int count, Predicate<Entry> isMeant)
    {
        var last = Entries.FindLastIndex(count - 1, count, isMeant);
        if (last < 0) return null;
        using var all = new MemoryStream();
        for (var place = 0; place < offset; place++) all.Write(Nobody);
        foreach (var entry in Entries.Take(last + 1))
        {
            if (isMeant(entry))
            {
                all.Write(entry.Bytes.Span);
                all.WriteByte((byte)'\n');
            }
            else
            {
                all.Write(Nobody);
            }
        }

        return all.ToArray();
    }
}
