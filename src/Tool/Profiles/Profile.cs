using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace OrleansJobs.Tool.Profiles;

/// <summary>A gateway's address, and the key for it or the file that holds it.</summary>
internal sealed partial class Profile
{
    [JsonRequired]
    public string? Url { get; init; }

    public string? Key { get; init; }

    public string? KeyFile { get; init; }

    /// <exception cref="UsageException">Its file cannot be read, or holds no key.</exception>
    public string? ReadKey() => KeyFile is { } path ? Profiles.KeyFile.Read(path) : Key;

    /// <exception cref="UsageException">A profile cannot be called so.</exception>
    public static string CheckName(string name) => Name().IsMatch(name)
        ? name
        : throw new UsageException($"'{name}' is no name of a profile: 1 to 64 of the letters a to z, digits, dots, dashes and underscores.");

    /// <returns>What is wrong with it, or null.</returns>
    public string? FindMistake() => this switch
    {
        _ when !Connection.TryParse(Url, out _) => $"its url '{Connection.Shown(Url)}' is no address of a gateway",
        { Key: not null, KeyFile: not null } => "it has both a key and a keyFile",
        { KeyFile: "" } => "its keyFile is empty",
        _ => null,
    };

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex Name();
}
