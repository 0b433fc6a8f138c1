namespace OrleansJobs.Records;

/// <summary>How something that a job waits for is stored.</summary>
internal static class WaitRecord
{
    public static byte[] Encode(WaitReason reason)
    {
        var writer = new RecordWriter(64);
        writer.Text(1, reason.What);
        writer.Text(2, reason.Name);
        writer.Signed(3, reason.Done);
        writer.Signed(4, reason.Of);
        writer.Signed(5, reason.Until?.ToUnixTimeMilliseconds());
        return writer.ToArray();
    }

    public static WaitReason Decode(ReadOnlySpan<byte> record)
    {
        string what = "";
        string? name = null;
        long? done = null, of = null, until = null;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: what = Names.Same(reader.Text); break;
                case 2: name = reader.Text; break;
                case 3: done = reader.Signed; break;
                case 4: of = reader.Signed; break;
                case 5: until = reader.Signed; break;
            }
        }

        return new WaitReason(what) { Name = name, Done = done, Of = of, Until = until is { } instant ? DateTimeOffset.FromUnixTimeMilliseconds(instant) : null };
    }
}
