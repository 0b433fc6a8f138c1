using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>
/// Writes a commit as the keys and arguments of <c>commit.lua</c>: a header, then blocks of command, key, count, arguments. What goes to one key is gathered
/// into one block, so that a commit of thousands of rows is a handful of commands.
/// </summary>
internal sealed class CommitArguments
{
    /// <summary>Arguments of one block. Lua's unpack takes fewer than 8,000.</summary>
    private const int BlockSize = 4000;

    /// <summary>Beyond this many arguments the lists are not kept for the next commit.</summary>
    private const int KeptCapacity = 1 << 16;

    private static readonly RedisValue HashSet = Text("HSET"), HashRemove = Text("HDEL"), SetAdd = Text("SADD"), SortedAdd = Text("ZADD"),
        SortedRemove = Text("ZREM"), LogAdd = Text("XADD"), LogRemove = Text("XDEL"), Increment = Text("HINCRBY"), Leave = Text("LEAVE");

    [ThreadStatic]
    private static CommitArguments? t_kept;

    private readonly List<RedisValue> _values = new(256);
    private readonly List<RedisKey> _keys = new(16);
    private readonly PositionGroups<string> _groups = new();
    private readonly Dictionary<StorePart, int> _names = [];
    private RedisKeys _of = null!;
    private int _partition;

    private CommitArguments()
    {
    }

    public static (RedisKey[] Keys, RedisValue[] Values) Of(PartitionCommit commit, RedisKeys keys, long ticket)
    {
        // Nothing is awaited in between, so what a thread keeps is used by one commit at a time.
        var arguments = t_kept ?? new();
        t_kept = null;
        arguments.Write(commit, keys, ticket);
        var written = (arguments._keys.ToArray(), arguments._values.ToArray());
        if (arguments._values.Capacity <= KeptCapacity) t_kept = arguments.Emptied();
        return written;
    }

    private void Write(PartitionCommit commit, RedisKeys keys, long ticket)
    {
        (_of, _partition) = (keys, commit.Partition);
        _keys.Add(keys.Meta(_partition));
        _values.Add(commit.Generation);
        _values.Add(ticket);
        _values.Add(commit.Sequence);
        _values.Add(commit.FirstStamp);
        _values.Add(commit.LastStamp);
        foreach (var changes in commit.Changes) Removes(changes);
        foreach (var changes in commit.Changes) Puts(changes);
    }

    private void Removes(PartChanges changes)
    {
        switch (changes)
        {
            case RowChanges { Removes.Count: > 0 } rows:
                var blocks = new Blocks(this, HashRemove, Key(_of.Of(_partition, rows.Table)), rows.Removes.Count, 1);
                foreach (var key in rows.Removes) blocks.Next().Add(key);
                break;
            case SetChanges { Removes.Count: > 0 } sets:
                LeaveSets(sets.Sets, sets.Removes);
                break;
            case LogChanges { Removes.Count: > 0 } logs:
                RemoveLines(logs.Logs, logs.Removes);
                break;
        }
    }

    private void Puts(PartChanges changes)
    {
        switch (changes)
        {
            case RowChanges { Puts.Count: > 0 } rows:
                var blocks = new Blocks(this, HashSet, Key(_of.Of(_partition, rows.Table)), rows.Puts.Count, 2);
                foreach (var (key, row) in rows.Puts)
                {
                    blocks.Next().Add(key);
                    _values.Add(row);
                }

                break;
            case SetChanges { Puts.Count: > 0 } sets:
                JoinSets(sets.Sets, sets.Puts);
                break;
            case LogChanges { Puts.Count: > 0 } logs:
                AppendLines(logs.Logs, logs.Puts);
                break;
            case CounterChanges { Deltas.Count: > 0 } counters:
                Add(counters);
                break;
        }
    }

    private void LeaveSets(ScoredPart part, List<ScoredMember> removes)
    {
        var isNamed = IsNamed(part);
        foreach (var remove in removes) _groups.Add(remove.Set);
        for (var group = 0; group < _groups.Count; group++)
        {
            var set = _groups[group];
            var key = Key(_of.Of(_partition, new SetName(part, set.Key)));
            var blocks = isNamed
                ? new Blocks(this, Leave, key, set.Size, 1, [Names(part), set.Key])
                : new Blocks(this, SortedRemove, key, set.Size, 1);
            for (var i = set.First; i >= 0; i = _groups.Next(i)) blocks.Next().Add(removes[i].Member);
        }

        _groups.Clear();
    }

