using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobs.Diagnostics;
using SQLitePCL;

namespace OrleansJobs.Storage;

/// <summary>
/// The one thread that writes. What all partitions have handed in since the last transaction is one transaction with one sync, and nobody is answered before
/// that. In between it looks after the log and after a copy.
/// </summary>
internal sealed partial class SqliteWriter : IDisposable
{
    /// <summary>Changes of one transaction, beyond which no other write joins: whoever waits for the next is not to wait for long.</summary>
    private const int MaxChanges = 20_000;

    /// <summary>A copy has this part of the time of the commits beside it.</summary>
    private const int CopyShare = 4;

    /// <summary>What a copy took beyond its share, where its disk was slow, holds it up for no longer than four times as long as this.</summary>
    private static readonly TimeSpan MaxDebt = TimeSpan.FromMilliseconds(250);

    /// <summary>A commit that took longer is told of, where none before it took as long.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(1);

    private readonly Channel<SqliteWrite> _writes = Channel.CreateUnbounded<SqliteWrite>(new() { SingleReader = true });
    private readonly SqliteFile _file;
    private readonly TimeProvider _time;
    private readonly SqliteStatements _statements;
    private readonly SqliteLog _log;
    private readonly Thread _thread;
    private ILogger _logger = NullLogger.Instance;
    private volatile bool _closed;
    private long _longest;
    private string? _trouble;
    private SqliteCopy? _copy;

    public SqliteWriter(SqliteFile file, SqliteReaders readers, TimeProvider time)
    {
        (_file, _time) = (file, time);
        _statements = new(file.Writer);
        _log = new(file, readers, _statements, OnTrouble);
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
        var copy = new SqliteCopy(_file.Writer, path, _time);
        Volatile.Write(ref _copy, copy);
        try
        {
            // It may sleep.
            await RunAsync(static _ => true, changes: 0, mayBeRefused: false, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ObjectDisposedException closed)
        {
            copy.Fail(closed);
        }
        catch (Exception)
        {
            // Something else in its transaction failed, or the disk is full, which is no concern of a copy: it is awake.
        }

        await copy.Done.ConfigureAwait(false);
    }

    /// <summary>Runs within the next transaction; completes when that is stored.</summary>
    /// <param name="changes">Roughly how many rows it changes.</param>
    /// <param name="mayBeRefused">On a disk that is full it fails with <see cref="DiskFullException"/>; others fail with what SQLite said, and may be tried again.</param>
    public Task<T> RunAsync<T>(Func<SqliteStatements, T> work, int changes, bool mayBeRefused, CancellationToken cancellation)
    {
        var write = new SqliteWrite<T>(work, changes, mayBeRefused, _time.GetTimestamp());
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
        var group = new List<SqliteWrite>();
        var due = TimeSpan.Zero;
        while (IsToGoOn())
        {
            group.Clear();
            for (var changes = 0; changes < MaxChanges && _writes.Reader.TryRead(out var write); changes += write.Changes) group.Add(write);
            var started = _time.GetTimestamp();
            if (group.Count > 0) Apply(group);
            due += _time.GetElapsedTime(started) / CopyShare;
            // What a copy has is not moved about under it.
            _log.Tidy(() => _copy is null && !_closed && !_writes.Reader.TryPeek(out _));
            due = Copy(due);
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

    /// <summary>Goes on with a copy, if there is one: for as long as is due, or a little where nobody waits.</summary>
    /// <param name="due">What of the time of commits it has not had; what it had beyond its share, where negative.</param>
    /// <returns>The same afterwards.</returns>
    private TimeSpan Copy(TimeSpan due)
    {
        if (_copy is not { } copy) return TimeSpan.Zero;
        if (due <= TimeSpan.Zero && _writes.Reader.TryPeek(out _)) return due;
        var started = _time.GetTimestamp();
        if (!copy.Run(due)) Interlocked.CompareExchange(ref _copy, null, copy);
        var left = due - _time.GetElapsedTime(started);
        return left > -MaxDebt ? left : -MaxDebt;
    }

    /// <summary>There is something to write or to copy; waits for it.</summary>
    private bool IsToGoOn() => _copy is not null ? !_writes.Reader.Completion.IsCompleted : _writes.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult();

    private void Apply(List<SqliteWrite> group)
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
    private void ApplyWithinWhatIsLeft(List<SqliteWrite> group, Exception full)
    {
        foreach (var write in group.Where(write => write.MayBeRefused)) write.Fail(new DiskFullException());
        var others = group.Where(write => !write.MayBeRefused).ToList();
        if (others.Count == group.Count && group.Count == 1) FailAll(group, full);
        else foreach (var write in others) Apply([write]);
    }

    private static void FailAll(List<SqliteWrite> group, Exception exception)
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

    private void NoteLongest(List<SqliteWrite> group)
    {
        var took = _time.GetElapsedTime(group[0].HandedIn);
        if (took <= Longest) return;
        Volatile.Write(ref _longest, took.Ticks);
        if (took > Long) LogLong(took, group.Count);
    }

    /// <summary>The log could not be moved; told of when it begins. The next one may do better.</summary>
    private void OnTrouble(SqliteException? exception)
    {
        var trouble = exception is { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB } ? _file.Damaged(exception).Message : exception?.Message;
        if (trouble is not null && trouble != _trouble) LogTrouble(_file.FullPath, trouble);
        _trouble = trouble;
    }

    [LoggerMessage(LogLevel.Warning, "What was committed stays in the log beside {File}, which grows: {Reason}")]
    private partial void LogTrouble(string file, string reason);

    [LoggerMessage(LogLevel.Warning, "A commit took {Took}, longer than any before it, with {Commits} that were stored together")]
    private partial void LogLong(TimeSpan took, int commits);
}
