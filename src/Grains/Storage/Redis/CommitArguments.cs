using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>
/// Writes a commit as the arguments of <c>commit.lua</c>: a header, then blocks of command, key, count, arguments. Lines of one key are gathered into
/// one block, so that a commit of thousands of jobs is a handful of commands.
/// </summary>
internal sealed class CommitArguments
{
    /// <summary>Arguments of one block. Lua's unpack takes fewer than 8,000.</summary>
    private const int BlockSize = 4000;

    /// <summary>Beyond this many arguments the lists are not kept for the next commit.</summary>
    private const int KeptCapacity = 1 << 16;

    private static readonly RedisValue HashSet = Text("HSET"), HashRemove = Text("HDEL"), SetAdd = Text("SADD"), SortedAdd = Text("ZADD"),
        SortedRemove = Text("ZREM"), LogAdd = Text("XADD"), LogRemove = Text("XDEL"), Increment = Text("HINCRBY"), Purge = Text("PURGE"), Leave = Text("LEAVE");

    private static readonly RedisValue JobsKey = Text(":jobs"), TracksKey = Text(":tracks"), LeasesKey = Text(":leases"), OutcomesKey = Text(":outcomes"),
        RetentionKey = Text(":retention"), DeadlinesKey = Text(":deadlines"), LanesKey = Text(":lanes"), LogsKey = Text(":logs"), CountsKey = Text(":counts");

    [ThreadStatic]
    private static CommitArguments? t_kept;

    private readonly List<RedisValue> _values = new(256);
    private readonly PositionGroups<string> _groups = new();
    private readonly PositionGroups<(string Queue, string Type)> _logs = new();
    private readonly List<IndexLine> _indexRemoves = [];

    private CommitArguments()
    {
    }

    public static RedisValue[] Of(PartitionCommit commit, long ticket)
    {
        // Nothing is awaited in between, so what a thread keeps is used by one commit at a time.
        var arguments = t_kept ?? new();
        t_kept = null;
        var values = arguments.Write(commit, ticket);
        if (arguments._values.Capacity <= KeptCapacity) t_kept = arguments.Emptied();
        return values;
    }

    private RedisValue[] Write(PartitionCommit commit, long ticket)
    {
        var jobs = commit.Jobs;
        _values.Add(commit.Generation);
        _values.Add(ticket);
        _values.Add(commit.Sequence);
        _values.Add(jobs.Count > 0 ? jobs[0].Stamp : 0);
        _values.Add(jobs.Count > 0 ? jobs[^1].Stamp : 0);

        Purges(commit.Purges, commit.IndexRemoves);
        LaneRemoves(commit.LaneRemoves);
        Ids(HashRemove, LeasesKey, commit.LeaseRemoves);
        Ids(HashRemove, TracksKey, commit.TrackRemoves);
        Ids(HashRemove, OutcomesKey, commit.OutcomeRemoves);
        Ids(SortedRemove, RetentionKey, commit.OutcomeRemoves);
        Ids(SortedRemove, DeadlinesKey, commit.DeadlineRemoves);

        Jobs(jobs);
        LaneAdds(commit.LaneAdds);
        Records(LeasesKey, commit.Leases);
        Records(TracksKey, commit.Tracks);
        Outcomes(commit.Outcomes);
        Deadlines(commit.Deadlines);
        IndexAdds(commit.IndexAdds);
        Counts(commit.CountDeltas);
        return [.. _values];
    }

    private void Purges(List<JobPurge> purges, List<IndexLine> removes)
    {
        if (purges.Count > 0)
        {
            var blocks = new Blocks(this, Purge, "", purges.Count, 1);
            foreach (var purge in purges) blocks.Next().Add(purge.Id);

            foreach (var purge in purges)
            {
                _logs.Add((purge.Queue, purge.Type));
                foreach (var index in purge.Indexes) _indexRemoves.Add(new(index, purge.Id, purge.Stamp));
            }

            for (var group = 0; group < _logs.Count; group++)
            {
                var log = _logs[group];
                blocks = new(this, LogRemove, LogKey(log.Key), log.Size, 1);
                for (var i = log.First; i >= 0; i = _logs.Next(i)) blocks.Next().Add(purges[i].Stamp);
            }

            _logs.Clear();
        }

        _indexRemoves.AddRange(removes);
        foreach (var line in _indexRemoves) _groups.Add(line.Index);
        for (var group = 0; group < _groups.Count; group++)
        {
            var index = _groups[group];
            var blocks = new Blocks(this, SortedRemove, IndexKey(index.Key), index.Size, 1);
            for (var i = index.First; i >= 0; i = _groups.Next(i)) blocks.Next().Add(_indexRemoves[i].Id);
        }

        _groups.Clear();
    }

