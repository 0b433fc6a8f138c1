using System.CommandLine;
using OrleansJobs.Tool.Completions;

namespace OrleansJobs.Tool.Commands;

/// <summary><c>--where</c>: which jobs, by the parameters of <c>GET /jobs</c> that keep some and leave out others. It means the same wherever it is taken: what was listed by it is what it changes.</summary>
internal sealed class WhereOption
{
    private readonly Option<string[]> _where;

    public WhereOption(string description) => _where = new Option<string[]>("--where") { Description = description, HelpName = "name=value" }.Suggest(Suggestions.Filters);

    public Option Option => _where;

    /// <returns>Names and values, each name once; none where it was not given.</returns>
    /// <exception cref="UsageException">It is none.</exception>
    public (string Name, string Value)[] Read(Session session, ParseResult parsed)
    {
        var where = Array.ConvertAll(parsed.GetValue(_where) ?? [], text => Inputs.Pair("--where", text));
        RefuseTwice(where);
        if (where.FirstOrDefault(one => one.Name is "limit" or "cursor" or "order").Name is { } name) throw new UsageException($"--where says which jobs; '{name}' says how they are listed.");
        return Array.ConvertAll(where, one => (one.Name, ValueOf(one.Name, one.Value, session.Surroundings.Time)));
    }

    /// <exception cref="UsageException">One is given twice.</exception>
    public static void RefuseTwice(IEnumerable<(string Name, string Value)> filter)
    {
        if (filter.GroupBy(one => one.Name).FirstOrDefault(same => same.Count() > 1) is { } twice) throw new UsageException($"'{twice.Key}' is given twice.");
    }

    // How long ago is said here by this machine's clock.
    private static string ValueOf(string name, string value, TimeProvider time) => name switch
    {
        "state" => value.ToUpperInvariant(),
        _ when name.EndsWith("After", StringComparison.Ordinal) || name.EndsWith("Before", StringComparison.Ordinal) => SearchOptions.InstantOf(value, time),
        _ => value,
    };
}
