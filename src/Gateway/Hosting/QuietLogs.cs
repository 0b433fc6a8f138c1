namespace OrleansJobs.Gateway.Hosting;

/// <summary>What a gateway in a process of its own logs unless it is told otherwise: its own lines, and trouble of others.</summary>
internal static class QuietLogs
{
    public static readonly IReadOnlyDictionary<string, string?> Levels = new Dictionary<string, string?>
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        ["Logging:LogLevel:Orleans"] = "Warning",
    };
}
