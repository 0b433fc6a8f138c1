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

    public static Option<string?> IdempotencyKey(string description) => new("--idempotency-key") { Description = description };

    /// <summary>The key that was given, or a fresh one, under which a request whose answer is lost may be sent again.</summary>
    /// <exception cref="UsageException">It cannot be sent.</exception>
    public static string Key(Session session, string? given)
    {
        const int MaxLength = 255;
        var key = given ?? Guid.CreateVersion7(session.Surroundings.Time.GetUtcNow()).ToString();
        return key.Length is 0 or > MaxLength || key.Any(c => c is <= ' ' or > '~' or '"' or '\\')
            ? throw new UsageException($"An idempotency key is 1 to {MaxLength} visible ASCII characters without quotes and backslashes.")
            : key;
    }

    /// <exception cref="UsageException">Not of the form <c>name=value</c>.</exception>
    public static (string Name, string Value) Pair(string option, string text)
    {
        var separator = text.IndexOf('=', StringComparison.Ordinal);
        return separator > 0 ? (text[..separator], text[(separator + 1)..]) : throw new UsageException($"{option} takes name=value; '{text}' is not.");
    }
}
