using System.Globalization;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Logs;

/// <summary>Which lines of a log are asked for.</summary>
/// <param name="After">Only those with higher numbers, the first of them; null: the newest.</param>
/// <param name="Wait">How long to wait for one where there is none.</param>
internal readonly record struct LogQuery(long? After, int Limit, TimeSpan Wait)
{
    public const int DefaultLimit = 200;
    public const int MaxWaitSeconds = 20;

    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    public static LogQuery Read(IQueryCollection parameters)
    {
        var query = new LogQuery(null, DefaultLimit, TimeSpan.Zero);
        foreach (var (name, values) in parameters)
        {
            if (values.Count > 1) throw Wrong(name, "It must be given once.");
            var value = values.ToString();
            query = name switch
            {
                "after" when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var after) => query with { After = after },
                "after" => throw Wrong(name, "It must be the number of a line, from 0."),
                "limit" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= JobLogLimits.MaxLines => query with { Limit = limit },
                "limit" => throw Wrong(name, $"It must be 1 to {JobLogLimits.MaxLines}."),
                "wait" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var wait) && wait is >= 0 and <= MaxWaitSeconds => query with { Wait = TimeSpan.FromSeconds(wait) },
                "wait" => throw Wrong(name, $"It must be 0 to {MaxWaitSeconds} seconds."),
                "lastEventId" => query,
                _ => throw Wrong(name.Length > 64 ? name[..64] : name, "There is no such parameter."),
            };
        }

        if (query.Wait > TimeSpan.Zero && query.After is null) throw Wrong("wait", "Who waits for lines says behind which: with after, 0 for all.");
        return query;
    }

    private static ProblemException Wrong(string parameter, string detail) => new(Problem.OfQuery(parameter, detail));
}
