namespace OrleansJobs.Storage;

/// <summary>What is read of a partition, within one reader's transaction.</summary>
internal sealed class SqliteReads(SqliteStatements statements, int partition)
{
    /// <summary>Rows that are looked at to count a set, from either end; of one with more on both, it is said to have as many.</summary>
    public const long MostCounted = 50_000;

    public StoredRows[] Rows(RowRead read, IReadOnlyList<string> keys)
    {
        var rows = new List<StoredRows>(Math.Min(keys.Count, 1024));
        var columns = Columns(read);
        for (long bytes = 0; rows.Count < keys.Count && bytes < read.ByteBudget;) rows.Add(Row(columns, keys[rows.Count], ref bytes));
        return [.. rows];
    }

    public SetLine[] Set(SetName set, SetRange range)
    {
        var lines = new List<SetLine>();
        var order = range.Descending ? "DESC" : "ASC";
        var sql = $"SELECT member, score FROM {SqliteTables.Set(set.Part)} WHERE partition = ?1 AND name = ?2 AND score BETWEEN ?3 AND ?4 ORDER BY score {order}, member {order} LIMIT ?5";
        using var reader = statements[sql].Read(partition, set.Name, range.From, range.To, Math.Max(0, range.Limit));
        while (reader.Read()) lines.Add(new(reader.GetString(0), reader.GetInt64(1)));
        return [.. lines];
    }

    public PagedLine[] Page(SetName set, SetPlace after, int limit, RowRead read)
    {
        var lines = new List<SetLine>();
        var sql = $"SELECT member, score FROM {SqliteTables.Set(set.Part)} WHERE partition = ?1 AND name = ?2 AND (score, member) > (?3, ?4) ORDER BY score, member LIMIT ?5";
        using (var reader = statements[sql].Read(partition, set.Name, after.Score, after.Member, Math.Max(0, limit)))
        {
            while (reader.Read()) lines.Add(new(reader.GetString(0), reader.GetInt64(1)));
        }

        long bytes = 0;
        var columns = Columns(read);
        return [.. lines.Select(line => new PagedLine(line.Member, line.Score, bytes < read.ByteBudget ? Row(columns, line.Member, ref bytes) : null))];
    }

    public long[] Count(OrderedSets sets, IReadOnlyList<string> names, long upTo)
    {
        var counts = new long[names.Count];
        for (var i = 0; i < counts.Length; i++)
        {
            // How many members there are is kept: of those below and those above, whichever are fewer will do.
            var (members, above) = Members(sets, names[i]) is { } all ? (all, CountRows(sets, names[i], ">", upTo)) : (0, MostCounted);
            counts[i] = above < MostCounted ? members - above : CountRows(sets, names[i], "<=", upTo);
        }

        return counts;
    }

    public LogLine[] Logs(MergedLogs logs, LogRange range)
    {
        if (range.IsEmpty) return [];
        var names = Names(logs).Where(name => range.Fits?.Invoke(name) != false);
        var heads = names.Select(name => (Name: name, Head: Log(logs, name, range.Before, range.After, 1))).Where(log => log.Head.Count > 0).ToList();
        heads.Sort((x, y) => y.Head[0].Stamp.CompareTo(x.Head[0].Stamp));

        // Once there is a page, a log matters only as far as it is newer than the page's end; the first that is not ends the search.
        var found = new List<LogLine>();
        foreach (var (name, head) in heads)
        {
            var last = found.Count < range.Limit ? range.After : found[^1].Stamp;
            if (head[0].Stamp < last) break;
            found.AddRange(Log(logs, name, range.Before, last, range.Limit));
            found.Sort((x, y) => y.Stamp.CompareTo(x.Stamp));
            if (found.Count > range.Limit) found.RemoveRange(range.Limit, found.Count - range.Limit);
        }

        return [.. found];
    }

    /// <summary>How many members a set has, where that is kept.</summary>
    private long? Members(OrderedSets sets, string name)
    {
        if (!SqliteTables.HasNames(sets)) return null;
        using var reader = statements["SELECT members FROM names WHERE partition = ?1 AND part = ?2 AND name = ?3"].Read(partition, sets.Name, name);
        return reader.Read() ? reader.GetInt64(0) : 0;
    }

    private long CountRows(OrderedSets sets, string name, string comparison, long score)
    {
        var sql = $"SELECT count(*) FROM (SELECT 1 FROM {SqliteTables.Set(sets)} WHERE partition = ?1 AND name = ?2 AND score {comparison} ?3 LIMIT ?4)";
        using var reader = statements[sql].Read(partition, name, score, MostCounted);
        reader.Read();
        return reader.GetInt64(0);
    }

    private List<string> Names(MergedLogs logs)
    {
        var names = new List<string>();
        using var reader = statements["SELECT name FROM names WHERE partition = ?1 AND part = ?2"].Read(partition, logs.Name);
        while (reader.Read()) names.Add(reader.GetString(0));
        return names;
    }

    private List<LogLine> Log(MergedLogs logs, string name, long before, long after, int limit)
    {
        var lines = new List<LogLine>();
        var sql = $"SELECT stamp, member FROM {SqliteTables.Log(logs)} WHERE partition = ?1 AND name = ?2 AND stamp > ?3 AND stamp < ?4 ORDER BY stamp DESC LIMIT ?5";
        using var reader = statements[sql].Read(partition, name, after, before, limit);
        while (reader.Read()) lines.Add(new(reader.GetInt64(0), reader.GetString(1)));
        return lines;
    }

    private (RowColumn Column, SqliteStatement Select)[] Columns(RowRead read) => Array.ConvertAll(
        read.Columns, column => (column, statements[$"SELECT row FROM {SqliteTables.Rows(column.Table)} WHERE partition = ?1 AND key = ?2"]));

    private StoredRows Row((RowColumn Column, SqliteStatement Select)[] columns, string key, ref long bytes)
    {
        var values = new byte[]?[columns.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var (column, select) = columns[i];
            using var reader = select.Read(partition, key);
            if (!reader.Read())
            {
                if (i == 0) return default;
                continue;
            }

            values[i] = column.Trim(reader.GetBytes(0), ref bytes);
        }

        return new(values);
    }
}
