using System.Globalization;

namespace OrleansJobs.Flows;

/// <summary>The names that a flow uses, in the order in which it uses them.</summary>
internal sealed class FlowNames
{
    public const int MaxLength = 128;

    /// <summary>What the runner itself remembers begins with it.</summary>
    private const char Own = '$';
    private const string DoneMark = "$done/";

    private readonly Dictionary<string, int> _counts = [];
    private readonly HashSet<string> _inUse = [];

    /// <summary>The name to remember by: the second one that is called the same is <c>name#2</c>.</summary>
    /// <exception cref="ArgumentException">It cannot be a name.</exception>
    /// <exception cref="FlowFailedException">What is called so has not ended.</exception>
    public string Claim(string name)
    {
        Check(name);
        return Take(name);
    }

    /// <summary>The name of one of several children that were started under one name.</summary>
    public string ClaimPart(string claimed, int index) => Take(PartOf(claimed, index));

    public static string PartOf(string claimed, int index) => string.Create(CultureInfo.InvariantCulture, $"{claimed}[{index}]");

    private string Take(string name)
    {
        if (!_inUse.Add(name))
        {
            throw new FlowFailedException(new JobError(JobErrorCodes.NameInUse, null,
                $"'{name}' was used while the flow still waits for what is called so: it could not tell which is which when it runs again. Give each a name of its own."));
        }

        var count = _counts[name] = _counts.GetValueOrDefault(name) + 1;
        return count == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}#{count}");
    }

    /// <summary>What the runner itself remembers.</summary>
    public static bool IsOwn(string name) => name.StartsWith(Own);

    /// <summary>What was called so has ended.</summary>
    public void Release(string claimed) => _inUse.Remove(BaseOf(claimed));

    /// <summary>That a delay has ended, where other things were waited for as well.</summary>
    public static string Due(string name) => $"{Own}due/{name}";

    /// <summary>That all children of a group have ended, where other things were waited for as well.</summary>
    public static string Done(string name) => DoneMark + name;

    /// <summary>The group that this says the end of; null: it says something else.</summary>
    public static string? GroupOf(string done) => done.StartsWith(DoneMark, StringComparison.Ordinal) ? done[DoneMark.Length..] : null;

    /// <summary>Until when a signal is waited for.</summary>
    public static string Until(string name, int call) => string.Create(CultureInfo.InvariantCulture, $"{Own}until/{name}#{call}");

    /// <summary>That a signal has not come in time.</summary>
    public static string Late(string name, int call) => string.Create(CultureInfo.InvariantCulture, $"{Own}late/{name}#{call}");

    /// <exception cref="ArgumentException">It cannot be a name.</exception>
    public static void Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > MaxLength || name.AsSpan().ContainsAnyInRange('\0', '\u001f') || name[0] == Own || BaseOf(name).Length < name.Length)
            throw new ArgumentException($"'{name}' cannot be a name in a flow: it is 1 to {MaxLength} characters, does not begin with '{Own}', does not end in '#' and a number, and has no control characters.", nameof(name));
    }

    /// <summary>Without the count at its end.</summary>
    private static string BaseOf(string name)
    {
        var mark = name.LastIndexOf('#');
        return mark >= 0 && mark < name.Length - 1 && !name.AsSpan(mark + 1).ContainsAnyExceptInRange('0', '9') ? name[..mark] : name;
    }
}

/// <summary>Ends the flow as failed, whatever its code would make of it.</summary>
internal sealed class FlowFailedException(JobError error) : Exception(error.Message)
{
    public JobError Error { get; } = error;
}
