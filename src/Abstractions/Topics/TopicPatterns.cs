using System.Buffers;

namespace OrleansJobs;

/// <summary>
/// Keys of events, such as <c>orders.eu.created</c>, and the patterns that they fit. Words are separated by dots; in a pattern <c>*</c> is one word and <c>#</c> any
/// number of them, none included.
/// </summary>
public static class TopicPatterns
{
    public const int MaxLength = 255;
    public const int MaxWords = 32;
    public const string One = "*";
    public const string Any = "#";

    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-:@+~");

    internal const string KeyForm = "A key is up to 32 words with dots between them, 255 characters in all: of A-Z a-z 0-9 _ - : @ + ~.";
    internal const string PatternForm = "A pattern is up to 32 words with dots between them, 255 characters in all: of A-Z a-z 0-9 _ - : @ + ~, or * for one word, or # for any number.";

    /// <summary>Whether something can be published under it.</summary>
    public static bool IsKey(string? key) => AreWords(key, isPattern: false);

    public static bool IsPattern(string? pattern) => AreWords(pattern, isPattern: true);

    /// <summary>Whether a key fits a pattern. Both are what they are said to be.</summary>
    public static bool Fits(string pattern, string key) => Fits(pattern.Split('.'), key.Split('.'));

    internal static bool Fits(string[] pattern, string[] key)
    {
        // How many words of the key the pattern may have taken by now.
        Span<bool> taken = stackalloc bool[MaxWords + 2];
        taken[0] = true;
        foreach (var word in pattern)
        {
            if (word == Any)
            {
                for (var i = 1; i <= key.Length; i++) taken[i] |= taken[i - 1];
                continue;
            }

            for (var i = key.Length; i > 0; i--) taken[i] = taken[i - 1] && (word == One || word == key[i - 1]);
            taken[0] = false;
        }

        return taken[key.Length];
    }

    private static bool AreWords(string? text, bool isPattern)
    {
        if (text is null or { Length: 0 or > MaxLength }) return false;
        var words = 0;
        foreach (var range in text.AsSpan().Split('.'))
        {
            var word = text.AsSpan(range);
            if (++words > MaxWords || word.Length == 0) return false;
            if (word.ContainsAnyExcept(Allowed) && !(isPattern && word is One or Any)) return false;
        }

        return true;
    }
}
