using System.Text;

namespace OrleansJobs.Storage;

/// <summary>
/// What the layout's parts are in SQL: tables without row ids, whose keys are the orders that are read. <c>names</c> says of logs, and of sets that are read at
/// an opening, which there are and how many members each has, so that nobody has to count them.
/// </summary>
internal static class SqliteTables
{
    public static string Rows(RowTable table) => $"rows_{table.Name}";

    public static string Set(ScoredPart part) => $"set_{part.Name}";

    public static string Log(MergedLogs logs) => $"log_{logs.Name}";

    public static string Counts(CounterTable counters) => $"counts_{counters.Name}";

    public static string Grid(GridTable table) => $"grid_{table.Name}";

    /// <summary>Whether the part's names are kept with the number of their members.</summary>
    public static bool HasNames(StorePart part) => part is MergedLogs or OrderedSets { IsReadAtOpening: true };

    public static string Create(StoreLayout layout)
    {
        var sql = new StringBuilder(
            """
            CREATE TABLE IF NOT EXISTS grid (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS partitions (id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, sequence INTEGER NOT NULL, stamp INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS names (partition INTEGER, part TEXT, name TEXT, members INTEGER NOT NULL, PRIMARY KEY (partition, part, name)) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS states (kind TEXT, id TEXT, etag TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;

            """);
        foreach (var part in layout.Parts)
        {
            sql.Append(part switch
            {
                RowTable table => $"CREATE TABLE IF NOT EXISTS {Rows(table)} (partition INTEGER, key TEXT, row BLOB NOT NULL, PRIMARY KEY (partition, key)) WITHOUT ROWID;",
                ScoredPart set => $"CREATE TABLE IF NOT EXISTS {Set(set)} (partition INTEGER, name TEXT, score INTEGER, member TEXT, PRIMARY KEY (partition, name, score, member)) WITHOUT ROWID;",
                MergedLogs logs => $"CREATE TABLE IF NOT EXISTS {Log(logs)} (partition INTEGER, name TEXT, stamp INTEGER, member TEXT NOT NULL, PRIMARY KEY (partition, name, stamp)) WITHOUT ROWID;",
                CounterTable counters => $"CREATE TABLE IF NOT EXISTS {Counts(counters)} (partition INTEGER, name TEXT, value INTEGER NOT NULL, PRIMARY KEY (partition, name)) WITHOUT ROWID;",
                GridTable table => $"CREATE TABLE IF NOT EXISTS {Grid(table)} (key TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;",
                _ => throw new InvalidOperationException($"A part of unknown kind: {part.GetType().Name}."),
            }).Append('\n');
        }

        return sql.ToString();
    }
}
