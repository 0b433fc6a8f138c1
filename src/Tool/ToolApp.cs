using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Commands;
using OrleansJobs.Tool.Completions;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;
using OrleansJobs.Tool.Profiles;
using OrleansJobs.Tool.Top;

namespace OrleansJobs.Tool;

/// <summary>The commands, and what becomes of their failures.</summary>
internal sealed class ToolApp(Surroundings surroundings)
{
    /// <summary>How long a command may take to end after Ctrl+C, such as with what the gateway is being asked.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(15);

    private readonly Connection _connection = new(surroundings);
    private readonly Option<bool> _json = new("--json") { Description = "Print the gateway's JSON, one value a line, instead of text.", Recursive = true };

    public async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation = default)
    {
        var root = new RootCommand($"Submits, watches and looks after jobs, over HTTP.\n\n{ExitCodes.Help}")
        {
            new SubmitCommand(this), new WatchCommand(this), new ListCommand(this), new ShowCommand(this), new LogsCommand(this),
            new CancelCommand(this), new RetryCommand(this), new CopyCommand(this), new MoveCommand(this), new PrioritiseCommand(this), new TransferCommand(this), new DeleteCommand(this),
            new SignalCommand(this), new FlowCommand(this),
            new QueuesCommand(this), new PauseCommand(this), new ResumeCommand(this),
            new ScheduleCommand(this),
            new KeysCommand(this), new KeyCommand(this), new QueueLimitCommand(this), new PublishCommand(this), new BindingsCommand(this), new BindingCommand(this),
            new TopCommand(this), new StatsCommand(this), new HistoryCommand(this), new SilosCommand(this), new TypesCommand(this), new BackUpCommand(this),
            new ProfileCommand(this, _connection), new CompletionCommand(this),
        };
        foreach (var option in _connection.All) root.Add(option);
        root.Add(_json);
        // An argument that begins with @ is a file of job arguments, not of the command line's.
        var parsed = root.Parse([.. arguments], new ParserConfiguration { ResponseFileTokenReplacer = null });
        var invocation = new InvocationConfiguration
        {
            Output = surroundings.PlainOut, Error = surroundings.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = Farewell,
        };
        var code = await parsed.InvokeAsync(invocation, cancellation);
        return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
    }

    /// <summary>Gives a command what it works with, and turns its failures into words and an exit code.</summary>
    public void SetAction(Command command, Func<Session, ParseResult, CancellationToken, Task<int>> action) => command.SetAction((parsed, cancellation) => GuardAsync(parsed, async printer =>
    {
        var (url, key) = _connection.Of(parsed);
        using var gateway = new GatewayClient(surroundings.Http, url, key, surroundings.Time);
        return await action(new Session(gateway, surroundings, printer), parsed, cancellation);
    }, cancellation));

    /// <summary>The same for a command that asks no gateway.</summary>
    public void SetLocalAction(Command command, Action<Surroundings, Printer, ParseResult> action) => command.SetAction((parsed, cancellation) => GuardAsync(parsed, printer =>
    {
        action(surroundings, printer, parsed);
        return Task.FromResult(ExitCodes.Done);
    }, cancellation));

    private async Task<int> GuardAsync(ParseResult parsed, Func<Printer, Task<int>> action, CancellationToken cancellation)
    {
        var asJson = parsed.GetValue(_json);
        try
        {
            return await action(new Printer(surroundings, asJson));
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
        catch (IOException exception)
        {
            surroundings.Error.WriteLine(Plain.Line($"The output cannot be written: {exception.Message}"));
            return ExitCodes.Unavailable;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
    }
}

/// <summary>What a command works with.</summary>
internal sealed record Session(GatewayClient Gateway, Surroundings Surroundings, Printer Printer);

/// <summary>The command line is wrong in a way that its grammar does not say.</summary>
internal sealed class UsageException(string message) : Exception(message);
