using System.Globalization;
using OrleansJobs.Records;

namespace OrleansJobs.Flows;

/// <summary>A child of a flow has ended.</summary>
/// <param name="Result">Null also where it is too large to be carried.</param>
internal sealed record ChildEnd(JobParent Parent, string Child, JobState State, byte[]? Result, bool IsResultElsewhere, JobError? Error)
{
    /// <summary>Bytes of a result that are carried; larger ones are read from the child.</summary>
    private const int MostCarried = 32 << 10;

    public static ChildEnd Of(string child, JobParent parent, JobOutcome outcome)
    {
        var isLarge = outcome.Result?.Length > MostCarried;
        // Of groups the results are read from the children, in order and as many as are asked for.
        return new ChildEnd(parent, child, outcome.State, isLarge || parent.Index >= 0 ? null : outcome.Result, isLarge, outcome.Error);
    }

    public byte[] Encode()
    {
        var writer = new RecordWriter(128 + (Result?.Length ?? 0));
        writer.Bytes(1, ParentRecord.Encode(Parent));
        writer.Text(2, Child);
        writer.Number(3, (int)State);
        if (Result is not null) writer.Bytes(4, Result);
        writer.Number(5, IsResultElsewhere ? 1 : 0);
        if (Error is not null) writer.Bytes(6, JobOutcome.Encode(Error));
        return writer.ToArray();
    }

    public static ChildEnd Decode(ReadOnlySpan<byte> body)
    {
        var parent = new JobParent("", 0, 1, "", -1, 1, 0);
        string child = "";
        var state = JobState.Success;
        byte[]? result = null;
        var elsewhere = false;
        JobError? error = null;
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: parent = ParentRecord.Decode(reader.Bytes); break;
                case 2: child = reader.Text; break;
                case 3: state = (JobState)reader.Number; break;
                case 4: result = reader.Bytes.ToArray(); break;
                case 5: elsewhere = reader.Number != 0; break;
                case 6: error = JobOutcome.DecodeError(reader.Bytes); break;
            }
        }

        return new ChildEnd(parent, child, state, result, elsewhere, error);
    }
}

/// <summary>What becomes of the children of a flow. As an errand and as a letter the same words.</summary>
/// <param name="Flow">Its id.</param>
/// <param name="Stamp">Its place among the submits of its partition.</param>
/// <param name="Through">Of its runs up to this one.</param>
/// <param name="Round">The round of the flow that it was ordered in.</param>
internal readonly record struct ChildrenOrder(Errands.ErrandKind What, string Flow, long Stamp, int Through, int Round = 0)
{
    /// <summary>As <see cref="Through"/>: the flow itself is gone.</summary>
    public const int AllRuns = int.MaxValue;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Flow}/{Stamp:x}/{What}/{Through}/{Round}");

    public bool IsAbout(Partitions.LiveJob child) => child.Spec!.Parent is { } parent && parent.Id == Flow && parent.Stamp == Stamp && parent.Run <= Through;

    /// <summary>The same of one child.</summary>
    public static byte[] EncodeFor(string child, ChildrenOrder order)
    {
        var writer = new RecordWriter(128);
        writer.Text(1, child);
        writer.Text(2, order.ToString());
        return writer.ToArray();
    }

    public static (string Child, ChildrenOrder Order) DecodeForOne(ReadOnlySpan<byte> body)
    {
        string child = "", order = "";
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            if (reader.Field == 1) child = reader.Text;
            else if (reader.Field == 2) order = reader.Text;
        }

        return (child, Parse(order));
    }

    public static ChildrenOrder Parse(string text)
    {
        var parts = text.Split('/');
        return new(
            Enum.Parse<Errands.ErrandKind>(parts[2]), parts[0], long.Parse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            int.Parse(parts[3], CultureInfo.InvariantCulture), int.Parse(parts[4], CultureInfo.InvariantCulture));
    }
}
