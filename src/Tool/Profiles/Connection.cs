using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using OrleansJobs.Tool.Completions;

namespace OrleansJobs.Tool.Profiles;

/// <summary>
/// Which gateway is meant, and the key for it: by what the command line says, else by the profile that it names, else by the environment, else by the profile in use. What the command line says
/// comes before the environment, also where it says it by a name: whoever writes <c>--profile test</c> does not mean the address that a variable has.
/// </summary>
internal sealed class Connection
{
    public const string DefaultUrl = "http://localhost:8080";
    public const string UrlVariable = "ORLEANSJOBS_URL";
    public const string KeyVariable = "ORLEANSJOBS_KEY";
    public const string ProfileVariable = "ORLEANSJOBS_PROFILE";

    private readonly Surroundings _surroundings;
    private readonly Option<string?> _url = new("--url") { Description = $"The gateway's address. Default: {UrlVariable}, else the profile's, else {DefaultUrl}.", Recursive = true };
    private readonly Option<string?> _key = new("--key") { Description = $"The API key. Default: {KeyVariable}, which other users of the machine do not see, else the profile's.", Recursive = true };
    private readonly Option<string?> _keyFile = new("--key-file") { Description = "A file whose first line is the API key.", Recursive = true };
    private readonly Option<string?> _profile = new("--profile") { Description = $"An address and a key by their name: see profile. Default: {ProfileVariable}, else the profile in use.", HelpName = "name", Recursive = true };

    public Connection(Surroundings surroundings)
    {
        _surroundings = surroundings;
        _profile.Suggest(ProfileNames);
    }

    public IEnumerable<Option> All => [_url, _key, _keyFile, _profile];

    /// <summary>What the command line itself says.</summary>
    /// <exception cref="UsageException">It says two things.</exception>
    public (string? Url, string? Key, string? KeyFile) Given(ParseResult parsed)
    {
        var (key, file) = (parsed.GetValue(_key), parsed.GetValue(_keyFile));
        return key is null || file is null ? (parsed.GetValue(_url), key, file) : throw new UsageException("Give --key or --key-file, not both.");
    }

    /// <exception cref="UsageException">What is said, or kept, is no address or no key.</exception>
    public (Uri Url, string? Key) Of(ParseResult parsed)
    {
        var (url, key, keyFile) = Given(parsed);
        if (keyFile is not null) key = KeyFile.Read(keyFile);
        if (parsed.GetValue(_profile) is { } named)
        {
            var profile = ProfileFile.Read(_surroundings).Find(named);
            // It says its key, and also that it has none: that of the environment is another gateway's.
            return (Parse(url ?? profile.Url!), key ?? profile.ReadKey());
        }

        url ??= Variable(UrlVariable);
        key ??= Variable(KeyVariable);
        // Of a profile that nobody named on this line the key goes to the profile's own address, and to no other.
        if (url is null && InUse() is { } used)
        {
            url = used.Url;
            key ??= used.ReadKey();
        }

        return (Parse(url ?? DefaultUrl), key);
    }

    /// <summary>For completions: none where they cannot be read.</summary>
    public IEnumerable<string> ProfileNames()
    {
        try
        {
            return [.. ProfileFile.Read(_surroundings).All.Keys];
        }
        catch (UsageException)
        {
            return [];
        }
    }

    /// <exception cref="UsageException">It is none.</exception>
    public static Uri Parse(string text) => TryParse(text, out var url) ? url : throw new UsageException($"'{Shown(text)}' is no address of a gateway, such as {DefaultUrl}.");

    public static bool TryParse(string? text, [NotNullWhen(true)] out Uri? url)
    {
        // A password in it would be shown wherever the address is, and sent nowhere.
        if (!Uri.TryCreate(text, UriKind.Absolute, out url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0) return false;
        if (!url.AbsoluteUri.EndsWith('/')) url = new Uri(url.AbsoluteUri + "/");
        return true;
    }

    /// <summary>An address as it may be shown: without the name and the password that are no part of one.</summary>
    public static string? Shown(string? text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length > 0 ? text.Replace(url.UserInfo, "...", StringComparison.Ordinal) : text;

    private Profile? InUse()
    {
        if (Variable(ProfileVariable) is { } name) return ProfileFile.Read(_surroundings).Find(name);
        if (_surroundings.ConfigurationFolder.Length == 0) return null;
        var file = ProfileFile.Read(_surroundings);
        return file.Current is { } current ? file.Find(current) : null;
    }

    private string? Variable(string name) => _surroundings.Environment(name) is { Length: > 0 } value ? value : null;
}
