namespace OrleansJobs.Storage;

/// <summary>Applies commits and openings within the transaction that is under way on the writer's connection.</summary>
internal sealed class SqliteCommitter(SqliteStatements statements, StoreLayout layout, TimeProvider time)
{
    /// <exception cref="ArgumentException">The first stamp is not above all that were given; nothing was written.</exception>
    public CommitOutcome Apply(PartitionCommit commit)
    {
        if (Verdict(commit, out var lastStamp) is { } known) return known;
        if (commit.LastStamp > 0) CommitRules.CheckAbove(commit.FirstStamp, lastStamp);
        foreach (var changes in commit.Changes) Remove(commit.Partition, changes);
        foreach (var changes in commit.Changes) Put(commit.Partition, changes);
        statements["UPDATE partitions SET sequence = ?2, stamp = ?3 WHERE id = ?1"].Run(commit.Partition, commit.Sequence, Math.Max(lastStamp, commit.LastStamp));
        return CommitOutcome.Applied;
    }

    public PartitionOpening Open(int partition, long above)
    {
        var (stored, existed, stamp) = (0L, false, 0L);
        using (var reader = statements["SELECT generation, stamp FROM partitions WHERE id = ?1"].Read(partition))
        {
            if (reader.Read()) (stored, existed, stamp) = (reader.GetInt64(0), true, reader.GetInt64(1));
        }

        var floor = Diagnostics.Sabotage.IsOff(Diagnostics.Safeguard.TokenFloor) ? 0 : GenerationFloor.At(time.GetUtcNow());
        var generation = Math.Max(Math.Max(stored, above) + 1, floor);
        statements["INSERT INTO partitions (id, generation, sequence, stamp) VALUES (?1, ?2, 0, 0) ON CONFLICT (id) DO UPDATE SET generation = ?2, sequence = 0"]
            .Run(partition, generation);
        var opening = new PartitionOpening(generation, existed, stamp);
        foreach (var part in layout.Parts) opening.With(part, AtOpening(partition, part));
        return opening;
    }

    private CommitOutcome? Verdict(PartitionCommit commit, out long lastStamp)
    {
        lastStamp = 0;
        using var reader = statements["SELECT generation, sequence, stamp FROM partitions WHERE id = ?1"].Read(commit.Partition);
        var exists = reader.Read();
        if (exists) lastStamp = reader.GetInt64(2);
        if (Diagnostics.Sabotage.IsOff(Diagnostics.Safeguard.GenerationCheck)) return null;
        if (!exists) return CommitOutcome.Lost;
        if (reader.GetInt64(0) != commit.Generation) return CommitOutcome.Fenced;
        var sequence = reader.GetInt64(1);
        if (sequence == commit.Sequence) return CommitOutcome.Applied;
        return sequence + 1 == commit.Sequence ? null : CommitOutcome.Fenced;
    }

    private void Remove(int partition, PartChanges changes)
    {
        switch (changes)
        {
            case RowChanges rows:
                if (rows.Removes.Count == 0) break;
                var delete = statements[$"DELETE FROM {SqliteTables.Rows(rows.Table)} WHERE partition = ?1 AND key = ?2"];
                foreach (var key in rows.Removes) delete.Run(partition, key);
                break;
            case SetChanges sets:
                if (sets.Removes.Count == 0) break;
                var leave = statements[$"DELETE FROM {SqliteTables.Set(sets.Sets)} WHERE partition = ?1 AND name = ?2 AND score = ?3 AND member = ?4"];
                var left = new NameCounts(sets.Sets);
                foreach (var (name, member, score) in sets.Removes) left.Add(name, -leave.Run(partition, name, score, member));
                Count(partition, sets.Sets, left);
                break;
            case LogChanges logs:
                if (logs.Removes.Count == 0) break;
                var cut = statements[$"DELETE FROM {SqliteTables.Log(logs.Logs)} WHERE partition = ?1 AND name = ?2 AND stamp = ?3"];
                var gone = new NameCounts(logs.Logs);
                foreach (var (name, stamp) in logs.Removes) gone.Add(name, -cut.Run(partition, name, stamp));
                Count(partition, logs.Logs, gone);
                break;
        }
    }

