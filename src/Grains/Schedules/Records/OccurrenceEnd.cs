using OrleansJobs.Records;

namespace OrleansJobs.Schedules;

/// <summary>How an occurrence has ended, as its partition tells that of its schedule.</summary>
/// <param name="Job">Its id.</param>
/// <param name="StartedAt">Null: it never was.</param>
internal sealed record OccurrenceEnd(ScheduledRun Run, string Job, JobState State, long? StartedAt, long FinishedAt)
{
    public byte[] Encode()
    {
        var writer = new RecordWriter(128);
        writer.Text(1, Run.Schedule);
        writer.Number(2, Run.Incarnation);
        writer.Signed(3, Run.At);
        writer.Text(4, Job);
        writer.Number(5, (int)State);
        writer.Signed(6, StartedAt);
        writer.Signed(7, FinishedAt);
        return writer.ToArray();
    }

    public static OccurrenceEnd Decode(ReadOnlySpan<byte> body)
    {
        var (schedule, job) = ("", "");
        long incarnation = 0, at = 0, finished = 0;
        long? started = null;
        var state = JobState.Success;
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: schedule = reader.Text; break;
                case 2: incarnation = reader.Number; break;
                case 3: at = reader.Signed; break;
                case 4: job = reader.Text; break;
                case 5: state = (JobState)reader.Number; break;
                case 6: started = reader.Signed; break;
                case 7: finished = reader.Signed; break;
            }
        }

        return new(new(schedule, incarnation, at), job, state, started, finished);
    }
}
