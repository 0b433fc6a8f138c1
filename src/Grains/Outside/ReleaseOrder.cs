namespace OrleansJobs.Outside;

/// <summary>
/// Which of two releases is newer: part by part, as numbers where both are some. What comes before a release is older than it: <c>1.0-rc.1</c> than <c>1.0</c>. One
/// without a name is older than any.
/// </summary>
internal static class ReleaseOrder
{
    private static readonly char[] Separators = ['.', '+', '_'];

    public static int Compare(string? one, string? other)
    {
        if (string.IsNullOrEmpty(one) || string.IsNullOrEmpty(other)) return (string.IsNullOrEmpty(one) ? 0 : 1) - (string.IsNullOrEmpty(other) ? 0 : 1);
        var (mine, theirs) = (Parts(one), Parts(other));
        for (var i = 0; i < Math.Max(mine.Length, theirs.Length); i++)
        {
            var (my, their) = (i < mine.Length ? mine[i] : "", i < theirs.Length ? theirs[i] : "");
            if (IsCandidate(my) != IsCandidate(their)) return IsCandidate(my) ? -1 : 1;
            var order = ulong.TryParse(my, out var number) && ulong.TryParse(their, out var otherNumber) ? number.CompareTo(otherNumber) : string.CompareOrdinal(my, their);
            if (order != 0) return Math.Sign(order);
        }

        return 0;
    }

    /// <summary>Behind a dash a word says what the release is not yet; a number is a number like others.</summary>
    private static bool IsCandidate(string part) => part.Length > 1 && part[0] == '-' && char.IsAsciiLetter(part[1]);

    /// <summary>The words keep the dash before them.</summary>
    private static string[] Parts(string release)
    {
        var parts = release.TrimStart('v').Replace("-", ".-", StringComparison.Ordinal).Split(Separators);
        return Array.ConvertAll(parts, part => part.Length > 1 && part[0] == '-' && !char.IsAsciiLetter(part[1]) ? part[1..] : part);
    }
}
