using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace OrleansJobs.Storage;

/// <summary>Copies of the file, of one moment each, made while the grid runs: reading them holds up nobody who writes.</summary>
internal sealed class SqliteBackup(SqliteFile file, string? folder, TimeProvider time)
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly string _stem = Path.GetFileNameWithoutExtension(file.FullPath);

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
        RemoveLeftovers(into);
        var name = $"{_stem}-{time.GetUtcNow():yyyyMMdd'T'HHmmssfff'Z'}.db";
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

    /// <summary>What a process that was killed left of its copy is as large as the file, and of use to nobody.</summary>
    private void RemoveLeftovers(string folder)
    {
        // The folder may hold what others keep there; SQLite has a journal beside a copy for as long as it writes it.
        var own = new Regex($@"^{Regex.Escape(_stem)}-[0-9]{{8}}T[0-9]{{9}}Z\.db\.part(-journal)?\z", RegexOptions.CultureInvariant);
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            if (own.IsMatch(Path.GetFileName(path))) File.Delete(path);
        }
    }

    private static void Flush(string path)
    {
        using var copy = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        copy.Flush(flushToDisk: true);
    }
}
