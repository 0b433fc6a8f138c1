using System.Globalization;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>JSON Pointers (RFC 6901).</summary>
internal static class GraphPointer
{
    private const int MaxSegment = 128;

    /// <summary>The pointer of a member, its name clipped, since it may come from outside.</summary>
    public static string Of(string parent, string name)
    {
        if (name.Length > MaxSegment) name = name[..MaxSegment] + "...";
        return parent + "/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
    }

    /// <summary>Whether it may be followed: it is empty or begins with a slash, and each <c>~</c> stands before 0 or 1.</summary>
    public static bool IsValid(string pointer)
    {
        if (pointer.Length > 0 && pointer[0] != '/') return false;
        for (var i = 0; i < pointer.Length; i++)
        {
            if (pointer[i] == '~' && (i + 1 == pointer.Length || pointer[i + 1] is not ('0' or '1'))) return false;
        }

        return true;
    }

    /// <returns>False where there is nothing.</returns>
    public static bool TryFollow(JsonElement value, string pointer, out JsonElement found)
    {
        found = value;
        if (pointer.Length == 0) return value.ValueKind != JsonValueKind.Undefined;
        foreach (var segment in pointer[1..].Split('/'))
        {
            var name = segment.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (found.ValueKind == JsonValueKind.Object)
            {
                if (!found.TryGetProperty(name, out found)) return false;
            }
            else if (found.ValueKind != JsonValueKind.Array || !TryIndex(name, found.GetArrayLength(), out var index)) return false;
            else found = found[index];
        }

        return true;
    }

    // No sign, no zeros before it.
    private static bool TryIndex(string text, int length, out int index) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index < length && (text.Length == 1 || text[0] != '0');
}
