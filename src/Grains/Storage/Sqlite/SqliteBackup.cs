using Microsoft.Data.Sqlite;

namespace OrleansJobs.Storage;

/// <summary>Copies of the file, of one moment each, made while the grid runs: reading them holds up nobody who writes.</summary>
internal sealed class SqliteBackup(SqliteFile file, string? folder, TimeProvider time)
{
    private readonly SemaphoreSlim _one = new(1);

    public bool IsConfigured => !string.IsNullOrEmpty(folder);

    public async Task<(string Name, long Bytes)> WriteAsync(CancellationToken cancellation)
    {
        if (folder is null or "") throw new InvalidOperationException("No folder for backups is configured (Store:BackupFolder).");
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Write(folder), cancellation).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    private (string Name, long Bytes) Write(string into)
    {
        Directory.CreateDirectory(into);
        var name = $"{Path.GetFileNameWithoutExtension(file.FullPath)}-{time.GetUtcNow():yyyyMMdd'T'HHmmssfff'Z'}.db";
        // Under another name until it is whole, so that nobody restores half of it.
        var (part, whole) = (Path.Combine(into, name + ".part"), Path.Combine(into, name));
        try
        {
            using var reader = file.OpenReader(copies: true);
            using var command = reader.CreateCommand();
            command.CommandText = "VACUUM INTO $1";
            command.Parameters.Add(new SqliteParameter("$1", part));
            command.ExecuteNonQuery();
            Flush(part);
            File.Move(part, whole);
            return (name, new FileInfo(whole).Length);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    private static void Flush(string path)
    {
        using var copy = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        copy.Flush(flushToDisk: true);
    }
}
