using OrleansJobs.Records;

namespace OrleansJobs.Flows;

/// <summary>How a child that is to be started travels.</summary>
internal static class ChildRecord
{
    public static byte[] Encode(JobSubmission child)
    {
        var spec = JobSpec.Of(child, now: 0, stamp: 0, due: child.Countdown ?? 0).Encode();
        var writer = new RecordWriter(spec.Length + child.Id.Length + 16);
        writer.Text(1, child.Id);
        writer.Bytes(2, spec);
        writer.Number(3, child.MayExist ? 1 : 0);
        return writer.ToArray();
    }

    public static JobSubmission Decode(ReadOnlySpan<byte> body)
    {
        string id = "";
        JobSpec? spec = null;
        var mayExist = false;
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: id = reader.Text; break;
                case 2: spec = JobSpec.Decode(reader.Bytes); break;
                case 3: mayExist = reader.Number != 0; break;
            }
        }

        return new JobSubmission
        {
            Id = id, Type = spec!.Type, Queue = spec.Queue, Priority = spec.Priority, Args = spec.Args, Countdown = spec.DueAt, Retry = spec.Retry, Attempts = spec.Attempts,
            Timeout = spec.Timeout, Retention = spec.Retention, DeadlineAt = spec.DeadlineAt, Tags = spec.Tags, TraceParent = spec.TraceParent, Parent = spec.Parent, MayExist = mayExist,
        };
    }
}
