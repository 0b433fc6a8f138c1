namespace OrleansJobs.Records;

/// <summary>What the store keeps of a job type, for those who ask while no silo knows it.</summary>
internal static class JobTypeRecord
{
    public static byte[] Encode(JobTypeInfo type)
    {
        var writer = new RecordWriter(256);
        writer.Text(1, type.Queue);
        writer.Text(2, type.ArgsSchema);
        writer.Text(3, type.ResultSchema);
        writer.Text(4, type.Description);
        writer.Text(5, type.Release);
        writer.Number(6, type.Attempts ?? 0);
        writer.Number(7, (long)(type.Timeout?.TotalMilliseconds ?? 0));
        if (type.IsFlow) writer.Number(8, 1);
        writer.Text(9, type.Key);
        writer.Number(10, type.Weight ?? 0);
        writer.Number(11, (long)(type.StalledAfter?.TotalMilliseconds ?? 0));
        return writer.ToArray();
    }

    public static JobTypeInfo Decode(string name, ReadOnlySpan<byte> record)
    {
        string queue = JobLimits.DefaultQueue, args = "true", result = "true";
        string? description = null, release = null;
        string? key = null;
        long attempts = 0, timeout = 0, weight = 0, stalled = 0;
        var isFlow = false;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: queue = reader.Text; break;
                case 2: args = reader.Text; break;
                case 3: result = reader.Text; break;
                case 4: description = reader.Text; break;
                case 5: release = reader.Text; break;
                case 6: attempts = reader.Number; break;
                case 7: timeout = reader.Number; break;
                case 8: isFlow = reader.Number != 0; break;
                case 9: key = reader.Text; break;
                case 10: weight = reader.Number; break;
                case 11: stalled = reader.Number; break;
            }
        }

        return new JobTypeInfo
        {
            Name = name, Queue = queue, ArgsSchema = args, ResultSchema = result, Description = description, Release = release,
            Attempts = attempts > 0 ? (int)attempts : null, Timeout = timeout > 0 ? TimeSpan.FromMilliseconds(timeout) : null, IsFlow = isFlow, Key = key,
            Weight = weight > 0 ? (int)weight : null, StalledAfter = stalled > 0 ? TimeSpan.FromMilliseconds(stalled) : null,
        };
    }
}
