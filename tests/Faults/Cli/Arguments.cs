using System.Globalization;

namespace OrleansJobs.Faults.Cli;

/// <summary>What stands on the command line: words, and options with a value each.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = [];

    /// <exception cref="ArgumentException">An option is unknown or has no value.</exception>
    public Arguments(string[] args, params string[] options)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                Words.Add(args[i]);
                continue;
            }

            if (!options.Contains(args[i])) throw new ArgumentException($"There is no option {args[i]}; there are {string.Join(", ", options)}.");
            if (++i == args.Length) throw new ArgumentException($"Option {args[i - 1]} takes a value.");
            _values[args[i - 1]] = args[i];
        }
    }

    public List<string> Words { get; } = [];

    public string? Text(string option) => _values.GetValueOrDefault(option);

    /// <exception cref="ArgumentException">It is no number.</exception>
    public int Number(string option, int standard)
    {
        if (Text(option) is not { } text) return standard;
        return int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : throw new ArgumentException($"Option {option} takes a whole number, not '{text}'.");
    }
}
