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
        return writer.ToArray();
    }

    public static JobTypeInfo Decode(string name, ReadOnlySpan<byte> record)
    {
        string queue = JobLimits.DefaultQueue, args = "true", result = "true";
        string? description = null;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: queue = reader.Text; break;
                case 2: args = reader.Text; break;
                case 3: result = reader.Text; break;
                case 4: description = reader.Text; break;
            }
        }

        return new JobTypeInfo { Name = name, Queue = queue, ArgsSchema = args, ResultSchema = result, Description = description };
    }
}
