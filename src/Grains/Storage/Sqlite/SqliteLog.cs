using Microsoft.Data.Sqlite;
using OrleansJobs.Diagnostics;
using SQLitePCL;

namespace OrleansJobs.Storage;

/// <summary>
/// The log beside the file, and the room within the file: what was committed is moved from the one into the other, the log is used anew before it is long, and
/// pages that nobody uses are given back. All of it on the thread that writes, between two transactions.
/// </summary>
/// <param name="onTrouble">Is told what SQLite says of it: nothing where all went well.</param>
internal sealed class SqliteLog(SqliteFile file, SqliteReaders readers, SqliteStatements statements, Action<SqliteException?> onTrouble)
{
    /// <summary>
    /// Pages of the log from which on it is used anew: SQLite does so by itself only where a write begins while nobody reads, which with many readers never is.
    /// 32 MiB.
    /// </summary>
    public const int MaxPages = 8192;

    /// <summary>Pages in the log that are moved into the file: 4 MiB take a few milliseconds, in which nobody is answered.</summary>
    private const int CheckpointPages = 1024;

    /// <summary>Pages that are given back at a time, and four times as many have to be unused.</summary>
    private const int VacuumPages = 256;

    private const int PagesWritten = 9; // SQLITE_DBSTATUS_CACHE_WRITE

    /// <summary>How long it is waited for that nobody reads, for each <see cref="MaxPages"/> of the log: the longer it is, the more it is worth.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(2);

    /// <summary>Pages of the log from which on readers are asked to pause for it.</summary>
    private long _restartAt = MaxPages;

    /// <summary>There may be pages to give back.</summary>
    private bool _mayVacuum;

    /// <summary>After the answers, so that nobody waits for it but those who come meanwhile.</summary>
    /// <param name="isIdle">Whether nobody waits, and nothing else is to be done: pages are given back a few at a time, and only while that is so.</param>
    public void Tidy(Func<bool> isIdle)
    {
        try
        {
            Move();
            while (_mayVacuum && isIdle())
            {
                _mayVacuum = SqliteFile.Number(file.Writer, "PRAGMA freelist_count") > 4 * VacuumPages;
                // They go into the log like all that is written.
                if (_mayVacuum) SqliteFile.Run(file.Writer, $"PRAGMA incremental_vacuum({VacuumPages})");
                Move();
            }
        }
        catch (SqliteException exception)
        {
            // Nothing is lost: the log stays longer.
            onTrouble(exception);
        }
    }

    /// <summary>Moves what has been written into the file, once it is enough.</summary>
    private void Move()
    {
        raw.sqlite3_db_status(file.Writer.Handle!, PagesWritten, out var pages, out _, 0);
        if (pages < CheckpointPages) return;
        raw.sqlite3_db_status(file.Writer.Handle!, PagesWritten, out _, out _, 1);
        CrashPoint.Hit("file.move.before");
        var (_, length) = Checkpoint("PASSIVE");
        CrashPoint.Hit("file.move.after");
        onTrouble(null);
        _mayVacuum = true;
        if (length < _restartAt)
        {
            if (length < MaxPages) _restartAt = MaxPages;
            return;
        }

        // Reads that go on for too long are not waited for again before the log has doubled, and then for longer.
        var patience = Patience * ((double)length / MaxPages);
        _restartAt = readers.TryAlone(TryRestart, patience < MaxPatience ? patience : MaxPatience) ? MaxPages : 2 * length;
    }

    /// <summary>Has the log begin anew, unless somebody reads whom we do not know: a shell, say, for which no commit is to wait.</summary>
    private bool TryRestart()
    {
        SqliteFile.Set(file.Writer, "busy_timeout=0");
        try
        {
            return !Checkpoint("RESTART").IsBusy;
        }
        finally
        {
            SqliteFile.Set(file.Writer, $"busy_timeout={SqliteFile.BusyMilliseconds}");
        }
    }

    /// <returns>Whether somebody was in its way; pages that the log holds, those included that have been moved.</returns>
    private (bool IsBusy, long Pages) Checkpoint(string how)
    {
        using var reader = statements[$"PRAGMA wal_checkpoint({how})"].Read();
        return reader.Read() ? (reader.GetInt64(0) != 0, reader.GetInt64(1)) : default;
    }
}
