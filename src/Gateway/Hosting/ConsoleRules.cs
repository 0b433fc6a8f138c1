namespace OrleansJobs.Gateway.Hosting;

/// <summary>Where the console may be put.</summary>
internal static class ConsoleRules
{
    /// <summary>The first parts of the gateway's own addresses: a console among them would stand in their way.</summary>
    internal static readonly IReadOnlyList<string> Taken =
    [
        "bindings", "caller", "docs", "events", "flows", "health", "job-types", "jobs", "jobs:act", "jobs:batch", "keys", "metrics", "openapi", "queues", "schedules", "stats", "status",
        "store", "topics", "work",
    ];

    public static void Check(ConsoleOptions console, List<string> errors)
    {
        var parts = PartsOf(console.Path);
        if (!console.Path.StartsWith('/') || parts.Any(part => part is "." or ".." || !part.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or '~')))
            errors.Add($"{JobGatewayOptions.Section}:Console:Path must be a path such as /ops/jobs, of A-Z a-z 0-9 . _ ~ - between its slashes; it is '{console.Path}'.");
        else if (parts.Length > 0 && Taken.Contains(parts[0], StringComparer.OrdinalIgnoreCase))
            errors.Add($"{JobGatewayOptions.Section}:Console:Path must not begin with one of the gateway's own addresses; it is '{console.Path}'.");
    }

    public static string[] PartsOf(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
