namespace OrleansJobs.Records;

/// <summary>How it is stored what a child is to its flow.</summary>
internal static class ParentRecord
{
    public static byte[] Encode(JobParent parent)
    {
        var writer = new RecordWriter(64 + parent.Id.Length + parent.Name.Length);
        Write(parent, ref writer);
        return writer.ToArray();
    }

    public static void Write(JobParent parent, ref RecordWriter writer)
    {
        writer.Text(1, parent.Id);
        writer.Number(2, parent.Stamp);
        writer.Number(3, parent.Run);
        writer.Text(4, parent.Name);
        writer.Signed(5, parent.Index);
        writer.Signed(6, parent.Weight);
        writer.Number(7, parent.Depth);
        writer.Number(8, parent.Round);
    }

    public static JobParent Decode(ReadOnlySpan<byte> record)
    {
        string id = "", name = "";
        long stamp = 0;
        int run = 1, index = -1, weight = 1, depth = 0, round = 0;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: id = reader.Text; break;
                case 2: stamp = reader.Number; break;
                case 3: run = (int)reader.Number; break;
                case 4: name = Names.Same(reader.Text); break;
                case 5: index = (int)reader.Signed; break;
                case 6: weight = (int)reader.Signed; break;
                case 7: depth = (int)reader.Number; break;
                case 8: round = (int)reader.Number; break;
            }
        }

        return new JobParent(id, stamp, run, name, index, weight, depth, round);
    }
}
