namespace OrleansJobs.Samples;

/// <summary>The one folder whose files jobs may name. A path that leads out of it, by dots or by a link, is refused.</summary>
internal static class SampleFolder
{
    /// <exception cref="GiveUpException">No folder is configured, or the path does not name a file in it.</exception>
    public static FileStream OpenRead(string? folder, string path)
    {
        if (string.IsNullOrEmpty(folder)) throw new GiveUpException($"This silo has no folder for files: {HashFileJob.FolderSetting} is not set. Give content instead.");
        var file = Resolve(folder, path);
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new GiveUpException($"'{path}' is not a file that can be read.", exception);
        }
    }

    private static string Resolve(string folder, string path)
    {
        var names = path.Split('/', '\\');
        if (names.Any(name => name is "" or "." or ".." || name.AsSpan().ContainsAny(Path.GetInvalidFileNameChars())))
            throw new GiveUpException("A path is names of folders and a file, with '/' between them; '.', '..' and absolute paths are refused.");
        var file = Path.GetFullPath(folder);
        foreach (var name in names)
        {
            file = Path.Combine(file, name);
            if (new FileInfo(file).LinkTarget is not null) throw new GiveUpException($"'{path}' leads through a link; links are not followed.");
        }

        return file;
    }
}