    private void Jobs(List<JobPut> jobs)
    {
        if (jobs.Count == 0) return;
        var blocks = new Blocks(this, HashSet, JobsKey, jobs.Count, 2);
        foreach (var job in jobs)
        {
            blocks.Next().Add(job.Id);
            _values.Add(job.Spec);
            _logs.Add((job.Queue, job.Type));
        }

        Memory<byte> compactIds = new byte[jobs.Count * CompactId.MaxCompactLength];
        blocks = new(this, SetAdd, LogsKey, _logs.Count, 1);
        for (var group = 0; group < _logs.Count; group++) blocks.Next().Add(LogName(_logs[group].Key));
        for (var group = 0; group < _logs.Count; group++)
        {
            var log = _logs[group];
            blocks = new(this, LogAdd, LogKey(log.Key), log.Size, 2);
            for (var i = log.First; i >= 0; i = _logs.Next(i))
            {
                blocks.Next().Add(jobs[i].Stamp);
                _values.Add(CompactId.Encode(jobs[i].Id, ref compactIds));
            }
        }

        _logs.Clear();
    }

    private void LaneRemoves(List<LaneRemove> removes)
    {
        foreach (var remove in removes) _groups.Add(remove.Lane);
        for (var group = 0; group < _groups.Count; group++)
        {
            var lane = _groups[group];
            var blocks = new Blocks(this, Leave, LaneKey(lane.Key), lane.Size, 1);
            for (var i = lane.First; i >= 0; i = _groups.Next(i)) blocks.Next().Add(removes[i].Id);
        }

        _groups.Clear();
    }

    private void LaneAdds(List<LaneAdd> adds)
    {
        if (adds.Count == 0) return;
        foreach (var add in adds) _groups.Add(add.Lane);
        var blocks = new Blocks(this, SetAdd, LanesKey, _groups.Count, 1);
        for (var group = 0; group < _groups.Count; group++) blocks.Next().Add(_groups[group].Key);
        for (var group = 0; group < _groups.Count; group++)
        {
            var lane = _groups[group];
            blocks = new(this, SortedAdd, LaneKey(lane.Key), lane.Size, 2);
            for (var i = lane.First; i >= 0; i = _groups.Next(i))
            {
                blocks.Next().Add(adds[i].Due);
                _values.Add(adds[i].Id);
            }
        }

        _groups.Clear();
    }

    private void Ids(RedisValue command, RedisValue key, List<string> ids)
    {
        var blocks = new Blocks(this, command, key, ids.Count, 1);
        foreach (var id in ids) blocks.Next().Add(id);
    }

    private void Records(RedisValue key, List<KeyValuePair<string, byte[]>> records)
    {
        var blocks = new Blocks(this, HashSet, key, records.Count, 2);
        foreach (var (id, record) in records)
        {
            blocks.Next().Add(id);
            _values.Add(record);
        }
    }

    private void Outcomes(List<OutcomePut> outcomes)
    {
        var blocks = new Blocks(this, HashSet, OutcomesKey, outcomes.Count, 2);
        foreach (var outcome in outcomes)
        {
            blocks.Next().Add(outcome.Id);
            _values.Add(outcome.Outcome);
        }

        blocks = new(this, SortedAdd, RetentionKey, outcomes.Count, 2);
        foreach (var outcome in outcomes)
        {
            blocks.Next().Add(outcome.RetainUntil);
            _values.Add(outcome.Id);
        }
    }

    private void Deadlines(List<KeyValuePair<string, long>> deadlines)
    {
        var blocks = new Blocks(this, SortedAdd, DeadlinesKey, deadlines.Count, 2);
        foreach (var (id, deadline) in deadlines)
        {
            blocks.Next().Add(deadline);
            _values.Add(id);
        }
    }

    private void IndexAdds(List<IndexLine> adds)
    {
        foreach (var line in adds) _groups.Add(line.Index);
        for (var group = 0; group < _groups.Count; group++)
        {
            var index = _groups[group];
            var blocks = new Blocks(this, SortedAdd, IndexKey(index.Key), index.Size, 2);
            for (var i = index.First; i >= 0; i = _groups.Next(i))
            {
                blocks.Next().Add(adds[i].Stamp);
                _values.Add(adds[i].Id);
            }
        }

        _groups.Clear();
    }

    private void Counts(Dictionary<string, long> deltas)
    {
        var blocks = new Blocks(this, Increment, CountsKey, deltas.Count, 2);
        foreach (var (name, delta) in deltas)
        {
            blocks.Next().Add(name);
            _values.Add(delta);
        }
    }

    private CommitArguments Emptied()
    {
        _values.Clear();
        _indexRemoves.Clear();
        return this;
    }

    private static RedisValue LaneKey(string lane) => $":lane:{lane}";

    private static RedisValue IndexKey(string index) => $":index:{index}";

    private static RedisValue LogKey((string Queue, string Type) log) => $":log:{log.Queue}/{log.Type}";

    private static RedisValue LogName((string Queue, string Type) log) => $"{log.Queue}/{log.Type}";

    /// <summary>Encoded once, not with every commit.</summary>
    private static RedisValue Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    /// <summary>Opens a block of a command whenever the one before is full.</summary>
    private struct Blocks(CommitArguments arguments, RedisValue command, RedisValue key, int items, int width)
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
                values.Add(_room * width);
            }

            _room--;
            return values;
        }
    }
}