    private void Put(int partition, PartChanges changes)
    {
        switch (changes)
        {
            case RowChanges rows:
                if (rows.Puts.Count == 0) break;
                var put = statements[$"INSERT INTO {SqliteTables.Rows(rows.Table)} (partition, key, row) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET row = ?3"];
                foreach (var (key, row) in rows.Puts) put.Run(partition, key, row);
                break;
            case SetChanges sets:
                if (sets.Puts.Count == 0) break;
                var join = statements[$"INSERT INTO {SqliteTables.Set(sets.Sets)} (partition, name, score, member) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"];
                var joined = new NameCounts(sets.Sets);
                foreach (var (name, member, score) in sets.Puts) joined.Add(name, join.Run(partition, name, score, member));
                Count(partition, sets.Sets, joined);
                break;
            case LogChanges logs:
                if (logs.Puts.Count == 0) break;
                var append = statements[$"INSERT INTO {SqliteTables.Log(logs.Logs)} (partition, name, stamp, member) VALUES (?1, ?2, ?3, ?4)"];
                var added = new NameCounts(logs.Logs);
                foreach (var (name, stamp, member) in logs.Puts) added.Add(name, append.Run(partition, name, stamp, member));
                Count(partition, logs.Logs, added);
                break;
            case CounterChanges counters:
                var table = SqliteTables.Counts(counters.Counters);
                foreach (var (name, delta) in counters.Deltas)
                {
                    statements[$"INSERT INTO {table} (partition, name, value) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = value + ?3"].Run(partition, name, delta);
                    statements[$"DELETE FROM {table} WHERE partition = ?1 AND name = ?2 AND value = 0"].Run(partition, name);
                }

                break;
        }
    }

    /// <summary>Names go with what they name.</summary>
    private void Count(int partition, StorePart part, NameCounts counts)
    {
        if (counts.Sums is null) return;
        foreach (var (name, delta) in counts.Sums)
        {
            if (delta == 0) continue;
            statements["INSERT INTO names (partition, part, name, members) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET members = members + ?4"].Run(partition, part.Name, name, delta);
            if (delta < 0) statements["DELETE FROM names WHERE partition = ?1 AND part = ?2 AND name = ?3 AND members <= 0"].Run(partition, part.Name, name);
        }
    }

    private object? AtOpening(int partition, StorePart part) => part switch
    {
        RowTable { IsReadAtOpening: true } table => Pairs(
            statements[$"SELECT key, row FROM {SqliteTables.Rows(table)} WHERE partition = ?1"].Read(partition), static reader => reader.GetBytes(1)),
        CounterTable counters => Pairs(
            statements[$"SELECT name, value FROM {SqliteTables.Counts(counters)} WHERE partition = ?1"].Read(partition), static reader => reader.GetInt64(1)),
        OrderedSet set => First(partition, set, ""),
        OrderedSets { IsReadAtOpening: true } sets => Summaries(partition, sets),
        _ => null,
    };

    private SetSummary[] Summaries(int partition, OrderedSets sets)
    {
        var counts = Pairs(statements["SELECT name, members FROM names WHERE partition = ?1 AND part = ?2"].Read(partition, sets.Name), static reader => reader.GetInt64(1));
        return Array.ConvertAll(counts, count => new SetSummary(count.Key, count.Value, First(partition, sets, count.Key) ?? 0));
    }

    private long? First(int partition, ScoredPart part, string name)
    {
        using var reader = statements[$"SELECT score FROM {SqliteTables.Set(part)} WHERE partition = ?1 AND name = ?2 ORDER BY score LIMIT 1"].Read(partition, name);
        return reader.Read() ? reader.GetInt64(0) : null;
    }

    private static KeyValuePair<string, T>[] Pairs<T>(SqliteStatement.Rows reader, Func<SqliteStatement.Rows, T> value)
    {
        var pairs = new List<KeyValuePair<string, T>>();
        using (reader)
        {
            while (reader.Read()) pairs.Add(new(reader.GetString(0), value(reader)));
        }

        return [.. pairs];
    }

    /// <summary>How many members names have won or lost. Most commits touch one or two.</summary>
    private readonly struct NameCounts(StorePart part)
    {
        /// <summary>Null: the part's names are not kept.</summary>
        public Dictionary<string, long>? Sums { get; } = SqliteTables.HasNames(part) ? [] : null;

        public void Add(string name, int delta)
        {
            if (Sums is not null) Sums[name] = Sums.GetValueOrDefault(name) + delta;
        }
    }
}
