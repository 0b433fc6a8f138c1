using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage.Sqlite;

/// <summary>A folder with stores in files, gone when the test is over.</summary>
internal sealed class SqliteFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansjobs-sqlite-");
    private readonly List<SqlitePartitionStore> _stores = [];

    public string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

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
