using System.CommandLine;

namespace OrleansJobs.Tool.Commands;

/// <summary>Arguments and options that commands share.</summary>
internal static class Inputs
{
    public static Argument<string> Id() => new("id") { Description = "The job's id." };

    public static Argument<string[]> Ids() => new("id") { Description = "Ids of jobs.", Arity = ArgumentArity.OneOrMore };

    public static Argument<string> Queue() => new("queue") { Description = "The queue's name." };

    public static Option<string?> Reason() => new("--reason") { Description = "Why, for those who look later; at most 256 characters." };

    public static Option<string[]> Tags(string description) => new("--tag") { Description = description, HelpName = "name=value" };

    /// <exception cref="UsageException">Not of the form <c>name=value</c>.</exception>
    public static (string Name, string Value) Pair(string option, string text)
    {
        var separator = text.IndexOf('=', StringComparison.Ordinal);
        return separator > 0 ? (text[..separator], text[(separator + 1)..]) : throw new UsageException($"{option} takes name=value; '{text}' is not.");
    }
}
