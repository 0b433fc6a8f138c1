using System.Globalization;
using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;

namespace OrleansJobs.Storage;

/// <summary>
/// Keeps a grid of one process in a file of SQLite. What partitions commit at the same time is one transaction and one sync, written by one thread; reads go by
/// other connections and wait for no commit.
/// </summary>
public sealed class SqlitePartitionStore : IPartitionStore, IDisposable
{
    private readonly StoreLayout _layout;
    private readonly TimeProvider _time;
    private readonly SqliteFile _file;
    private readonly SqliteWriter _writer;
    private readonly SqliteReaders _readers;
    private readonly SqliteBackup _backup;
    private readonly long _reserved;

    /// <exception cref="UnfitStoreException">Another process has the file, or it cannot be written, or is damaged, or of another release.</exception>
    public SqlitePartitionStore(StoreLayout layout, SqliteStoreOptions options, TimeProvider? time = null)
    {
        _layout = layout;
        _time = time ?? TimeProvider.System;
        _reserved = options.ReservedDiskBytes;
        _file = new(options, layout);
        _readers = new(_file);
        _writer = new(_file, _readers, _time);
        _backup = new(_file, _writer, options.BackupFolder, _reserved, _time);
    }

    /// <summary>Where jobs are kept.</summary>
    public string FullPath => _file.FullPath;

    /// <summary>Where it is said what took long.</summary>
    internal ILogger Log
    {
        init => _writer.Log = value;
    }

    internal SqliteWriter Writer => _writer;

    internal SqliteReaders Readers => _readers;

    public string Kind => "sqlite";

    public string Description => $"in the file {_file.FullPath} (SQLite, synchronous={_file.Synchronous}), and outlive this process";

    public async ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(partitions);
        var drawn = GridRecord.New(partitions);
        var grid = await _writer.RunAsync(
            statements =>
            {
                if (Grid(statements) is { } known) return known;
                var insert = statements["INSERT INTO grid (name, value) VALUES (?1, ?2)"];
                insert.Run("partitions", partitions.ToString(CultureInfo.InvariantCulture));
                insert.Run("incarnation", drawn.Incarnation);
                insert.Run("secret", drawn.Secret);
                return drawn;
            },
            changes: 3, mayBeRefused: false, cancellation).ConfigureAwait(false);
        return grid.Fitting(partitions);
    }

    public async ValueTask<GridRecord?> ReadGridAsync(CancellationToken cancellation = default) => await _readers.ReadAsync(Grid, cancellation).ConfigureAwait(false);

    public async ValueTask<PartitionOpening> OpenAsync(int partition, long above = 0, CancellationToken cancellation = default) =>
        await _writer.RunAsync(statements => new SqliteCommitter(statements, _layout, _time).Open(partition, above), changes: 1, mayBeRefused: false, cancellation)
            .ConfigureAwait(false);

    public async ValueTask<CommitOutcome> CommitAsync(PartitionCommit commit, CancellationToken cancellation = default)
    {
        CommitRules.Check(commit);
        try
        {
            return await _writer.RunAsync(
                statements => new SqliteCommitter(statements, _layout, _time).Apply(commit), commit.Size, commit.MayBeRefused, cancellation).ConfigureAwait(false);
        }
        catch (DiskFullException)
        {
            return CommitOutcome.Full;
        }
    }

    public async ValueTask<StoredRows[]> ReadRowsAsync(int partition, RowRead read, IReadOnlyList<string> keys, CancellationToken cancellation = default) =>
        keys.Count == 0 ? [] : await ReadAsync(partition, reads => reads.Rows(read, keys), cancellation).ConfigureAwait(false);

    public async ValueTask<SetLine[]> ReadSetAsync(int partition, SetName set, SetRange range, CancellationToken cancellation = default) =>
        await ReadAsync(partition, reads => reads.Set(set, range), cancellation).ConfigureAwait(false);

    public async ValueTask<PagedLine[]> ReadPageAsync(
        int partition, SetName set, SetPlace after, int limit, RowRead rows, CancellationToken cancellation = default) =>
        await ReadAsync(partition, reads => reads.Page(set, after, limit, rows), cancellation).ConfigureAwait(false);

    public async ValueTask<long[]> CountAsync(int partition, OrderedSets sets, IReadOnlyList<string> names, long upTo, CancellationToken cancellation = default) =>
        await ReadAsync(partition, reads => reads.Count(sets, names, upTo), cancellation, isWide: true).ConfigureAwait(false);

    public async ValueTask<LogLine[]> ReadLogsAsync(int partition, MergedLogs logs, LogRange range, CancellationToken cancellation = default) =>
        await ReadAsync(partition, reads => reads.Logs(logs, range), cancellation, isWide: true).ConfigureAwait(false);

    public async ValueTask PutAsync(GridTable table, IReadOnlyDictionary<string, byte[]> rows, CancellationToken cancellation = default)
    {
        if (rows.Count == 0) return;
        await _writer.RunAsync(
            statements =>
            {
                var put = statements[$"INSERT INTO {SqliteTables.Grid(table)} (key, row) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET row = ?2"];
                foreach (var (key, row) in rows) put.Run(key, row);
                return true;
            },
            rows.Count, mayBeRefused: false, cancellation).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyDictionary<string, byte[]>> ReadAsync(GridTable table, CancellationToken cancellation = default) =>
        await _readers.ReadAsync(
            statements =>
            {
                var rows = new Dictionary<string, byte[]>();
                using var reader = statements[$"SELECT key, row FROM {SqliteTables.Grid(table)}"].Read();
                while (reader.Read()) rows[reader.GetString(0)] = reader.GetBytes(1);
                return rows;
            },
            cancellation).ConfigureAwait(false);

    /// <summary>The machine's, which the file knows no other than.</summary>
    public ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default) => new(_time.GetUtcNow());

    /// <summary>The file's share of what it may grow to: all that the disk has, without what is reserved.</summary>
    public ValueTask<double> ReadFullnessAsync(CancellationToken cancellation = default)
    {
        var used = new FileInfo(_file.FullPath).Length;
        var free = new DriveInfo(Path.GetDirectoryName(_file.FullPath)!).AvailableFreeSpace - _reserved;
        return new(free <= 0 ? 1 : (double)used / (used + free));
    }

    /// <summary>A folder for copies is configured.</summary>
    public bool CanBackUp => _backup.IsConfigured;

    /// <summary>Writes a consistent copy into the configured folder, while jobs run.</summary>
    /// <returns>The copy's name within the folder, and its bytes.</returns>
    /// <exception cref="InvalidOperationException">No folder is configured.</exception>
    public Task<(string Name, long Bytes)> BackUpAsync(CancellationToken cancellation = default) => _backup.WriteAsync(cancellation);

    public void Dispose()
    {
        // Readers first: the writer's connection is the last to close, which is the one that may move the log into the file.
        _readers.Dispose();
        _writer.Dispose();
        _file.Dispose();
    }

    private static GridRecord? Grid(SqliteStatements statements)
    {
        var values = new Dictionary<string, string>();
        using var reader = statements["SELECT name, value FROM grid"].Read();
        while (reader.Read()) values[reader.GetString(0)] = reader.GetString(1);
        return values.Count == 0 ? null : new(int.Parse(values["partitions"], CultureInfo.InvariantCulture), values["incarnation"], values["secret"]);
    }

    private Task<T> ReadAsync<T>(int partition, Func<SqliteReads, T> read, CancellationToken cancellation, bool isWide = false) =>
        _readers.ReadAsync(statements => read(new SqliteReads(statements, partition)), cancellation, isWide);
}
