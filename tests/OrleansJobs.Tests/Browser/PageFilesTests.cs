using System.Text.RegularExpressions;
using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Browser;

/// <summary>What the page is made of, read as files.</summary>
public partial class PageFilesTests
{
    private static readonly string Folder = Repository.PathOf("src/Gateway/wwwroot");

    public static TheoryData<string> Scripts => [.. Directory.GetFiles(Folder, "*.js", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Folder, path)).Order()];

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

    [GeneratedRegex("""(?:href|src)="([^"#]+)"(?!#)""")]
    private static partial Regex Reference();
}
