using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansJobs.Storage;

/// <summary>Connections that only read, each used by one reader at a time, on threads of the pool. They see what is stored, and wait for no commit.</summary>
internal sealed class SqliteReaders(SqliteFile file) : IDisposable
{
    /// <summary>Reads at a time; more would wait for the same disk.</summary>
    private const int MaxConnections = 4;

    /// <summary>Of these, reads of many rows that people ask for: what partitions need to go on does not stand in line behind lists.</summary>
    private const int MaxWide = 2;

    /// <summary>How long one of those that read when the store is closed is waited for.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(2);

    private readonly ConcurrentBag<SqliteStatements> _idle = [];
    private readonly SemaphoreSlim _free = new(MaxConnections);
    private readonly SemaphoreSlim _freeWide = new(MaxWide);
    private volatile bool _disposed;

    /// <summary>Everything that it reads is of one moment.</summary>
    /// <param name="isWide">It may look at very many rows.</param>
    public async Task<T> ReadAsync<T>(Func<SqliteStatements, T> read, CancellationToken cancellation, bool isWide = false)
    {
        await TakePlaceAsync(isWide, cancellation).ConfigureAwait(false);
        // The place is taken until it has read, whether or not anybody still waits for it.
        var reading = Task.Run(
            () =>
            {
                try
                {
                    return Read(read);
                }
                finally
                {
                    _free.Release();
                    if (isWide) _freeWide.Release();
                }
            },
            CancellationToken.None);
        try
        {
            return await reading.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (SqliteException exception)
        {
            var told = exception.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB ? file.Damaged(exception).Message : $"The store does not answer: {exception.Message}";
            // It may have to reach a caller on another silo, which the library's exceptions do not.
            throw new OrleansException(told);
        }
    }

    /// <summary>Does something while nobody reads, and those who come wait for it.</summary>
    /// <param name="patience">How long it is waited for that nobody reads.</param>
    /// <returns>What it says of itself; false too if those that read went on for too long, and it was not done.</returns>
    public bool TryAlone(Func<bool> work, TimeSpan patience)
    {
        using var waiting = new CancellationTokenSource(patience, TimeProvider.System);
        // Asked for in line with those who want to read, so that they cannot pass for ever.
        var places = Enumerable.Range(0, MaxConnections).Select(_ => _free.WaitAsync(waiting.Token)).ToArray();
        try
        {
            Task.WaitAll(places);
            return work();
        }
        catch (AggregateException)
        {
            return false;
        }
        finally
        {
            var taken = places.Count(place => place.IsCompletedSuccessfully);
            if (taken > 0) _free.Release(taken);
        }
    }

    /// <summary>Waits a while for those that read: the connection that closes last is to be the one that writes.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        var places = 0;
        while (places < MaxConnections && _free.Wait(LongestEnd)) places++;
        while (_idle.TryTake(out var reader)) reader.Dispose();
        if (places > 0) _free.Release(places);
    }

    private async Task TakePlaceAsync(bool isWide, CancellationToken cancellation)
    {
        if (isWide) await _freeWide.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await _free.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch when (isWide)
        {
            _freeWide.Release();
            throw;
        }
    }

    private T Read<T>(Func<SqliteStatements, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
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
