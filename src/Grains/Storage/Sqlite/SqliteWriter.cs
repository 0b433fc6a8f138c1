using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobs.Diagnostics;
using SQLitePCL;

namespace OrleansJobs.Storage;

/// <summary>
/// The one thread that writes. What all partitions have handed in since the last transaction is one transaction with one sync, and nobody is answered before
/// that. It also moves the log into the file, and gives pages back that nobody uses.
/// </summary>
internal sealed partial class SqliteWriter : IDisposable
{
    /// <summary>
    /// Pages of the log from which on it is used anew: SQLite does so by itself only where a write begins while nobody reads, which with many readers never is.
    /// 32 MiB.
    /// </summary>
    public const int MaxLogPages = 8192;

    /// <summary>Changes of one transaction, beyond which no other write joins: whoever waits for the next is not to wait for long.</summary>
    private const int MaxChanges = 20_000;

    /// <summary>Pages in the log that are moved into the file: 4 MiB take a few milliseconds, in which nobody is answered.</summary>
    private const int CheckpointPages = 1024;

    /// <summary>Pages that are given back at a time, and four times as many have to be unused.</summary>
    private const int VacuumPages = 256;

    private const int PagesWritten = 9; // SQLITE_DBSTATUS_CACHE_WRITE

    /// <summary>A commit that took longer is told of, where none before it took as long.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(1);

    private readonly Channel<Write> _writes = Channel.CreateUnbounded<Write>(new() { SingleReader = true });
    private readonly SqliteFile _file;
    private readonly SqliteReaders _readers;
    private readonly TimeProvider _time;
    private readonly SqliteStatements _statements;
    private readonly Thread _thread;
    private ILogger _logger = NullLogger.Instance;
    private bool _closed;
    private long _longest;
    private SqliteCopy? _copy;

    /// <summary>Pages of the log from which on readers are asked to pause for it.</summary>
    private long _restartAt = MaxLogPages;

    /// <summary>There may be pages to give back.</summary>
    private bool _mayVacuum;

    public SqliteWriter(SqliteFile file, SqliteReaders readers, TimeProvider time)
    {
        (_file, _readers, _time) = (file, readers, time);
        _statements = new(file.Writer);
        _thread = new(Loop) { IsBackground = true, Name = "SQLite writer" };
        _thread.Start();
    }

    public ILogger Log
    {
        set => _logger = value;
    }

    /// <summary>The longest that anybody has waited from handing in a write to its being stored.</summary>
    public TimeSpan Longest => TimeSpan.FromTicks(Volatile.Read(ref _longest));

    /// <summary>Makes a copy of the file under another name, beside all that is written. One at a time.</summary>
    public async Task CopyAsync(string path)
    {
        var copy = new SqliteCopy(_file.Writer, path);
        Volatile.Write(ref _copy, copy);
        try
        {
            // It may sleep.
            await RunAsync(static _ => true, changes: 0, mayBeRefused: false, CancellationToken.None).ConfigureAwait(false);
        }
        catch (SqliteException)
        {
            // The disk may be full, which is no concern of a copy that goes to another.
        }
        catch (ObjectDisposedException closed)
        {
            copy.Fail(closed);
        }

        await copy.Done.ConfigureAwait(false);
    }

    /// <summary>Runs within the next transaction; completes when that is stored.</summary>
    /// <param name="changes">Roughly how many rows it changes.</param>
    /// <param name="mayBeRefused">On a disk that is full it fails with <see cref="DiskFullException"/>; others fail with what SQLite said, and may be tried again.</param>
    public Task<T> RunAsync<T>(Func<SqliteStatements, T> work, int changes, bool mayBeRefused, CancellationToken cancellation)
    {
        var write = new Write<T>(work, changes, mayBeRefused, _time.GetTimestamp());
        if (!_writes.Writer.TryWrite(write)) return Task.FromException<T>(new ObjectDisposedException(nameof(SqliteWriter)));
        return write.Done.WaitAsync(cancellation);
    }

    public void Dispose()
    {
        if (_closed) return;
        _closed = true;
        _writes.Writer.Complete();
        _thread.Join();
    }

    private void Loop()
    {
        var group = new List<Write>();
        while (IsToGoOn())
        {
            group.Clear();
            for (var changes = 0; changes < MaxChanges && _writes.Reader.TryRead(out var write); changes += write.Changes) group.Add(write);
            if (group.Count > 0) Apply(group);
            Tidy();
            if (_copy is { } copy && !copy.Step()) Interlocked.CompareExchange(ref _copy, null, copy);
        }

        _copy?.Fail(new ObjectDisposedException(nameof(SqliteWriter)));
        try
        {
            SqliteFile.Run(_file.Writer, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException)
        {
            // The log is read at the next start.
        }

        _statements.Dispose();
    }

    /// <summary>There is something to write or to copy; waits for it.</summary>
    private bool IsToGoOn() => _copy is not null ? !_writes.Reader.Completion.IsCompleted : _writes.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult();

    private void Apply(List<Write> group)
    {
        try
        {
            _statements["BEGIN IMMEDIATE"].Run();
            foreach (var write in group) write.Run(_statements);
            CrashPoint.Hit("file.before");
            _statements["COMMIT"].Run();
            CrashPoint.Hit("file.after");
            foreach (var write in group) write.Answer();
            NoteLongest(group);
        }
        catch (Exception exception)
        {
            RollBack();
            if (exception is SqliteException { SqliteErrorCode: raw.SQLITE_FULL }) ApplyWithinWhatIsLeft(group, exception);
            else FailAll(group, exception is SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB } damage ? _file.Damaged(damage) : exception);
        }
    }

