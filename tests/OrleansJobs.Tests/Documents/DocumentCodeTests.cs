using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Documents;

/// <summary>Every C# block of every document compiles as a program of its own, against what the solution builds.</summary>
public class DocumentCodeTests
{
    /// <summary>What a project with implicit usings has.</summary>
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Latest);

    private static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    public static IEnumerable<object[]> Blocks() => CodeBlock.OfRepository("csharp").Select(block => new object[] { block.Document, block.Line });

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Code_OfADocument_Compiles(string document, int line)
    {
        var errors = Errors(CodeBlock.At(document, line).Text);
        Assert.True(errors.Length == 0, $"{document}, the block at line {line}:\n" + string.Join('\n', errors.Select(error => At(error, document, line))));
    }

    [Fact]
    public void Code_OfTheReadme_ShowsAHandlerAndAClient()
    {
        var text = string.Concat(CodeBlock.OfRepository("csharp").Where(block => block.Document == "README.md").Select(block => block.Text));
        Assert.All((string[])["IJob<", "AddJobGrid", "SubmitAsync", "WatchAsync", "ResultAsync"], word => Assert.Contains(word, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Code_ThatNoLongerExists_IsFound() =>
        Assert.Contains("CS1061", Assert.Single(Errors("OrleansJobs.JobHandle job = null!; job.NoSuchMember();")).Id, StringComparison.Ordinal);

    private static Diagnostic[] Errors(string code)
    {
        var compilation = CSharpCompilation.Create(
            "Document",
            [CSharpSyntaxTree.ParseText(ImplicitUsings, Language), CSharpSyntaxTree.ParseText(code, Language)],
            References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        return [.. compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)];
    }

    private static string At(Diagnostic error, string document, int line) =>
        $"{document}:{line + 1 + error.Location.GetLineSpan().StartLinePosition.Line}: {error.Id} {error.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}";
}
