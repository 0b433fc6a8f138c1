namespace OrleansJobs.Outside;

/// <summary>Which of two releases is newer: part by part, as numbers where both are some. One without a name is older than any.</summary>
internal static class ReleaseOrder
{
    private static readonly char[] Separators = ['.', '-', '+', '_'];

    public static int Compare(string? one, string? other)
    {
        if (string.IsNullOrEmpty(one) || string.IsNullOrEmpty(other)) return (string.IsNullOrEmpty(one) ? 0 : 1) - (string.IsNullOrEmpty(other) ? 0 : 1);
        var (mine, theirs) = (Parts(one), Parts(other));
        for (var i = 0; i < Math.Min(mine.Length, theirs.Length); i++)
        {
            var order = ulong.TryParse(mine[i], out var number) && ulong.TryParse(theirs[i], out var otherNumber)
                ? number.CompareTo(otherNumber)
                : string.CompareOrdinal(mine[i], theirs[i]);
            if (order != 0) return Math.Sign(order);
        }

        return mine.Length.CompareTo(theirs.Length);
    }

    private static string[] Parts(string release) => release.TrimStart('v').Split(Separators);
}
