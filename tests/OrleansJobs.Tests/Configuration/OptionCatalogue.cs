using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using OrleansJobs.Connections;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;
using OrleansJobs.Storage;
using OrleansJobs.Telemetry;

namespace OrleansJobs.Tests.Configuration;

/// <summary>Every option there is, read from the classes that hold them.</summary>
internal static class OptionCatalogue
{
    // Held by the validator, since the class is a contract of submits too.
    private static readonly Dictionary<string, string> RetryLimits = new() { ["Attempts"] = "1 to 100", ["Factor"] = "1 to 100", ["Jitter"] = "0 to 1" };

    public static IReadOnlyList<Option> All { get; } =
    [
        .. Read(JobGridOptions.Section, new JobGridOptions()),
        .. Read(JobGatewayOptions.Section, new JobGatewayOptions()),
        .. Read(JobTelemetryOptions.Section, new JobTelemetryOptions()),
        .. Read(ClusterTlsOptions.Section, new ClusterTlsOptions()),
        .. Read(SqliteStoreOptions.Section, new SqliteStoreOptions()),
    ];

    /// <summary>Whether a configuration key, with list and dictionary members spelt out, leads to an option.</summary>
    public static bool Has(string key) => All.Any(option => option.Pattern.Split(':') is var parts
        && key.Split(':') is var given && given.Length == parts.Length
        && parts.Zip(given).All(pair => pair.First switch
        {
            "{n}" => int.TryParse(pair.Second, out _),
            "{name}" => pair.Second.Length > 0,
            _ => string.Equals(pair.First, pair.Second, StringComparison.OrdinalIgnoreCase),
        }));

    private static IEnumerable<Option> Read(string path, object defaults)
    {
        foreach (var property in defaults.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod?.IsPublic == true))
        {
            var key = $"{path}:{property.Name}";
            var value = property.GetValue(defaults);
            foreach (var option in ReadMember(key, property, value)) yield return option;
        }
    }

    private static IEnumerable<Option> ReadMember(string key, PropertyInfo property, object? value)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (typeof(IDictionary).IsAssignableFrom(type)) return [new(key + ":{name}", "none", LimitOf(property))];
        if (typeof(IList).IsAssignableFrom(type))
        {
            var element = type.GetGenericArguments()[0];
            return IsLeaf(element) ? [new(key + ":{n}", "none", LimitOf(property))] : Read(key + ":{n}", Activator.CreateInstance(element)!);
        }

        if (IsLeaf(type)) return [new(key, Format(property, value), LimitOf(property))];
        return Read(key, value ?? Activator.CreateInstance(type)!).Select(option => value is null ? option with { Default = "unset" } : option);
    }

    private static bool IsLeaf(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(Uri);

    private static string Format(PropertyInfo property, object? value) => (property.Name, value) switch
    {
        // The one default that depends on the machine.
        (nameof(JobGridOptions.Slots), int) => "16 per core",
        (_, null or "") => "unset",
        (_, TimeSpan span) => span.ToString("c", CultureInfo.InvariantCulture),
        (_, bool flag) => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string LimitOf(PropertyInfo property)
    {
        if (property.DeclaringType == typeof(RetryPolicy) && RetryLimits.TryGetValue(property.Name, out var limit)) return limit;
        if (property.GetCustomAttribute<RangeAttribute>() is not { } range) return property.PropertyType == typeof(TimeSpan) ? "more than 0" : "";
        var (low, high) = (Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture), Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture));
        return high >= long.MaxValue ? string.Create(CultureInfo.InvariantCulture, $"{low} or more") : string.Create(CultureInfo.InvariantCulture, $"{low} to {high:0.###}");
    }
}

/// <param name="Pattern">The configuration key; <c>{n}</c> stands for a number, <c>{name}</c> for a name.</param>
internal sealed record Option(string Pattern, string Default, string Limit)
{
    public string Row => $"| `{Pattern}` | {Default} | {Limit} |";
}
