using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansJobs.Storage;

/// <summary>Copies of the file, of one moment each, made while the grid runs.</summary>
/// <param name="reserved">Free space of the file's disk that is not for copies.</param>
internal sealed class SqliteBackup(SqliteFile file, SqliteWriter writer, string? folder, long reserved, TimeProvider time)
{
    /// <summary>What was copied so far is synced so often: all at once, at the end, would hold up the commits that sync to the same disk.</summary>
    private static readonly TimeSpan FlushPeriod = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _one = new(1);
    private readonly string _stem = Path.GetFileNameWithoutExtension(file.FullPath);

    public bool IsConfigured => !string.IsNullOrEmpty(folder);

    public async Task<(string Name, long Bytes)> WriteAsync(CancellationToken cancellation)
    {
        if (folder is null or "") throw new InvalidOperationException("No folder for backups is configured (Store:BackupFolder).");
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        // Whoever asked for it may have gone before it is whole, and the next one would begin by removing what is there of it.
        var writing = Task.Run(() => WriteAloneAsync(folder), CancellationToken.None);
        return await writing.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<(string Name, long Bytes)> WriteAloneAsync(string into)
    {
        try
        {
            return await WriteIntoAsync(into).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<(string Name, long Bytes)> WriteIntoAsync(string into)
    {
        Directory.CreateDirectory(into);
        RemoveLeftovers(into);
        CheckRoom(into);
        var name = $"{_stem}-{time.GetUtcNow():yyyyMMdd'T'HHmmssfff'Z'}.db";
        // Under another name until it is whole, so that nobody restores half of it.
        var (part, whole) = (Path.Combine(into, name + ".part"), Path.Combine(into, name));
        try
        {
            var copying = writer.CopyAsync(part);
            IOException? unsynced = null;
            while (await Task.WhenAny(copying, Task.Delay(FlushPeriod, time)).ConfigureAwait(false) != copying)
            {
                try
                {
                    Flush(part);
                }
                catch (IOException exception)
                {
                    // The thread that writes still writes to it. What a failed sync has dropped, a later one says nothing of.
                    unsynced ??= exception;
                }
            }

            await copying.ConfigureAwait(false);
            if (unsynced is not null) throw unsynced;
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

    /// <summary>A copy that cannot become whole is not begun, and none takes what is kept for jobs that were accepted.</summary>
    private void CheckRoom(string into)
    {
        var (needed, free) = (new FileInfo(file.FullPath).Length, new DriveInfo(into).AvailableFreeSpace - reserved);
        if (needed > free)
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture,
                $"it takes some {needed} bytes, and {into} has {Math.Max(0, free)} free beside the {reserved} that are kept for jobs (Store:ReservedDiskBytes)."));
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
        using var copy = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        copy.Flush(flushToDisk: true);
    }
}
