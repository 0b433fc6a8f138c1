using OrleansJobs.Records;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>An attempt that has ended without its handler, as it is stored.</summary>
/// <param name="Silo">Where its handler runs on.</param>
/// <param name="Key">Of whose permits it keeps one; null: it has none.</param>
internal sealed record StuckRecord(LeaseName Lease, string Silo, string Queue, string? Key)
{
    public byte[] Encode()
    {
        var writer = new RecordWriter(96);
        writer.Text(1, Lease.Id);
        writer.Number(2, Lease.Token);
        writer.Text(3, Silo);
        writer.Text(4, Queue);
        writer.Text(5, Key);
        return writer.ToArray();
    }

    public static StuckRecord Decode(ReadOnlySpan<byte> record)
    {
        var token = 0L;
        string id = "", silo = "", queue = "";
        string? key = null;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: id = reader.Text; break;
                case 2: token = reader.Number; break;
                case 3: silo = reader.Text; break;
                case 4: queue = reader.Text; break;
                case 5: key = reader.Text; break;
            }
        }

        return new(new(id, token), silo, queue, key);
    }
}
