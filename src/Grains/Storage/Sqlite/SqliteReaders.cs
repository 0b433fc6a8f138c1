using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansJobs.Storage;

/// <summary>Connections that only read, each used by one reader at a time, on threads of the pool. They see what is stored, and wait for no commit.</summary>
internal sealed class SqliteReaders(SqliteFile file) : IDisposable
{
    /// <summary>Reads at a time; more would wait for the same disk.</summary>
    private const int MaxConnections = 4;

    private readonly ConcurrentBag<SqliteStatements> _idle = [];
    private readonly SemaphoreSlim _free = new(MaxConnections);
    private bool _disposed;

    /// <summary>Everything that it reads is of one moment.</summary>
    public async Task<T> ReadAsync<T>(Func<SqliteStatements, T> read, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Read(read), CancellationToken.None).WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (SqliteException exception)
        {
            var told = exception.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB ? file.Damaged(exception).Message : $"The store does not answer: {exception.Message}";
            // It may have to reach a caller on another silo, which the library's exceptions do not.
            throw new OrleansException(told);
        }
        finally
        {
            _free.Release();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out var reader)) reader.Dispose();
    }

    private T Read<T>(Func<SqliteStatements, T> read)
    {
        var reader = _idle.TryTake(out var idle) ? idle : new SqliteStatements(file.OpenReader());
        var isWell = false;
        try
        {
            reader["BEGIN"].Run();
            var answer = read(reader);
            reader["COMMIT"].Run();
            isWell = true;
            return answer;
        }
        finally
        {
            if (isWell && !_disposed) _idle.Add(reader);
            else reader.Dispose();
        }
    }
}
