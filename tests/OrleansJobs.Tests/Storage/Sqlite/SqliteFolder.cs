using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage.Sqlite;

/// <summary>A folder with stores in files, gone when the test is over.</summary>
internal sealed class SqliteFolder : IDisposable
{
    public const long MegaByte = 1 << 20;
    private const long PageSize = 4096;

    /// <summary>What may come to the log between two looks.</summary>
    public const long MostLog = SqliteLog.MaxPages * PageSize + 16 * MegaByte;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansjobs-sqlite-");
    private readonly List<SqlitePartitionStore> _stores = [];

    public string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public long LogBytes => new FileInfo(Path("jobs.db-wal")) is { Exists: true } log ? log.Length : 0;

    /// <summary>Rows of a page each.</summary>
    public static Task FillAsync(PartitionWriter writer, int from, int count) => writer.CommitAsync(commit =>
    {
        for (var i = from; i < from + count; i++) commit.Put(TestLayout.Heads, $"key-{i}", new byte[4000]);
    });

    public static long Number(SqliteStatements statements, string sql)
    {
        using var reader = statements[sql].Read();
        return reader.Read() ? reader.GetInt64(0) : 0;
    }

    public SqlitePartitionStore Open(string name = "jobs.db", Action<SqliteStoreOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new SqliteStoreOptions { Path = Path(name), BackupFolder = Path("backups") };
        configure?.Invoke(options);
        var store = new SqlitePartitionStore(TestLayout.Layout, options, time);
        _stores.Add(store);
        return store;
    }

    public void Dispose()
    {
        _stores.ForEach(store => store.Dispose());
        _folder.Delete(recursive: true);
    }
}
