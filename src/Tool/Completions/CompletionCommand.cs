using System.CommandLine;

namespace OrleansJobs.Tool.Completions;

/// <summary>
/// <c>completion</c>: a script that has a shell offer commands, options and values. It asks the tool each time, by the directive <c>[suggest]</c> that the library of the command line has for it,
/// so it does not age with the release that printed it.
/// </summary>
internal sealed class CompletionCommand : Command
{
    private static readonly string[] Shells = ["bash", "zsh", "fish", "pwsh"];

    public CompletionCommand(ToolApp app) : base("completion", "Prints a script by which a shell completes commands, options and values.")
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh, fish or pwsh." };
        shell.AcceptOnlyFromAmong(Shells);
        Add(shell);
        app.SetLocalAction(this, (surroundings, _, parsed) => surroundings.PlainOut.Write(Script(parsed.GetValue(shell)!)));
    }

    private static string Script(string shell)
    {
        using var stream = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"completion.{shell}") ?? throw new InvalidOperationException($"The script for {shell} is not in the build.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
