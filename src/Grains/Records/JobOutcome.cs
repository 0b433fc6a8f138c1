namespace OrleansJobs.Records;

/// <summary>How a job ended, with what had happened to it by then. All instants are Unix milliseconds.</summary>
internal sealed record JobOutcome
{
    public required JobState State { get; init; }
    public byte[]? Result { get; init; }
    public JobError? Error { get; init; }
    public required long FinishedAt { get; init; }

    /// <summary>From then on the job is as good as gone, and soon is.</summary>
    public required long RetainUntil { get; init; }
    public required JobTrack Track { get; init; }

    public byte[] Encode()
    {
        var writer = new RecordWriter((Result?.Length ?? 0) + 256);
        writer.Number(1, (int)State);
        if (Result is not null) writer.Bytes(RecordFields.OutcomeResult, Result);
        if (Error is not null) writer.Bytes(3, EncodeTraced(Error));
        writer.Number(4, FinishedAt);
        writer.Signed(5, RetainUntil - FinishedAt);
        var track = writer.Open(6);
        Track.Write(ref writer);
        writer.Close(track);
        return writer.ToArray();
    }

    public static JobOutcome Decode(ReadOnlySpan<byte> record) => Decode(record, withTrack: true);

    /// <summary>How it ended, without what had happened to it by then.</summary>
    public static JobOutcome DecodeEnd(ReadOnlySpan<byte> record) => Decode(record, withTrack: false);

    private static JobOutcome Decode(ReadOnlySpan<byte> record, bool withTrack)
    {
        var state = JobState.Success;
        byte[]? result = null;
        JobError? error = null;
        long finished = 0, retain = 0;
        var track = JobTrack.Fresh;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: state = (JobState)reader.Number; break;
                case RecordFields.OutcomeResult: result = reader.Bytes.ToArray(); break;
                case 3: error = DecodeError(reader.Bytes); break;
                case 4: finished = reader.Number; break;
                case 5: retain = reader.Signed; break;
                case 6 when withTrack: track = JobTrack.Decode(reader.Bytes); break;
            }
        }

        return new JobOutcome { State = state, Result = result, Error = error, FinishedAt = finished, RetainUntil = finished + retain, Track = track };
    }

    /// <summary>What others are told of a failure.</summary>
    public static byte[] Encode(JobError error) => Encode(error, null);

    /// <summary>The same with where it was thrown, for the job itself.</summary>
    public static byte[] EncodeTraced(JobError error) => Encode(error, error.Trace);

    private static byte[] Encode(JobError error, JobTrace? trace)
    {
        var writer = new RecordWriter(64 + error.Message.Length + (trace?.Text?.Length ?? 0));
        writer.Text(1, error.Code);
        writer.Text(2, error.Type);
        writer.Text(3, error.Message);
        writer.Text(4, trace?.Text);
        writer.Text(5, trace?.Place);
        writer.Text(6, trace?.Release);
        return writer.ToArray();
    }

    public static JobError DecodeError(ReadOnlySpan<byte> record)
    {
        string code = "", message = "";
        string? type = null, text = null, place = null, release = null;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: code = reader.Text; break;
                case 2: type = reader.Text; break;
                case 3: message = reader.Text; break;
                case 4: text = reader.Text; break;
                case 5: place = reader.Text; break;
                case 6: release = reader.Text; break;
            }
        }

        return new JobError(code, type, message) { Trace = place is null ? null : new(text, place, release) };
    }
}
