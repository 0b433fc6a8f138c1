using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansJobs.Storage;

/// <summary>
/// The database file: one process has it at a time, one connection writes and checkpoints, others only read. SQLite before 3.51.3 can damage a file whose
/// log is reset by one connection while another writes or checkpoints; here there is no other.
/// </summary>
internal sealed class SqliteFile : IDisposable
{
    /// <summary>How long a connection waits for another; nobody but an operator's own tools has one.</summary>
    public const int BusyMilliseconds = 5000;

    private const int NoCheckpointOnClose = 1006; // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE
    private readonly FileStream _lock;
    private readonly string _path;

    /// <exception cref="UnfitStoreException">Another process has the file, or it cannot be written, or is damaged, or of another release.</exception>
    public SqliteFile(SqliteStoreOptions options, StoreLayout layout)
    {
        _path = Resolve(Path.GetFullPath(options.Path));
        Synchronous = options.Durability == SqliteDurability.Full && !Diagnostics.Sabotage.IsOff(Diagnostics.Safeguard.Sync) ? "FULL" : "NORMAL";
        _lock = Lock(_path);
        try
        {
            Batteries_V2.Init();
            Writer = OpenWriter(layout);
        }
        catch (Exception exception)
        {
            _lock.Dispose();
            if (exception is SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB } damage) throw Damaged(damage);
            if (exception is SqliteException { SqliteErrorCode: raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_PERM }) throw Unwritable(_path, exception);
            if (exception is SqliteException { SqliteErrorCode: raw.SQLITE_FULL or raw.SQLITE_IOERR } && IsDiskFull(_path)) throw Full(_path, exception);
            throw;
        }
    }

    /// <summary>As SQLite calls it.</summary>
    public string Synchronous { get; }

    public SqliteConnection Writer { get; }

    public string FullPath => _path;

    /// <summary>A connection that never writes this file nor checkpoints it.</summary>
    public SqliteConnection OpenReader()
    {
        // The log's index is shared memory, which a connection that may only read cannot keep.
        var reader = Connect(SqliteOpenMode.ReadWrite);
        try
        {
            Set(reader, $"busy_timeout={BusyMilliseconds}", "wal_autocheckpoint=0", "cache_size=-4000", "query_only=1");
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>What to tell of a file that SQLite cannot make sense of.</summary>
    public UnfitStoreException Damaged(SqliteException exception) => new(
        $"The store's file {_path} is damaged ({exception.Message.Trim()}). Stop this process, keep the file aside, and put a backup in its place under the same name, "
        + "without files of the same name that end in -wal and -shm.");

    public void Dispose()
    {
        Writer.Dispose();
        _lock.Dispose();
    }

    public static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>One at a time: of several in one command the library says nothing of those that fail behind the first.</summary>
    public static void Set(SqliteConnection connection, params ReadOnlySpan<string> pragmas)
    {
        foreach (var pragma in pragmas) Run(connection, $"PRAGMA {pragma}");
    }

    public static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>SQLite follows a link to the file, and so must the lock, or two processes would have one file under two names.</summary>
    private static string Resolve(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.LinkTarget is null ? path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, exception);
        }
    }

    private static FileStream Lock(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
        }
        catch (IOException exception) when (IsHeldElsewhere(exception))
        {
            throw new UnfitStoreException(
                $"Another process keeps its jobs in {path}: one process has a file at a time. Stop that one, give this one another file (Store:Path), or use Redis for several silos. ({exception.Message})");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, exception);
        }
    }

    /// <summary>The lock of another process, as Linux, macOS and Windows say it; all else would blame one that is not there.</summary>
    private static bool IsHeldElsewhere(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static UnfitStoreException Unwritable(string path, Exception exception) => new(
        $"The store's file {path} cannot be written ({exception.Message.Trim()}). Let this process write there, or give it another file (Store:Path).");

    private static UnfitStoreException Full(string path, Exception exception) => new(
        $"The disk of the store's file {path} is full ({exception.Message.Trim()}): a process needs some room there to begin. Nothing is lost; make room, and start it again.");

    /// <summary>SQLite's own index of the log takes 32 KiB.</summary>
    private static bool IsDiskFull(string path) => new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace < 64 << 10;

    private SqliteConnection Connect(SqliteOpenMode mode)
    {
        // Pooling would keep the file open behind our back.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private SqliteConnection OpenWriter(StoreLayout layout)
    {
        var writer = Connect(SqliteOpenMode.ReadWriteCreate);
        try
        {
            // Before anything is written: what another release wrote is not touched. The last connection to close would move the log of a killed process into its file.
            KeepLog(writer, true);
            var format = Number(writer, "PRAGMA user_version");
            var isNew = Number(writer, "SELECT count(*) FROM sqlite_schema") == 0;
            if (!isNew) CheckFormat(format);
            KeepLog(writer, false);
            if (isNew) Run(writer, "PRAGMA auto_vacuum=INCREMENTAL;");
            Set(writer, $"busy_timeout={BusyMilliseconds}", "journal_mode=WAL", $"synchronous={Synchronous}", "wal_autocheckpoint=0", "cache_size=-16000",
                $"journal_size_limit={SqliteLog.MaxPages * 4096L}");
            using var transaction = writer.BeginTransaction();
            Run(writer, SqliteTables.Create(layout));
            // Not written again where it stands: a disk may be full.
            if (isNew) Run(writer, $"PRAGMA user_version={GridRecord.Format}");
            transaction.Commit();
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    private void CheckFormat(long format)
    {
        try
        {
            GridRecord.CheckFormat(format.ToString(CultureInfo.InvariantCulture));
        }
        catch (UnfitStoreException exception)
        {
            throw new UnfitStoreException($"The store's file {_path}: {exception.Message}");
        }
    }

    private static void KeepLog(SqliteConnection connection, bool isKept) =>
        SqliteException.ThrowExceptionForRC(raw.sqlite3_db_config(connection.Handle!, NoCheckpointOnClose, isKept ? 1 : 0, out _), connection.Handle);
}
