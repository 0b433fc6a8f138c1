using System.Text.RegularExpressions;
using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Browser;

/// <summary>What the page is made of, read as files.</summary>
public partial class PageFilesTests
{
    private static readonly string Folder = Repository.PathOf("src/Gateway/wwwroot");

    private static readonly string[] Files = [.. Directory.GetFiles(Folder, "*.js", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Folder, path)).Order()];

    public static TheoryData<string> Scripts => [.. Files];

    /// <summary>Nothing that the content policy would have to allow, and no way from text to markup.</summary>
    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_NeverTurnsTextIntoMarkupOrCode(string script) =>
        Assert.DoesNotMatch(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\b|new Function|javascript:|https?://(?!www\.w3\.org/2000/svg)", Read(script));

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_ImportsOnlyFilesThatAreThere(string script)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Folder, script))!;
        foreach (Match import in Import().Matches(Read(script)))
            Assert.True(File.Exists(Path.Combine(folder, import.Groups[1].Value)), $"{script} imports {import.Groups[1].Value}, which is not there.");
    }

    /// <summary>What people read stands with the texts, where it can be translated. What looks like words and is none: classes, and names of headers and errors.</summary>
    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_HasNoTextsOfItsOwn(string script)
    {
        if (script.StartsWith("js/texts/", StringComparison.Ordinal)) return;
        string[] names = ["Content-Type", "Retry-After", "Idempotency-Key", "If-Match", "If-None-Match", "Problem", "Bearer "];
        var code = Comment().Replace(Import().Replace(Read(script), ""), "");
        var texts = Literal().Matches(code)
            .Where(literal => !literal.Groups["class"].Success)
            .Select(literal => Hole().Replace(literal.Groups["text"].Value[1..^1], ""))
            .Where(text => !names.Contains(text) && Words().IsMatch(text));
        Assert.Empty(texts);
    }

    [Fact]
    public void TheScanForTexts_FindsThem()
    {
        string[] found = ["'Run all again'", "'Queue'", "`${name} is paused`", "'as the type says'"], passed = ["'application/json'", "'oj-flow'", "'PENDING'", "`${size}px`"];
        Assert.All(found, literal => Assert.Matches(Words(), Hole().Replace(Literal().Match($"f({literal})").Groups["text"].Value[1..^1], "")));
        Assert.All(passed, literal => Assert.DoesNotMatch(Words(), Hole().Replace(Literal().Match($"f({literal})").Groups["text"].Value[1..^1], "")));
    }

    /// <summary>A text that is asked for is there, and one that is there is asked for.</summary>
    [Fact]
    public void Texts_AreThoseThatAreAskedFor()
    {
        var asked = Files.Where(script => !script.StartsWith("js/texts/", StringComparison.Ordinal)).SelectMany(script => Asked().Matches(Read(script)).Select(match => match.Groups[1].Value))
            .Concat(Named().Matches(Read("index.html")).Select(match => "frame." + match.Groups[1].Value)).ToHashSet();
        var there = new HashSet<string>();
        var section = "";
        foreach (var line in Read("js/texts/en.js").Split('\n'))
        {
            if (Section().Match(line) is { Success: true } opened) section = opened.Groups[1].Value;
            else if (Text().Match(line) is { Success: true } text) there.Add($"{section}.{text.Groups[1].Value}");
        }

        Assert.True(there.Count > 400);
        Assert.Empty(asked.Except(there));
        // Of states, those are asked for that the gateway says.
        Assert.DoesNotContain(there.Except(asked), text => !text.StartsWith("states.", StringComparison.Ordinal));
    }

    [Fact]
    public void Index_HasNothingInlineAndNothingFromElsewhere()
    {
        var index = Read("index.html");
        Assert.DoesNotMatch(@"<style|style=|\son\w+=|<script(?![^>]*\ssrc=)|https?://|//cdn", index);
        foreach (Match reference in Reference().Matches(index))
            Assert.True(File.Exists(Path.Combine(Folder, reference.Groups[1].Value)), $"index.html refers to {reference.Groups[1].Value}, which is not there.");
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(Folder, file));

    [GeneratedRegex(@"(?:from |import\()'([^']+)'")]
    private static partial Regex Import();

    [GeneratedRegex(@"/\*.*?\*/|^\s*//.*?$| // .*?$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"(?<class>class(?:: | = )(?:[^,'`}]*\? )?)?(?<text>'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)")]
    private static partial Regex Literal();

    [GeneratedRegex(@"\$\{[^}]*\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"^[A-Z][a-z]+(?![A-Za-z0-9/])|[a-z]{2,} [a-z]{2,}|^ [a-z]{2,}|^[a-z]{2,} $")]
    private static partial Regex Words();

    [GeneratedRegex(@"\bt\.(\w+\.\w+)")]
    private static partial Regex Asked();

    [GeneratedRegex(@"data-(?:text|label)=""(\w+)""")]
    private static partial Regex Named();

    [GeneratedRegex(@"^  (\w+): \{$")]
    private static partial Regex Section();

    [GeneratedRegex(@"^    (\w+): ")]
    private static partial Regex Text();

    [GeneratedRegex("""(?:href|src)="([^"#]+)"(?!#)""")]
    private static partial Regex Reference();
}
