using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

/// <summary><c>logs ID</c>: what the attempts of a job have logged, and with <c>-f</c> what they log until it has ended.</summary>
internal sealed class LogsCommand : Command
{
    private const int MaxLines = 2000;
    private const int WaitSeconds = 20;

    /// <summary>How long the gateway may be away before it is followed no more.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly Argument<string> _id = Inputs.Id();
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on with what is logged, until the job has ended." };
    private readonly Option<int> _lines = new("--lines", "-n") { Description = $"The newest so many lines, 1 to {MaxLines}.", DefaultValueFactory = _ => 200 };

    public LogsCommand(ToolApp app) : base("logs", "Prints what the attempts of a job have logged.")
    {
        Add(_id);
        Add(_follow);
        Add(_lines);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var lines = parsed.GetValue(_lines);
        if (lines is < 1 or > MaxLines) throw new UsageException($"--lines is 1 to {MaxLines}; it is {lines}.");
        var path = GatewayClient.JobPath(parsed.GetValue(_id)!) + "/logs";
        var page = await session.Gateway.GetAsync($"{path}?limit={lines.ToString(CultureInfo.InvariantCulture)}", cancellation);
        Print(session, page);
        if (!parsed.GetValue(_follow)) return ExitCodes.Done;
        var time = session.Surroundings.Time;
        long? awaySince = null;
        while (!page.Flag("over"))
        {
            try
            {
                page = await session.Gateway.GetAsync(
                    string.Create(CultureInfo.InvariantCulture, $"{path}?after={page.Number("next") ?? 0}&wait={WaitSeconds}&limit={MaxLines}"), cancellation);
                awaySince = null;
                Print(session, page);
                continue;
            }
            catch (GatewayException exception) when (exception.IsTransient)
            {
                awaySince ??= time.GetTimestamp();
                if (time.GetElapsedTime(awaySince.Value) > Patience) throw;
            }

            await Task.Delay(Retry, time, cancellation);
        }

        return ExitCodes.Done;
    }

    private static void Print(Session session, JsonElement page)
    {
        foreach (var line in page.Items("lines")) session.Printer.Either(line, () => session.Printer.Line(Describe(line)));
    }

    private static string Describe(JsonElement line)
    {
        var at = line.Instant("at") is { } instant ? instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : "";
        var error = line.Member("error") is { } thrown ? $" ({(thrown.Text("type") is { } type ? type + ": " : "")}{thrown.Text("message")})" : "";
        return $"{at}  {line.Number("attempt")}  {line.Text("level"),-11}  {line.Text("text")}{error}";
    }
}
