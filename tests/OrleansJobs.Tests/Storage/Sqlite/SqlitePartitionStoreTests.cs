using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage.Sqlite;

public sealed class SqlitePartitionStoreTests : PartitionStoreConformance, IDisposable
{
    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    protected override Task<IPartitionStore> NewStoreAsync() => Task.FromResult<IPartitionStore>(_folder.Open($"{Guid.NewGuid():N}.db"));

    protected override Task<string[]> NamesAsync(IPartitionStore store, int partition) => ((SqlitePartitionStore)store).Readers.ReadAsync(
        statements =>
        {
            var names = new List<string>();
            foreach (var part in TestLayout.Layout.Parts)
            {
                var table = part switch { ScoredPart set => SqliteTables.Set(set), MergedLogs logs => SqliteTables.Log(logs), _ => null };
                if (table is null) continue;
                using var reader = statements[$"SELECT DISTINCT name FROM {table} WHERE partition = ?1"].Read(partition);
                while (reader.Read()) names.Add(reader.GetString(0));
            }

            return names.ToArray();
        },
        default);

    protected override Task EmptyAsync(IPartitionStore store) => ((SqlitePartitionStore)store).Writer.RunAsync(
        statements =>
        {
            using var tables = statements["SELECT name FROM sqlite_schema WHERE type = 'table'"].Read();
            var names = new List<string>();
            while (tables.Read()) names.Add(tables.GetString(0));
            names.ForEach(name => statements[$"DELETE FROM {name}"].Run());
            return true;
        },
        changes: 1, mayBeRefused: false, default);
}
