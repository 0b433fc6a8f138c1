using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansJobs.Storage;

/// <summary>
/// A copy that is being made, some pages at a time between two commits. It is made on the connection that writes: SQLite takes what that writes meanwhile into
/// the copy, so that nobody has to hold a snapshot of the file, behind which the log could not be moved.
/// </summary>
internal sealed class SqliteCopy : IDisposable
{
    /// <summary>1 MiB, which takes a millisecond or two, in which nobody is answered.</summary>
    private const int PagesAtATime = 256;

    private readonly SqliteConnection _from;
    private readonly SqliteConnection _into;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly SqliteCopyBounds _bounds = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private sqlite3_backup? _backup;

    public SqliteCopy(SqliteConnection from, string path, TimeProvider time)
    {
        (_from, _time) = (from, time);
        _into = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            _into.Open();
            // A copy that is not whole is thrown away: nothing of it has to be undone, and it is synced when it is.
            SqliteFile.Set(_into, "journal_mode=OFF", "synchronous=OFF", "cache_size=-4000");
        }
        catch
        {
            _into.Dispose();
            throw;
        }
    }

    /// <summary>Completes when the copy is whole, and nobody has it open.</summary>
    public Task Done => _done.Task;

    /// <summary>On the thread that writes, outside of a transaction: at least a little.</summary>
    /// <param name="share">How long it may take; the last part of it may end later.</param>
    /// <returns>Whether there is more to do.</returns>
    public bool Run(TimeSpan share)
    {
        lock (_gate)
        {
            var started = _time.GetTimestamp();
            while (!_done.Task.IsCompleted && Step())
            {
                if (_time.GetElapsedTime(started) >= share) return true;
            }

            return false;
        }
    }

    /// <summary>From any thread.</summary>
    public void Fail(Exception exception)
    {
        lock (_gate)
        {
            Dispose();
            _done.TrySetException(exception);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            // What was wrong was said before.
            _ = Finish();
            _into.Dispose();
        }
    }

    private bool Step()
    {
        try
        {
            _backup ??= raw.sqlite3_backup_init(_into.Handle!, "main", _from.Handle!, "main");
            if (_backup is null || _backup.IsInvalid) SqliteException.ThrowExceptionForRC(raw.sqlite3_errcode(_into.Handle!), _into.Handle);
            var started = _time.GetTimestamp();
            var code = raw.sqlite3_backup_step(_backup!, PagesAtATime);
            if (code == raw.SQLITE_OK)
            {
                var copied = raw.sqlite3_backup_pagecount(_backup!) - raw.sqlite3_backup_remaining(_backup!);
                return _bounds.Note(_time.GetElapsedTime(started), copied) is not { } reason ? true : throw new IOException($"The copy was given up: {reason}.");
            }

            if (code != raw.SQLITE_DONE) SqliteException.ThrowExceptionForRC(code, _into.Handle);
            SqliteException.ThrowExceptionForRC(Finish(), _into.Handle);
            _into.Close();
            _done.TrySetResult();
        }
        catch (Exception exception)
        {
            Fail(exception);
        }

        return false;
    }

    private int Finish()
    {
        if (_backup is null) return raw.SQLITE_OK;
        var code = raw.sqlite3_backup_finish(_backup);
        _backup = null;
        return code;
    }
}
