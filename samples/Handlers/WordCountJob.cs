using System.Text;

namespace OrleansJobs.Samples;

/// <param name="Text">What to count in.</param>
/// <param name="Top">How many of the most frequent words to name, 0 to 1,000; absent: 10.</param>
public sealed record WordCountArgs(string Text, int? Top = null);

/// <param name="Total">All words.</param>
/// <param name="Distinct">Words without their repeats; case does not count.</param>
/// <param name="Top">The most frequent first; those as frequent in the order of their characters.</param>
public sealed record WordCount(int Total, int Distinct, IReadOnlyList<WordFrequency> Top);

public sealed record WordFrequency(string Word, int Count);

/// <summary>Counts the words of a text. A word is a run of letters, digits and marks; an apostrophe or hyphen within it belongs to it.</summary>
[Job("wordcount", Description = "Counts the words of a text: all, distinct, and the most frequent.")]
public sealed class WordCountJob : IJob<WordCountArgs, WordCount>
{
    public const int MaxTop = 1000;
    private const int DefaultTop = 10;

    /// <summary>Characters between two looks at the cancellation.</summary>
    private const int Stride = 4096;

    public Task<WordCount> RunAsync(WordCountArgs args, JobContext job, CancellationToken cancellation)
    {
        var text = args?.Text ?? throw new GiveUpException("text is missing.");
        var top = Limits.Check("top", args.Top ?? DefaultTop, 0, MaxTop);
        var counts = new Dictionary<string, int>();
        var total = 0;
        job.Report(0, text.Length, "Counting words");
        for (var position = 0; position < text.Length;)
        {
            var end = Math.Min(text.Length, position + Stride);
            while (position < end)
            {
                if (TakeWord(text, ref position) is not { } word) continue;
                counts[word] = counts.GetValueOrDefault(word) + 1;
                total++;
            }

            job.Report(position, text.Length);
            cancellation.ThrowIfCancellationRequested();
        }

        job.Report(text.Length, text.Length, $"{total} words");
        var frequent = counts
            .OrderByDescending(pair => pair.Value)
            .ThenBy(pair => pair.Key, StringComparer.Ordinal)
            .Take(top)
            .Select(pair => new WordFrequency(pair.Key, pair.Value));
        return Task.FromResult(new WordCount(total, counts.Count, [.. frequent]));
    }

    /// <summary>Moves beyond the word at the position, or beyond one character that is none.</summary>
    private static string? TakeWord(string text, ref int position)
    {
        var start = position;
        while (IsPart(text, position, out var length) || (position > start && IsJoint(text, position)))
        {
            position += length;
        }

        if (position > start) return text[start..position].ToLowerInvariant();
        Rune.DecodeFromUtf16(text.AsSpan(position), out _, out var skipped);
        position += skipped;
        return null;
    }

    private static bool IsPart(string text, int position, out int length)
    {
        length = 1;
        if (position >= text.Length) return false;
        Rune.DecodeFromUtf16(text.AsSpan(position), out var rune, out length);
        return Rune.IsLetterOrDigit(rune)
            || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark;
    }

    /// <summary>An apostrophe or hyphen that a letter or digit follows.</summary>
    private static bool IsJoint(string text, int position) =>
        position < text.Length && text[position] is '\'' or '’' or '-' && IsPart(text, position + 1, out _);
}
