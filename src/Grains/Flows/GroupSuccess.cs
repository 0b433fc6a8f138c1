using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Records;

namespace OrleansJobs.Flows;

/// <summary>So many children of a group have succeeded. A flow counts them, and which they were is of no account.</summary>
/// <param name="Stamp">The flow's place among the submits of its partition.</param>
/// <param name="Weight">Of all of them together.</param>
internal sealed record GroupSuccess(string Flow, long Stamp, int Run, string Name, int Count, long Weight)
{
    public byte[] Encode()
    {
        var writer = new RecordWriter(64 + Flow.Length + Name.Length);
        writer.Text(1, Flow);
        writer.Number(2, Stamp);
        writer.Number(3, Run);
        writer.Text(4, Name);
        writer.Number(5, Count);
        writer.Number(6, Weight);
        return writer.ToArray();
    }

    public static GroupSuccess Decode(ReadOnlySpan<byte> body)
    {
        string flow = "", name = "";
        long stamp = 0, weight = 0;
        int run = 0, count = 0;
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: flow = reader.Text; break;
                case 2: stamp = reader.Number; break;
                case 3: run = (int)reader.Number; break;
                case 4: name = Names.Same(reader.Text); break;
                case 5: count = (int)reader.Number; break;
                case 6: weight = reader.Number; break;
            }
        }

        return new(flow, stamp, run, name, count, weight);
    }
}

/// <summary>
/// Successes that are told to flows elsewhere. Those of one group that come before a commit are told by one letter: it is stored with all the ends that it tells of, or
/// not at all.
/// </summary>
internal sealed class GroupSuccesses
{
    /// <summary>Ends that one letter tells of: all of them go into one commit.</summary>
    private const int MostTogether = 256;

    /// <summary>Bytes of the results of those ends, which go into that commit with them.</summary>
    private const int MostResults = 256 << 10;

    /// <summary>Changes since the first of them, all of which an end that also makes a job brings into that commit.</summary>
    private const int MostChanges = 1000;

    private readonly PendingChanges _changes;
    private readonly LetterBook _letters;
    private readonly Dictionary<(string Flow, long Stamp, int Run, string Name), (OutLetter Letter, Draft Says)> _open = [];

    public GroupSuccesses(LetterBook letters, PendingChanges changes)
    {
        (_letters, _changes) = (letters, changes);
        // What is not in a commit by now begins anew. Nothing is kept of groups that have ended.
        changes.Committed += _ => _open.Clear();
    }

    /// <summary>A child of a group has succeeded, whose flow is elsewhere.</summary>
    /// <param name="result">Bytes of its result.</param>
    public void Tell(JobParent parent, int home, int result)
    {
        var group = (parent.Id, parent.Stamp, parent.Run, parent.Name);
        if (_open.TryGetValue(group, out var open) && open.Says.HasRoomFor(result, _changes.Count) && _letters.TryAddTo(open.Letter))
        {
            open.Says.Add(parent.Weight, result);
            return;
        }

        var says = new Draft(parent, result, _changes.Count);
        _open[group] = (_letters.Send(home, LetterKind.GroupSucceeded, says), says);
    }

    private sealed class Draft(JobParent first, int result, long changes) : ILetterDraft
    {
        private int _count = 1;
        private long _results = result;
        private long _weight = first.Weight;

        /// <summary>A commit is bounded, and what belongs together is not split.</summary>
        public bool HasRoomFor(int more, long changesNow) => _count < MostTogether && _results + more <= MostResults && changesNow - changes <= MostChanges;

        public void Add(int weight, int more)
        {
            _count++;
            _results += more;
            _weight += weight;
        }

        public byte[] Encode() => new GroupSuccess(first.Id, first.Stamp, first.Run, first.Name, _count, _weight).Encode();
    }
}
