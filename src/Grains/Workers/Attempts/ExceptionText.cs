using System.Diagnostics.CodeAnalysis;

namespace OrleansJobs.Workers;

/// <summary>Reads exceptions of handlers, which may throw when they are looked at.</summary>
internal static class ExceptionText
{
    private const int MaxDetail = 8192;

    public static string TypeOf(Exception exception)
    {
        var name = exception.GetType().Name;
        return name.Length <= 256 ? name : name[..256];
    }

    public static string MessageOf(Exception exception, int maxLength)
    {
        try
        {
            return Clip(exception.Message, maxLength) ?? "";
        }
        catch (Exception)
        {
            return "The exception's message could not be read.";
        }
    }

    /// <summary>With stack trace, for the log.</summary>
    public static string DetailOf(Exception exception)
    {
        try
        {
            return Clip(exception.ToString(), MaxDetail) ?? "";
        }
        catch (Exception)
        {
            return $"{TypeOf(exception)}, which could not be read.";
        }
    }

    /// <summary>At most so many characters, without half a surrogate pair at the end.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Clip(string? text, int maxLength)
    {
        if (text is null || text.Length <= maxLength) return text;
        var end = maxLength > 1 ? maxLength - 1 : maxLength;
        if (char.IsHighSurrogate(text[end - 1])) end--;
        return maxLength > 1 ? string.Concat(text.AsSpan(0, end), "…") : text[..end];
    }
}
