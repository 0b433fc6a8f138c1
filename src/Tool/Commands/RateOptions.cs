using System.CommandLine;
using System.Text.Json.Nodes;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

/// <summary>The options that say how many run at a time and how many start per period.</summary>
internal sealed class RateOptions
{
    private readonly Option<int?> _concurrency = new("--concurrency") { Description = "Attempts at a time." };
    private readonly Option<int?> _rate = new("--rate") { Description = "Attempts that start per --per." };
    private readonly Option<double?> _per = new("--per") { Description = "The period, such as 60 or 1h. Default 60.", CustomParser = Durations.Parse };
    private readonly Option<int?> _burst = new("--burst") { Description = "How many may start at once. Default 1." };

    public Option[] All => [_concurrency, _rate, _per, _burst];

    public JsonObject Of(ParseResult parsed)
    {
        var rule = new JsonObject();
        if (parsed.GetValue(_concurrency) is { } most) rule["concurrency"] = most;
        if (parsed.GetValue(_rate) is { } limit)
        {
            var said = new JsonObject { ["limit"] = limit, ["per"] = parsed.GetValue(_per) ?? 60 };
            if (parsed.GetValue(_burst) is { } some) said["burst"] = some;
            rule["rate"] = said;
        }
        else if (parsed.GetValue(_per) is not null || parsed.GetValue(_burst) is not null) throw new UsageException("--per and --burst are of a --rate.");

        return rule;
    }
}
