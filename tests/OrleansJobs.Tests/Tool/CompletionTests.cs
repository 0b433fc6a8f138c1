using System.Text.Json;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;

namespace OrleansJobs.Tests.Tool;

/// <summary>What shells offer: asked of the tool itself, and of the shells that have its scripts.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oj-completion-");
    private readonly ToolRun _tool = new();

    public CompletionTests()
    {
        _tool.ConfigurationFolder = _folder.FullName;
        var profiles = new { profiles = new Dictionary<string, object> { ["prod"] = new { url = "http://prod" }, ["preview"] = new { url = "http://preview" } } };
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "orleansjobs"));
        File.WriteAllText(Path.Combine(_folder.FullName, "orleansjobs", "profiles.json"), JsonSerializer.Serialize(profiles));
    }

    /// <summary>What was typed, what is offered for it, and what is not.</summary>
    public static TheoryData<string, string[], string[]> Lines => new()
    {
        { "su", ["submit"], ["list", "--url"] },
        { "", ["submit", "list", "top", "profile", "completion"], ["--url"] },
        { "list --sta", ["--state", "--started-after", "--started-before"], ["--type"] },
        { "list --state F", ["FAILURE"], ["SUCCESS"] },
        { "list --state ", ["PENDING", "PROGRESS", "SUCCESS", "FAILURE", "REVOKED"], ["list"] },
        { "list --phase r", ["retrying", "running"], ["waiting"] },
        { "history --by ", ["type", "queue"], [] },
        { "retry --where st", ["state=", "startedAfter=", "startedBefore="], ["type="] },
        { "schedule ", ["put", "list", "pause", "backfill"], ["submit"] },
        { "completion ", ["bash", "zsh", "fish", "pwsh"], [] },
        { "--profile p", ["prod", "preview"], [] },
        { "stats --profile pr", ["prod", "preview"], ["stats"] },
        { "profile use pro", ["prod"], ["preview"] },
        { "list --key-f", ["--key-file"], ["--key"] },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Tool_SuggestsWhatMayCome(string typed, string[] offered, string[] withheld)
    {
        Assert.Equal(0, await _tool.RunAsync($"[suggest:{typed.Length}]", typed));
        Assert.All(offered, one => Assert.Contains(one, _tool.Lines));
        // Options are withheld by the scripts, and where another word has been begun.
        Assert.All(withheld.Where(one => !one.StartsWith('-') && !one.EndsWith('=')), one => Assert.DoesNotContain(one, _tool.Lines));
        Assert.Equal("", _tool.Error);
        Assert.Empty(_tool.Gateway.Requests);
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Bash_Offers(string typed, string[] offered, string[] withheld) => Check(await BashAsync(typed), offered, withheld);

    [ShellTheory("zsh")]
    [MemberData(nameof(Lines))]
    public async Task Zsh_Offers(string typed, string[] offered, string[] withheld)
    {
        // Its function runs as it is; what it gives to the line editor is written down instead.
        const string script = """
            compdef() { :; }
            compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -rl -- "$@"; }
            _files() { :; }
            source <(orleansjobs completion zsh)
            words=(orleansjobs ${(s: :)1}); [[ -z $1 || $1 == *' ' ]] && words+=('')
            CURRENT=${#words}
            _orleansjobs
            """;
        Check(await RunAsync("zsh", "-f", "-c", script, "zsh", typed), offered, withheld);
    }

    [ShellTheory("fish")]
    [MemberData(nameof(Lines))]
    public async Task Fish_Offers(string typed, string[] offered, string[] withheld) =>
        Check(await RunAsync("fish", "--no-config", "-c", "orleansjobs completion fish | source; complete -C \"orleansjobs $argv[1]\"", "--", typed), offered, withheld);

    [ShellTheory("pwsh")]
    [MemberData(nameof(Lines))]
    public async Task PowerShell_Offers(string typed, string[] offered, string[] withheld)
    {
        const string script = """
            orleansjobs completion pwsh | Out-String | Invoke-Expression
            [System.Management.Automation.CommandCompletion]::CompleteInput("orleansjobs $env:TYPED", "orleansjobs $env:TYPED".Length, $null).CompletionMatches | ForEach-Object { $_.CompletionText }
            """;
        var environment = PseudoTerminal.Environment(_folder.FullName);
        environment["TYPED"] = typed;
        Check((await Command.RunAsync(_folder.FullName, "pwsh", environment, 0, "-NoProfile", "-NonInteractive", "-Command", script)).Split('\n', StringSplitOptions.RemoveEmptyEntries), offered, withheld);
    }

    [Theory]
    [InlineData("bash", "--norc", "--noprofile", "-i")]
    [InlineData("zsh", "-f", "-i")]
    public async Task Tab_CompletesInAShellThatSomebodySitsBefore(string shell, params string[] options)
    {
        if (!ShellTheoryAttribute.IsInstalled(shell)) return; // Said by the others.
        var setUp = shell == "zsh" ? "autoload -Uz compinit; compinit -D -u; source <(orleansjobs completion zsh); " : "source <(orleansjobs completion bash); ";
        var (output, code, _) = await PseudoTerminal.RunAsync(
            [shell, .. options], PseudoTerminal.Environment(_folder.FullName),
            (".", $"{setUp}PS1='rea''dy> '\n"),
            ("ready> ", "orleansjobs profile us\t"),
            // A word that is the only one is written out. What is left of the line is taken away again.
            ("profile use", "\u0015exit\n"));
        Assert.True(code == 0, output);
    }

    /// <summary>What a script hands on is seen by all who list processes, before anybody has pressed Enter.</summary>
    [Theory]
    [InlineData("--key SECRET list --sta")]
    [InlineData("list --key=SECRET --sta")]
    [InlineData("profile set a --key  SECRET")]
    public async Task Bash_HandsNoKeyOn(string typed)
    {
        const string script = """
            source <(orleansjobs completion bash)
            written() { printf '%s\n' "$@" >> handed; }
            COMP_LINE="written $1"; COMP_POINT=${#COMP_LINE}
            read -ra COMP_WORDS <<< "$COMP_LINE"
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _orleansjobs
            """;
        await RunAsync("bash", "--norc", "--noprofile", "-c", script, "bash", typed);
        var handed = await File.ReadAllLinesAsync(Path.Combine(_folder.FullName, "handed"));
        Assert.Equal($"[suggest:{handed[1].Length}]", handed[0]);
        Assert.Equal(" " + typed.Replace("SECRET", "x", StringComparison.Ordinal), handed[1]);
    }

    [Theory]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("ps1")]
    public void OtherShells_HandNoKeyOnEither(string shell) =>
        Assert.Contains("(--key[ =:]+)[^ ]+", Repository.Read($"src/Tool/Completions/orleansjobs.{shell}"), StringComparison.Ordinal);

    [Fact]
    public async Task Bash_LeavesValuesOpen_AndOffersNothingWhereTheToolIsGone()
    {
        Assert.Equal(["type="], await BashAsync("retry --where ty"));
        Assert.Empty(await BashAsync("no-such-command x"));
        Assert.Empty(await BashAsync("list --state \"F"));
    }

    [Theory]
    [InlineData("completion")]
    [InlineData("completion", "tcsh")]
    public async Task UnknownShell_IsAMistake(params string[] arguments)
    {
        Assert.Equal(2, await _tool.RunAsync(arguments));
        Assert.NotEmpty(_tool.Error);
    }

    [Fact]
    public async Task Completion_AsksNothing_AndIsNotHeldUpByDamagedProfiles()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "orleansjobs", "profiles.json"), "{");
        Assert.Equal(0, await _tool.RunAsync("completion", "bash"));
        Assert.Equal(0, await _tool.RunAsync("[suggest:12]", "--profile pro"));
        Assert.Equal("", _tool.Error);
        Assert.Empty(_tool.Gateway.Requests);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void Check(string[] lines, string[] offered, string[] withheld)
    {
        Assert.All(offered, one => Assert.Contains(one, Words(lines)));
        Assert.All(withheld, one => Assert.DoesNotContain(one, Words(lines)));

        // fish says behind a tab what it is.
        static IEnumerable<string> Words(string[] lines) => lines.Select(line => line.Split('\t')[0].Trim());
    }

    private Task<string[]> BashAsync(string typed)
    {
        // As readline calls it.
        const string script = """
            source <(orleansjobs completion bash)
            COMP_LINE="orleansjobs $1"; COMP_POINT=${#COMP_LINE}
            read -ra COMP_WORDS <<< "$COMP_LINE"
            [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _orleansjobs
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        return RunAsync("bash", "--norc", "--noprofile", "-c", script, "bash", typed);
    }

    private async Task<string[]> RunAsync(string shell, params string[] arguments) =>
        (await Command.RunAsync(_folder.FullName, shell, PseudoTerminal.Environment(_folder.FullName), 0, arguments)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>Runs where the shell is installed, and says so where it is not.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ShellTheoryAttribute : TheoryAttribute
{
    public ShellTheoryAttribute(string shell)
    {
        if (!IsInstalled(shell)) Skip = $"{shell} is not installed: its completions are not tried. Install it and run again.";
    }

    public static bool IsInstalled(string shell) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, shell)));
}
