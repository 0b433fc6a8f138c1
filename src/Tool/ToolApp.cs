using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Commands;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool;

/// <summary>The commands, and what becomes of their failures.</summary>
internal sealed class ToolApp(Surroundings surroundings)
{
    public const string DefaultUrl = "http://localhost:8080";
    public const string UrlVariable = "ORLEANSJOBS_URL";
    public const string KeyVariable = "ORLEANSJOBS_KEY";

    private readonly Option<string?> _url = new("--url") { Description = $"The gateway's address. Default: {UrlVariable}, else {DefaultUrl}.", Recursive = true };
    private readonly Option<string?> _key = new("--key") { Description = $"The API key. Default: {KeyVariable}, which other users of the machine do not see.", Recursive = true };
    private readonly Option<bool> _json = new("--json") { Description = "Print the gateway's JSON, one value a line, instead of text.", Recursive = true };

    public async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var root = new RootCommand($"Submits, watches and looks after jobs, over HTTP.\n\n{ExitCodes.Help}")
        {
            _url, _key, _json,
            new SubmitCommand(this), new WatchCommand(this), new ListCommand(this), new ShowCommand(this), new LogsCommand(this),
            new CancelCommand(this), new RetryCommand(this), new CopyCommand(this), new MoveCommand(this), new PrioritiseCommand(this), new DeleteCommand(this),
            new SignalCommand(this), new FlowCommand(this),
            new QueuesCommand(this), new PauseCommand(this), new ResumeCommand(this),
            new ScheduleCommand(this),
            new KeysCommand(this), new KeyCommand(this), new QueueLimitCommand(this), new PublishCommand(this), new BindingsCommand(this), new BindingCommand(this),
            new StatsCommand(this), new HistoryCommand(this), new SilosCommand(this), new TypesCommand(this), new BackUpCommand(this),
        };
        // An argument that begins with @ is a file of job arguments, not of the command line's.
        var parsed = root.Parse([.. arguments], new ParserConfiguration { ResponseFileTokenReplacer = null });
        var code = await parsed.InvokeAsync(new InvocationConfiguration { Output = surroundings.PlainOut, Error = surroundings.Error, EnableDefaultExceptionHandler = false });
        return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
    }

    /// <summary>Gives a command what it works with, and turns its failures into words and an exit code.</summary>
    public void SetAction(Command command, Func<Session, ParseResult, CancellationToken, Task<int>> action) => command.SetAction(async (parsed, cancellation) =>
    {
        var asJson = parsed.GetValue(_json);
        try
        {
            using var gateway = new GatewayClient(surroundings.Http, Url(parsed), parsed.GetValue(_key) ?? surroundings.Environment(KeyVariable), surroundings.Time);
            return await action(new Session(gateway, surroundings, new Printer(surroundings, asJson)), parsed, cancellation);
        }
        catch (UsageException exception)
        {
            surroundings.Error.WriteLine(Plain.Line(exception.Message));
            return ExitCodes.Usage;
        }
        catch (GatewayException exception)
        {
            surroundings.Error.WriteLine(asJson && exception.Problem is { } problem ? JsonSerializer.Serialize(problem) : Plain.Lines(exception.Message));
            return exception.ExitCode;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
    });

    private Uri Url(ParseResult parsed)
    {
        var text = parsed.GetValue(_url) ?? surroundings.Environment(UrlVariable) ?? DefaultUrl;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw new UsageException($"'{text}' is no address of a gateway, such as {DefaultUrl}.");
        return url.AbsoluteUri.EndsWith('/') ? url : new Uri(url.AbsoluteUri + "/");
    }
}

/// <summary>What a command works with.</summary>
internal sealed record Session(GatewayClient Gateway, Surroundings Surroundings, Printer Printer);

/// <summary>The command line is wrong in a way that its grammar does not say.</summary>
internal sealed class UsageException(string message) : Exception(message);
