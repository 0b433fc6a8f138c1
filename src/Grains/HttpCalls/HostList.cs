using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace OrleansJobs.HttpCalls;

/// <summary>Which hosts may be called, by the names that a URL gives them. What addresses these have is another question: <see cref="AddressRules"/>.</summary>
internal sealed partial class HostList
{
    public const int MaxUrlLength = 2048;

    private const string Form = "is no host: it is a name, an address, *.name or *, with http:// or https:// before it and :port or :* behind it where they are not https and its port";

    private readonly List<Entry> _entries = [];

    /// <param name="errors">What is wrong with the entries.</param>
    public static HostList Parse(IEnumerable<string> entries, Action<string>? errors = null)
    {
        var list = new HostList();
        foreach (var entry in entries)
        {
            if (Entry.TryParse(entry) is { } parsed) list._entries.Add(parsed);
            else errors?.Invoke($"'{entry}' {Form}.");
        }

        return list;
    }

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>The address to call, as it is to be called; else what is wrong with it.</summary>
    public Uri? Check(string? url, out string? wrong)
    {
        wrong = null;
        if (Read(url, out wrong) is not { } uri) return null;
        if (_entries.Exists(entry => entry.Fits(uri))) return uri;
        wrong = $"The host of {uri.Scheme}://{uri.Authority} is none of those that may be called.";
        return null;
    }

    /// <summary>What can be said of a URL without knowing which hosts may be called.</summary>
    public static Uri? Read(string? url, out string? wrong)
    {
        wrong = url is null or { Length: 0 or > MaxUrlLength } ? $"A URL has 1 to {MaxUrlLength} characters."
            : !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0 ? "It is no http or https URL."
            : uri.UserInfo.Length > 0 ? "A URL holds no user and no password; use a header."
            : null;
        return wrong is null ? new Uri(url!) : null;
    }

    /// <summary>A name as it is looked up: in ASCII, in small letters, without the dot that ends it.</summary>
    private static string NameOf(Uri uri) => uri.IdnHost.TrimEnd('.').ToLowerInvariant();

    /// <param name="Name">Null: any.</param>
    /// <param name="Port">Null: any.</param>
    private sealed partial record Entry(string Scheme, string? Name, bool Below, int? Port)
    {
        public static Entry? TryParse(string text)
        {
            var match = Shape().Match(text);
            if (!match.Success) return null;
            var scheme = match.Groups["scheme"].Success ? match.Groups["scheme"].Value.ToLowerInvariant() : "https";
            int? port = scheme == "https" ? 443 : 80;
            if (match.Groups["port"] is { Success: true, Value: var said }) port = said == "*" ? null : int.Parse(said, CultureInfo.InvariantCulture);
            if (port is 0 or > 65535) return null;
            var name = match.Groups["name"].Value;
            if (name == "*") return new(scheme, null, false, port);
            var below = name.StartsWith("*.", StringComparison.Ordinal);
            // As a URL would have it: so that both are written alike.
            if (!Uri.TryCreate($"{scheme}://{(below ? name[2..] : name)}/", UriKind.Absolute, out var uri)) return null;
            return new(scheme, NameOf(uri), below, port);
        }

        public bool Fits(Uri uri)
        {
            if (uri.Scheme != Scheme || (Port is { } port && uri.Port != port)) return false;
            if (Name is null) return true;
            var name = NameOf(uri);
            return Below ? name.EndsWith("." + Name, StringComparison.Ordinal) && !IPAddress.TryParse(name, out _) : name == Name;
        }

        [GeneratedRegex(@"^(?:(?<scheme>https?)://)?(?<name>\*|(?:\*\.)?[\p{L}\p{N}_][\p{L}\p{N}._-]*|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}|\*))?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
        private static partial Regex Shape();
    }
}
