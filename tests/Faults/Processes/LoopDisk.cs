using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace OrleansJobs.Faults.Processes;

/// <summary>
/// A small disk in a file: a file system on a loop device. What a process has written and not synced is not in the file (unless the system has got round to
/// it), so a copy of the file is what a disk has when the power fails. Takes the right to mount.
/// </summary>
internal sealed class LoopDisk : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly string _directory;
    private string _image;
    private int _copies;

    public LoopDisk(string directory, int megabytes)
    {
        _directory = directory;
        Folder = Path.Combine(directory, "disk");
        Directory.CreateDirectory(Folder);
        _image = Path.Combine(directory, "disk.0");
        using (var image = File.Create(_image)) image.SetLength((long)megabytes << 20);
        // No lazy work in the background, and no reserve for root, who runs this.
        Run("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", _image);
        Mount();
    }

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    /// <summary>Null where disks can be made here; otherwise why not.</summary>
    public static string? WhyNot()
    {
        var probe = Directory.CreateTempSubdirectory("loop-probe-");
        try
        {
            var disk = new LoopDisk(probe.FullName, 8);
            return TryRun("umount", disk.Folder);
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return $"disks cannot be made here: {exception.Message}";
        }
        finally
        {
            probe.Delete(recursive: true);
        }
    }

    /// <summary>
    /// What the disk has at this moment. No process may write meanwhile; the system does so on its own account now and then, and a copy that it wrote into
    /// would be of several moments. Two copies after one another that are the same are of the moment between them.
    /// </summary>
    public void Remember()
    {
        _copies++;
        var again = Remembered + ".again";
        do
        {
            File.Copy(_image, Remembered, overwrite: true);
            File.Copy(_image, again, overwrite: true);
        }
        while (!Digest(Remembered).SequenceEqual(Digest(again)));
        File.Delete(again);
    }

    /// <summary>The disk is again as it was remembered. Nobody may have a file open there.</summary>
    public async Task ReturnAsync()
    {
        await UnmountAsync();
        File.Delete(_image);
        _image = Remembered;
        Mount();
    }

    public async ValueTask DisposeAsync() => await UnmountAsync();

    private string Remembered => Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"disk.{_copies}"));

    private void Mount() => Run("mount", "-o", "loop", _image, Folder);

    private async Task UnmountAsync()
    {
        var started = TimeProvider.System.GetTimestamp();
        // A process that was killed is not always quite gone.
        while (TryRun("umount", Folder) is { } error)
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience) throw new InvalidOperationException(error);
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    private static byte[] Digest(string path)
    {
        using var file = File.OpenRead(path);
        return SHA256.HashData(file);
    }

    private static void Run(string file, params string[] arguments)
    {
        if (TryRun(file, arguments) is { } error) throw new InvalidOperationException(error);
    }

    private static string? TryRun(string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"{file}: {said.Trim()}";
    }
}
