using System.Reflection;
using OrleansJobs.Hosting;

namespace OrleansJobs.Schedules;

/// <summary>Which application a silo is part of, and which release of it, where the options do not say.</summary>
internal static class ApplicationNames
{
    public static string Application(JobGridOptions options) => options.Application ?? NameOf(Assembly.GetEntryAssembly()?.GetName().Name ?? "application");

    /// <summary>The version of the program, without what tells of a build.</summary>
    public static string Release(JobGridOptions options)
    {
        if (options.Release is { } said) return said;
        var version = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        return version.Split('+')[0] is { Length: > 0 and <= JobLimits.MaxNameLength } release ? release : "0";
    }

    /// <summary>What a program may be called and a name may not.</summary>
    private static string NameOf(string program) =>
        string.Concat(program.Take(JobLimits.MaxNameLength).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-'));
}
