using System.Globalization;

namespace OrleansJobs.Faults.Cli;

/// <summary>What stands on the command line: a verb, a name, and options with a number each.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, int> _numbers = [];

    /// <exception cref="ArgumentException">An option is unknown or has no number.</exception>
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
            if (++i == args.Length || !int.TryParse(args[i], CultureInfo.InvariantCulture, out var number)) throw new ArgumentException($"Option {args[i - 1]} takes a whole number.");
            _numbers[args[i - 1]] = number;
        }
    }

    public List<string> Words { get; } = [];

    public int Number(string option, int standard) => _numbers.GetValueOrDefault(option, standard);
}
