using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage;

/// <summary>Commits with any operations on few names, so that these meet often. Only what the store asks of stamps and logs is kept.</summary>
internal sealed class RandomCommits(Random random)
{
    public const int Scores = 12;
    public const int Stamps = 300;
    public static readonly string[] Members = [.. Enumerable.Range(0, 24).Select(i => (i % 3) switch { 0 => $"m-{i}", 1 => $"M_{i}", _ => $"é{i}" })];
    public static readonly string[] Logs = ["0/0", "0/1", "1/0", "1/1"];
    public static readonly RowTable[] Tables = [Heads, Bodies, Tails, Marks];
    public static readonly MergedLogs[] LogParts = [Lines, Notes];
    public static readonly SetName[] Sets = [Ranks.Only, Turns.Only, Told["x"], Told["y:z"], Shown["x"], Quiet["x"], Quiet["w"]];
    public static readonly CounterTable[] Counters = [Numbers, Tallies];

    private readonly Dictionary<(MergedLogs Part, string Member), NamedLine> _lines = [];
    private readonly Dictionary<(SetName Set, string Member), long> _scores = [];
    private long _lastStamp;
    private int _rows;

    public PartitionCommit Next(int partition, long generation, long sequence)
    {
        var commit = new PartitionCommit(partition, generation, sequence);
        var removed = new HashSet<(MergedLogs, string)>();
        foreach (var ((part, member), line) in _lines)
        {
            if (random.Next(12) != 0) continue;
            removed.Add((part, member));
            commit.Remove(part, line.Log, line.Stamp);
        }

        var stamp = _lastStamp;
        foreach (var member in Members)
        {
            var part = Any(LogParts);
            if ((_lines.ContainsKey((part, member)) && !removed.Contains((part, member))) || random.Next(6) != 0) continue;
            commit.Append(part, Any(Logs), stamp += random.Next(1, 4), member);
        }

        Some(6, member => commit.Remove(Any(Tables), member));
        Some(10, member => commit.Put(Any(Tables), member, Bytes($"r{_rows++}")));
        MoveMembers(commit);
        Some(4, _ => commit.Count(Any(Counters), $"n{random.Next(4)}", random.Next(-2, 3)));
        Some(1, member => commit.Remove(Any(LogParts), Any(Logs), random.Next(1, Stamps)));
        return commit;
    }

    public void Applied(PartitionCommit commit)
    {
        foreach (var sets in commit.Changes.OfType<SetChanges>())
        {
            foreach (var (set, member, _) in sets.Removes) _scores.Remove((new(sets.Sets, set), member));
            foreach (var (set, member, score) in sets.Puts) _scores[(new(sets.Sets, set), member)] = score;
        }

        foreach (var part in LogParts)
        {
            foreach (var (log, stamp) in commit.Of(part).Removes)
            {
                if (_lines.FirstOrDefault(line => line.Key.Part == part && line.Value.Log == log && line.Value.Stamp == stamp) is { Value.Stamp: > 0 } found)
                    _lines.Remove(found.Key);
            }

            foreach (var line in commit.Of(part).Puts) _lines[(part, line.Member)] = line;
        }

        _lastStamp = Math.Max(_lastStamp, commit.LastStamp);
    }

    /// <summary>A member leaves with the score it has, or was never there; one that comes is not there, or leaves, or comes with the score it has.</summary>
    private void MoveMembers(PartitionCommit commit)
    {
        var coming = new HashSet<(SetName, string)>();
        Some(17, member =>
        {
            var set = Any(Sets);
            var isThere = _scores.TryGetValue((set, member), out var score);
            var leaves = random.Next(2) == 0;
            if (leaves) commit.Remove(set, member, score);
            if (random.Next(5) > 1 && coming.Add((set, member))) commit.Put(set, member, isThere && !leaves ? score : random.Next(-2, Scores));
        });
    }

    private void Some(int most, Action<string> act)
    {
        for (var n = random.Next(most + 1); n > 0; n--) act(Any(Members));
    }

    private T Any<T>(T[] values) => values[random.Next(values.Length)];
}
