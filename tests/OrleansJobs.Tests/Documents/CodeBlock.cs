using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Documents;

/// <summary>A fenced block of a Markdown document.</summary>
/// <param name="Document">Relative to the repository's root.</param>
/// <param name="Line">Of the fence; the first line is 1.</param>
internal sealed record CodeBlock(string Document, int Line, string Text)
{
    /// <summary>All blocks in a language, of all documents of the repository.</summary>
    public static IEnumerable<CodeBlock> OfRepository(string language) => Documents().SelectMany(document => Of(document, language));

    public static CodeBlock At(string document, int line) => Of(document, null).Single(block => block.Line == line);

    private static IEnumerable<string> Documents() =>
        new[] { "docs", "src", "samples", "bench", "k8s" }
            .Select(Repository.PathOf).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.md", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Repository.Root, "*.md"))
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(folder => folder is "bin" or "obj" or "node_modules"))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<CodeBlock> Of(string document, string? language)
    {
        var lines = File.ReadAllLines(Repository.PathOf(document));
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal)) continue;
            var start = i;
            while (++i < lines.Length && !lines[i].StartsWith("```", StringComparison.Ordinal))
            {
            }

            if (language is null || lines[start].Trim() == "```" + language) yield return new(document, start + 1, string.Join('\n', lines[(start + 1)..i]));
        }
    }
}
