using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Gateway.Hosting;

/// <summary>
/// Keeps the server's lines about requests out of all logs, whatever levels are configured: they hold whole addresses, and a watch token stands in
/// the address.
/// </summary>
internal sealed class RequestLines : IPostConfigureOptions<LoggerFilterOptions>
{
    private const string Category = "Microsoft.AspNetCore.Hosting.Diagnostics";

    public void PostConfigure(string? name, LoggerFilterOptions options)
    {
        // The last of the rules that name a category in full wins, and one that names the provider too goes before one that does not.
        var providers = options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToList();
        foreach (var provider in providers) options.Rules.Add(new LoggerFilterRule(provider, Category, LogLevel.Warning, null));
    }
}
