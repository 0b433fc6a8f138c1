using System.Text;

namespace OrleansJobs.Tool.Profiles;

/// <summary>A file that holds a key in its first line. It may be a pipe, such as that of a program that knows secrets.</summary>
internal static class KeyFile
{
    public const int MaxBytes = 16 * 1024;

    /// <param name="isToStay">It is to be read again later, which what comes through a pipe cannot be.</param>
    /// <exception cref="UsageException">It cannot be read, or holds no key.</exception>
    public static string Read(string path, bool isToStay = false)
    {
        var text = ReadText(path, isToStay);
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var key = (end < 0 ? text : text[..end]).Trim();
        return key.Length > 0 ? key : throw new UsageException($"The key file '{path}' has no key in its first line.");
    }

    private static string ReadText(string path, bool isToStay)
    {
        // One byte more than there may be, to see whether there is more.
        var bytes = new byte[MaxBytes + 1];
        int length;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (isToStay && !file.CanSeek) throw new UsageException($"'{path}' is no file that can be read again: give one that stays, or the key itself with --key -.");
            length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UsageException($"The key file '{path}' cannot be read: {exception.Message}");
        }

        if (length > MaxBytes) throw new UsageException($"The key file '{path}' is larger than {MaxBytes / 1024} KiB: it is to hold one key, in its first line.");
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        return text.StartsWith('\ufeff') ? text[1..] : text;
    }
}
