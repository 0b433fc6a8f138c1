using OrleansJobs.Records;

namespace OrleansJobs.Flows;

/// <summary>How flows and what they remember are stored.</summary>
internal static class FlowRecord
{
    public static byte[] Encode(FlowEntry flow)
    {
        var writer = new RecordWriter(128);
        writer.Number(1, flow.Run);
        if (flow.Args is not null) writer.Bytes(2, flow.Args);
        writer.Number(3, flow.Last);
        writer.Number(4, flow.LastArrival);
        writer.Number(5, flow.RetriedAt);
        writer.Number(6, flow.Names);
        writer.Number(7, flow.Bytes);
        writer.Number(8, flow.Children);
        writer.Number(9, flow.Weight);
        writer.Number(10, flow.WeightDone);
        foreach (var (name, id) in flow.Open) Write(11, name, id, ref writer);
        foreach (var (name, id) in flow.Failed) Write(12, name, id, ref writer);
        foreach (var group in flow.Groups.Values) Write(13, group, ref writer);
        foreach (var partition in flow.Partitions) writer.Signed(14, partition);
        if (flow.Park is not null) Write(15, flow.Park, ref writer);
        writer.Number(16, flow.Unread);
        foreach (var key in flow.SignalKeys) writer.Text(17, key);
        writer.Number(18, flow.LastTotal);
        writer.Number(19, flow.Round);
        writer.Number(20, flow.WeightFailed);
        writer.Number(21, flow.LastSignal);
        foreach (var name in flow.Dismissed) writer.Text(22, name);
        writer.Number(23, flow.PlannedWeight);
        return writer.ToArray();
    }

    public static void DecodeInto(FlowEntry flow, ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: flow.Run = (int)reader.Number; break;
                case 2: flow.Args = reader.Bytes.ToArray(); break;
                case 3: flow.Last = reader.Number; break;
                case 4: flow.LastArrival = reader.Number; break;
                case 5: flow.RetriedAt = reader.Number; break;
                case 6: flow.Names = (int)reader.Number; break;
                case 7: flow.Bytes = reader.Number; break;
                case 8: flow.Children = (int)reader.Number; break;
                case 9: flow.Weight = reader.Number; break;
                case 10: flow.WeightDone = reader.Number; break;
                case 11: AddPair(flow.Open, reader.Bytes); break;
                case 12: AddPair(flow.Failed, reader.Bytes); break;
                case 13: DecodeGroup(flow, reader.Bytes); break;
                case 14: flow.Partitions.Add((int)reader.Signed); break;
                case 15: flow.Park = DecodePark(reader.Bytes); break;
                case 16: flow.Unread = (int)reader.Number; break;
                case 17: flow.SignalKeys.Add(reader.Text); break;
                case 18: flow.LastTotal = reader.Number; break;
                case 19: flow.Round = (int)reader.Number; break;
                case 20: flow.WeightFailed = reader.Number; break;
                case 21: flow.LastSignal = reader.Number; break;
                case 22: flow.Dismissed.Add(reader.Text); break;
                case 23: flow.PlannedWeight = reader.Number; break;
            }
        }
    }

    /// <summary>The field of an event that may be large: what it brought.</summary>
    public const int EventValue = 4;

    public static byte[] Encode(FlowEvent told)
    {
        var writer = new RecordWriter(64 + told.Name.Length + (told.Value?.Length ?? 0));
        writer.Number(1, told.Sequence);
        writer.Number(2, (int)told.Kind);
        writer.Text(3, told.Name);
        if (told.Value is not null) writer.Bytes(EventValue, told.Value);
        if (told.Error is not null) writer.Bytes(5, JobOutcome.Encode(told.Error));
        writer.Number(6, (int)told.State);
        writer.Text(7, told.Job);
        writer.Number(8, told.Index);
        writer.Number(9, told.IsValueElsewhere ? 1 : 0);
        writer.Number(10, told.At);
        return writer.ToArray();
    }

    public static FlowEvent DecodeEvent(ReadOnlySpan<byte> record)
    {
        var told = new FlowEvent { Name = "" };
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: told = told with { Sequence = reader.Number }; break;
                case 2: told = told with { Kind = (FlowEventKind)reader.Number }; break;
                case 3: told = told with { Name = reader.Text }; break;
                case 4: told = told with { Value = reader.Bytes.ToArray() }; break;
                case 5: told = told with { Error = JobOutcome.DecodeError(reader.Bytes) }; break;
                case 6: told = told with { State = (JobState)reader.Number }; break;
                case 7: told = told with { Job = reader.Text }; break;
                case 8: told = told with { Index = (int)reader.Number }; break;
                case 9: told = told with { IsValueElsewhere = reader.Number != 0 }; break;
                case 10: told = told with { At = reader.Number }; break;
            }
        }

        return told;
    }

    private static void Write(int field, FlowGroup group, ref RecordWriter writer)
    {
        var start = writer.Open(field);
        writer.Text(1, group.Name);
        writer.Signed(2, group.Total);
        writer.Number(3, group.Started);
        writer.Number(4, group.Succeeded);
        writer.Number(5, group.Failed);
        writer.Number(6, group.RetriedAt);
        writer.Close(start);
    }

    private static void DecodeGroup(FlowEntry flow, ReadOnlySpan<byte> record)
    {
        string name = "";
        int total = -1, started = 0, succeeded = 0, failed = 0;
        long retried = 0;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: name = reader.Text; break;
                case 2: total = (int)reader.Signed; break;
                case 3: started = (int)reader.Number; break;
                case 4: succeeded = (int)reader.Number; break;
                case 5: failed = (int)reader.Number; break;
                case 6: retried = reader.Number; break;
            }
        }

        flow.Groups[name] = new FlowGroup(name, total, started, succeeded, failed, retried);
    }

    private static void Write(int field, FlowPark park, ref RecordWriter writer)
    {
        var start = writer.Open(field);
        writer.Number(1, park.Seen);
        foreach (var name in park.Children) writer.Text(2, name);
        foreach (var group in park.Groups)
        {
            writer.Text(3, group.Name);
            writer.Signed(4, group.IgnoresFailures ? -group.Ended - 1 : group.Ended);
        }

        foreach (var name in park.Signals) writer.Text(5, name);
        writer.Signed(6, park.Until);
        writer.Close(start);
    }

    private static FlowPark DecodePark(ReadOnlySpan<byte> record)
    {
        long seen = 0;
        long? until = null;
        string group = "";
        List<string> children = [], signals = [];
        List<FlowGroupWait> groups = [];
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: seen = reader.Number; break;
                case 2: children.Add(reader.Text); break;
                case 3: group = reader.Text; break;
                case 4: groups.Add(reader.Signed is >= 0 and var ended ? new(group, (int)ended, false) : new(group, (int)(-reader.Signed - 1), true)); break;
                case 5: signals.Add(reader.Text); break;
                case 6: until = reader.Signed; break;
            }
        }

        return new FlowPark { Seen = seen, Children = [.. children], Groups = [.. groups], Signals = [.. signals], Until = until };
    }

    private static void Write(int field, string name, string id, ref RecordWriter writer)
    {
        var start = writer.Open(field);
        writer.Text(1, name);
        writer.Text(2, id);
        writer.Close(start);
    }

    private static void AddPair(Dictionary<string, string> pairs, ReadOnlySpan<byte> record)
    {
        string name = "", id = "";
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            if (reader.Field == 1) name = reader.Text;
            else if (reader.Field == 2) id = reader.Text;
        }

        pairs[name] = id;
    }
}