    /// <summary>The disk is full: what may be refused is, and each of the others has what room there is to itself.</summary>
    private void ApplyWithinWhatIsLeft(List<Write> group, Exception full)
    {
        foreach (var write in group.Where(write => write.MayBeRefused)) write.Fail(new DiskFullException());
        var others = group.Where(write => !write.MayBeRefused).ToList();
        if (others.Count == group.Count && group.Count == 1) FailAll(group, full);
        else foreach (var write in others) Apply([write]);
    }

    private static void FailAll(List<Write> group, Exception exception)
    {
        foreach (var write in group) write.Fail(exception);
    }

    private void RollBack()
    {
        try
        {
            // SQLite has done so itself after some errors.
            if (raw.sqlite3_get_autocommit(_file.Writer.Handle!) == 0) SqliteFile.Run(_file.Writer, "ROLLBACK");
        }
        catch (SqliteException)
        {
            // The next transaction says what is wrong.
        }
    }

    private void NoteLongest(List<Write> group)
    {
        var took = _time.GetElapsedTime(group[0].HandedIn);
        if (took <= Longest) return;
        Volatile.Write(ref _longest, took.Ticks);
        if (took > Long) LogLong(took, group.Count);
    }

    /// <summary>After the answers, so that nobody waits for it but those who come meanwhile.</summary>
    private void Tidy()
    {
        try
        {
            MoveLog();
            // A few at a time, and only while nobody waits; what is left is for the next idle moment. They go into the log like all that is written. What a
            // copy has is not moved about under it.
            while (_mayVacuum && _copy is null && !_writes.Reader.TryPeek(out _))
            {
                _mayVacuum = SqliteFile.Number(_file.Writer, "PRAGMA freelist_count") > 4 * VacuumPages;
                if (_mayVacuum) SqliteFile.Run(_file.Writer, $"PRAGMA incremental_vacuum({VacuumPages})");
                MoveLog();
            }
        }
        catch (SqliteException)
        {
            // The log stays longer; what ails the file, the next transaction says.
        }
    }

    /// <summary>Moves what has been written into the file, once it is enough.</summary>
    private void MoveLog()
    {
        raw.sqlite3_db_status(_file.Writer.Handle!, PagesWritten, out var pages, out _, 0);
        if (pages < CheckpointPages) return;
        raw.sqlite3_db_status(_file.Writer.Handle!, PagesWritten, out _, out _, 1);
        CrashPoint.Hit("file.move.before");
        var log = Checkpoint("PASSIVE");
        CrashPoint.Hit("file.move.after");
        _mayVacuum = true;
        if (log < _restartAt)
        {
            if (log < MaxLogPages) _restartAt = MaxLogPages;
            return;
        }

        // A read that goes on for too long is not waited for again before the log has grown as much once more.
        _restartAt = _readers.TryAlone(() => Checkpoint("RESTART")) ? MaxLogPages : log + MaxLogPages;
    }

    /// <returns>Pages that the log holds, those included that have been moved.</returns>
    private long Checkpoint(string how)
    {
        using var reader = _statements[$"PRAGMA wal_checkpoint({how})"].Read();
        return reader.Read() ? reader.GetInt64(1) : 0;
    }

    [LoggerMessage(LogLevel.Warning, "A commit took {Took}, longer than any before it, with {Commits} that were stored together")]
    private partial void LogLong(TimeSpan took, int commits);

    private abstract class Write(int changes, bool mayBeRefused, long handedIn)
    {
        public int Changes { get; } = changes;

        public bool MayBeRefused { get; } = mayBeRefused;

        public long HandedIn { get; } = handedIn;

        public abstract void Run(SqliteStatements statements);

        public abstract void Answer();

        public abstract void Fail(Exception exception);
    }

    private sealed class Write<T>(Func<SqliteStatements, T> work, int changes, bool mayBeRefused, long handedIn) : Write(changes, mayBeRefused, handedIn)
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;
        private ArgumentException? _defect;

        public Task<T> Done => _done.Task;

        public override void Run(SqliteStatements statements)
        {
            try
            {
                _result = work(statements);
            }
            catch (ArgumentException defect)
            {
                // Found before anything was written: the others of the group are not to suffer.
                _defect = defect;
            }
        }

        public override void Answer()
        {
            if (_defect is not null) _done.TrySetException(_defect);
            else _done.TrySetResult(_result);
        }

        public override void Fail(Exception exception) => _done.TrySetException(exception);
    }
}

/// <summary>The disk is full, and what was to be written is not.</summary>
internal sealed class DiskFullException() : Exception("The disk of the store's file is full.");
