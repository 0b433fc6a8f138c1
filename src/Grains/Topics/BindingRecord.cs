using OrleansJobs.Records;

namespace OrleansJobs.Topics;

/// <summary>How a binding is stored.</summary>
internal static class BindingRecord
{
    public static byte[] Encode(BindingsVersion version) => [.. BitConverter.GetBytes(version.Opening), .. BitConverter.GetBytes(version.Number)];

    /// <summary>A row that has a number alone is of a time before openings counted: of whichever opening, it is older than what any says.</summary>
    public static BindingsVersion DecodeVersion(ReadOnlySpan<byte> row) =>
        row.Length == sizeof(long) ? new(0, BitConverter.ToInt64(row)) : new(BitConverter.ToInt64(row), BitConverter.ToInt64(row[sizeof(long)..]));

    public static byte[] Encode(TopicBinding binding)
    {
        var writer = new RecordWriter(64 + (binding.Args?.Length ?? 0));
        writer.Text(1, binding.Pattern);
        writer.Text(2, binding.Type);
        writer.Text(3, binding.Queue);
        if (binding.Args is { } args) writer.Bytes(4, args);
        writer.Number(5, binding.Version);
        return writer.ToArray();
    }

    public static TopicBinding Decode(string id, ReadOnlySpan<byte> record)
    {
        var binding = new TopicBinding { Id = id, Pattern = "", Type = "" };
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: binding = binding with { Pattern = reader.Text }; break;
                case 2: binding = binding with { Type = reader.Text }; break;
                case 3: binding = binding with { Queue = reader.Text }; break;
                case 4: binding = binding with { Args = reader.Bytes.ToArray() }; break;
                case 5: binding = binding with { Version = reader.Number }; break;
            }
        }

        return binding;
    }
}