    private void JoinSets(ScoredPart part, List<ScoredMember> puts)
    {
        foreach (var put in puts) _groups.Add(put.Set);
        if (IsNamed(part)) AddNames(part);
        for (var group = 0; group < _groups.Count; group++)
        {
            var set = _groups[group];
            var blocks = new Blocks(this, SortedAdd, Key(_of.Of(_partition, new SetName(part, set.Key))), set.Size, 2);
            for (var i = set.First; i >= 0; i = _groups.Next(i))
            {
                blocks.Next().Add(puts[i].Score);
                _values.Add(puts[i].Member);
            }
        }

        _groups.Clear();
    }

    private void RemoveLines(MergedLogs part, List<LogMark> removes)
    {
        foreach (var remove in removes) _groups.Add(remove.Log);
        for (var group = 0; group < _groups.Count; group++)
        {
            var log = _groups[group];
            var blocks = new Blocks(
                this, LogRemove, Key(_of.Stream(_partition, part, log.Key)), log.Size, 1, [Key(_of.Kept(_partition, part, log.Key)), Names(part), log.Key]);
            for (var i = log.First; i >= 0; i = _groups.Next(i)) blocks.Next().Add(removes[i].Stamp);
        }

        _groups.Clear();
    }

    private void AppendLines(MergedLogs part, List<NamedLine> puts)
    {
        foreach (var put in puts) _groups.Add(put.Log);
        AddNames(part);
        Memory<byte> compactIds = new byte[puts.Count * CompactId.MaxCompactLength];
        for (var group = 0; group < _groups.Count; group++)
        {
            var log = _groups[group];
            var blocks = new Blocks(this, LogAdd, Key(_of.Stream(_partition, part, log.Key)), log.Size, 2);
            for (var i = log.First; i >= 0; i = _groups.Next(i))
            {
                blocks.Next().Add(puts[i].Stamp);
                _values.Add(CompactId.Encode(puts[i].Member, ref compactIds));
            }
        }

        _groups.Clear();
    }

    private void Add(CounterChanges counters)
    {
        var blocks = new Blocks(this, Increment, Key(_of.Of(_partition, counters.Counters)), counters.Deltas.Count, 2);
        foreach (var (name, delta) in counters.Deltas)
        {
            blocks.Next().Add(name);
            _values.Add(delta);
        }
    }

    /// <summary>Notes what the groups name.</summary>
    private void AddNames(StorePart part)
    {
        var blocks = new Blocks(this, SetAdd, Names(part), _groups.Count, 1);
        for (var group = 0; group < _groups.Count; group++) blocks.Next().Add(_groups[group].Key);
    }

    /// <summary>Whether an opening has to find the part's sets.</summary>
    private static bool IsNamed(ScoredPart part) => part is OrderedSets { IsReadAtOpening: true };

    private int Names(StorePart part)
    {
        if (!_names.TryGetValue(part, out var number)) _names.Add(part, number = Key(_of.NamesOf(_partition, part)));
        return number;
    }

    /// <summary>Declares a key.</summary>
    /// <returns>Its number, as Lua counts.</returns>
    private int Key(RedisKey key)
    {
        _keys.Add(key);
        return _keys.Count;
    }

    private CommitArguments Emptied()
    {
        _values.Clear();
        _keys.Clear();
        _names.Clear();
        return this;
    }

    /// <summary>Encoded once, not with every commit.</summary>
    private static RedisValue Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    /// <summary>Opens a block of a command whenever the one before is full.</summary>
    /// <param name="lead">Arguments that each block begins with.</param>
    private struct Blocks(CommitArguments arguments, RedisValue command, int key, int items, int width, RedisValue[]? lead = null)
    {
        private int _left = items;
        private int _room;

        /// <summary>The list to add the next item's first argument to.</summary>
        public List<RedisValue> Next()
        {
            var values = arguments._values;
            if (_room == 0)
            {
                _room = Math.Min(_left, BlockSize / width);
                _left -= _room;
                values.Add(command);
                values.Add(key);
                values.Add((_room * width) + (lead?.Length ?? 0));
                if (lead is not null) values.AddRange(lead);
            }

            _room--;
            return values;
        }
    }
}
