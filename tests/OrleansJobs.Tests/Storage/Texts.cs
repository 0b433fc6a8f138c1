using System.Text;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage;

/// <summary>What stores answer, in a line each, so that a failed assertion says what it found.</summary>
internal static class Texts
{
    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);

    /// <summary>The rows of a key, in the order of the columns.</summary>
    public static string Text(StoredRows rows) => rows.Exist ? string.Join(',', rows.Values!.Select(row => Text(row) ?? "-")) : "none";

    public static string[] Of(IEnumerable<SetLine> lines) => [.. lines.Select(line => $"{line.Member}:{line.Score}")];

    public static string[] Of(IEnumerable<PagedLine> page) => [.. page.Select(line => $"{line.Member}:{line.Score}")];

    public static string[] Of(IEnumerable<LogLine> lines) => [.. lines.Select(line => $"{line.Stamp}:{line.Member}")];

    /// <summary>In an order of their own, since a store's is any.</summary>
    public static string[] Of(IEnumerable<SetSummary> sets) => Ordered(sets.Select(set => $"{set.Name}:{set.Count}:{set.First}"));

    /// <inheritdoc cref="Of(IEnumerable{SetSummary})"/>
    public static string[] Of(IEnumerable<KeyValuePair<string, byte[]>> rows) => Ordered(rows.Select(row => $"{row.Key}={Text(row.Value)}"));

    /// <inheritdoc cref="Of(IEnumerable{SetSummary})"/>
    public static string[] Of(IEnumerable<KeyValuePair<string, long>> counts) => Ordered(counts.Select(count => $"{count.Key}={count.Value}"));

    private static string[] Ordered(IEnumerable<string> lines) => [.. lines.Order(StringComparer.Ordinal)];
}
