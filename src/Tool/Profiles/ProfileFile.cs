using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobs.Tool.Profiles;

/// <summary>The user's profiles, in a file that nobody else can read.</summary>
internal sealed class ProfileFile
{
    public const int MaxBytes = 256 * 1024;

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // What is not understood would be lost when it is written again.
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        WriteIndented = true,
    };

    private readonly Contents _contents;

    private ProfileFile(string path, Contents contents)
    {
        Path = path;
        _contents = contents;
    }

    public string Path { get; }

    /// <summary>The profile that goes where none is named.</summary>
    public string? Current => _contents.Current;

    public IReadOnlyDictionary<string, Profile> All => _contents.Profiles;

    /// <exception cref="UsageException">It cannot be read, or is damaged.</exception>
    public static ProfileFile Read(Surroundings surroundings)
    {
        if (surroundings.ConfigurationFolder.Length == 0) throw new UsageException("There is no folder for profiles: neither XDG_CONFIG_HOME nor HOME says where the user's settings are.");
        var path = System.IO.Path.Combine(surroundings.ConfigurationFolder, "orleansjobs", "profiles.json");
        return new(path, ReadBytes(path) is { } bytes ? Parse(path, bytes) : new());
    }

    /// <exception cref="UsageException">There is none of this name.</exception>
    public Profile Find(string name) => _contents.Profiles.TryGetValue(name, out var profile)
        ? profile
        : throw new UsageException($"There is no profile '{name}'{(_contents.Profiles.Count > 0 ? $"; there are {string.Join(", ", _contents.Profiles.Keys)}" : "")}. They are in '{Path}'.");

    /// <exception cref="UsageException">It cannot be written.</exception>
    public void Set(string name, Profile profile)
    {
        _contents.Profiles[Profile.CheckName(name)] = profile;
        Write();
    }

    /// <exception cref="UsageException">There is none of this name, or the file cannot be written.</exception>
    public void Use(string? name)
    {
        if (name is not null) Find(name);
        _contents.Current = name;
        Write();
    }

    /// <exception cref="UsageException">There is none of this name, or the file cannot be written.</exception>
    public void Delete(string name)
    {
        Find(name);
        _contents.Profiles.Remove(name);
        if (_contents.Current == name) _contents.Current = null;
        Write();
    }

    private static byte[]? ReadBytes(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[MaxBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= MaxBytes ? bytes[..length] : throw new UsageException($"The file of profiles '{path}' is larger than {MaxBytes / 1024} KiB.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The file of profiles '{path}' cannot be read: {exception.Message}");
        }
    }

    private static Contents Parse(string path, byte[] bytes)
    {
        Contents? contents;
        try
        {
            contents = JsonSerializer.Deserialize<Contents>(bytes, Form);
        }
        catch (JsonException exception)
        {
            throw Damaged(path, exception.Message);
        }

        if (contents?.Profiles is not { } profiles) throw Damaged(path, "it has no profiles");
        foreach (var (name, profile) in profiles)
        {
            if (profile is null) throw Damaged(path, $"of '{name}', nothing is said");
            if (profile.FindMistake() is { } mistake) throw Damaged(path, $"of '{name}', {mistake}");
        }

        return contents.Current is not { } current || profiles.ContainsKey(current) ? contents : throw Damaged(path, $"the profile in use, '{current}', is not in it");
    }

    private static UsageException Damaged(string path, string how) => new($"The file of profiles '{path}' is damaged: {how}. Mend it, or delete it and set the profiles anew.");

    /// <summary>Written beside it and put in its place: whoever reads meanwhile sees the old one or the new one, whole.</summary>
    private void Write()
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(_contents, Form);
        if (bytes.Length > MaxBytes) throw new UsageException($"The file of profiles would be larger than {MaxBytes / 1024} KiB.");
        string? written = null;
        try
        {
            MakeFolder(System.IO.Path.GetDirectoryName(Path)!);
            // Some keep their settings elsewhere, and a link here.
            var path = new FileInfo(Path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : Path;
            written = $"{path}.{Guid.NewGuid():N}.new";
            var creation = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) creation.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var file = new FileStream(written, creation))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(written, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (written is not null) File.Delete(written);
            throw new UsageException($"The file of profiles '{Path}' cannot be written: {exception.Message}");
        }
    }

    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private sealed class Contents
    {
        public string? Current { get; set; }

        public SortedDictionary<string, Profile> Profiles { get; init; } = new(StringComparer.Ordinal);
    }
}
