using OrleansJobs.Records;

namespace OrleansJobs.Flows;

/// <summary>How a job that is to be started elsewhere travels: a child of a flow, or an occurrence of a schedule.</summary>
internal static class ChildRecord
{
    /// <param name="scheduled">Of an occurrence.</param>
    public static byte[] Encode(JobSubmission child, ScheduledRun? scheduled = null)
    {
        var writer = new RecordWriter(256 + child.Args.Length);
        Write(child, scheduled, ref writer);
        return writer.ToArray();
    }

    public static void Write(JobSubmission child, ScheduledRun? scheduled, ref RecordWriter writer)
    {
        writer.Text(1, child.Id);
        var spec = writer.Open(2);
        JobSpec.Of(child, now: 0, stamp: 0, due: child.Countdown ?? 0, scheduled).Write(ref writer);
        writer.Close(spec);
        writer.Number(3, child.MayExist ? 1 : 0);
        writer.Text(4, child.Owner);
    }

    public static JobSubmission Decode(ReadOnlySpan<byte> body) => Decode(body, out _);

    public static JobSubmission Decode(ReadOnlySpan<byte> body, out ScheduledRun? scheduled)
    {
        string id = "";
        string? owner = null;
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
                case 4: owner = reader.Text; break;
            }
        }

        scheduled = spec!.Scheduled;
        return new JobSubmission
        {
            Id = id, Type = spec.Type, Queue = spec.Queue, Priority = spec.Priority, Args = spec.Args, Countdown = spec.DueAt, Retry = spec.Retry, Attempts = spec.Attempts,
            Timeout = spec.Timeout, Retention = spec.Retention, DeadlineAt = spec.DeadlineAt, Tags = spec.Tags, TraceParent = spec.TraceParent, Parent = spec.Parent, MayExist = mayExist,
            Key = spec.Key, Weight = spec.Weight, Owner = owner, Notify = spec.Notify,
        };
    }
}
