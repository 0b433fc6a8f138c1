using OrleansJobs.Tool.Top;
using Spectre.Console;

namespace OrleansJobs.Tool;

/// <summary>All that the tool takes from the process it runs in.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Complaints.</param>
/// <param name="Environment">A variable's value, or null.</param>
internal sealed record Surroundings(
    IAnsiConsole Out, TextWriter PlainOut, TextWriter Error, TextReader Input, Func<string, string?> Environment, HttpMessageHandler Http, TimeProvider Time) : IDisposable
{
    /// <summary>The standard input as it is: what is no text in UTF-8 is seen, and not replaced.</summary>
    public Func<Stream> OpenInput { get; init; } = () => Stream.Null;

    /// <summary>Somebody looks at the complaints as they come.</summary>
    public bool IsErrorTerminal { get; init; }

    /// <summary>Somebody looks at the results as they come.</summary>
    public bool IsOutTerminal { get; init; }

    /// <summary>Where the user's settings are kept; empty where there is no such place.</summary>
    public string ConfigurationFolder { get; init; } = "";

    /// <summary>A terminal that can be drawn on. Null: there is none.</summary>
    public ITerminal? Terminal { get; init; }

    public static Surroundings OfThisProcess()
    {
        var console = AnsiConsole.Console;
        return new(
            console, Console.Out, Console.Error, Console.In, System.Environment.GetEnvironmentVariable,
            // The name of a gateway may come to mean another address, such as after a deployment.
            new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(1), ConnectTimeout = TimeSpan.FromSeconds(10) },
            TimeProvider.System)
        {
            OpenInput = Console.OpenStandardInput,
            IsErrorTerminal = !Console.IsErrorRedirected,
            IsOutTerminal = !Console.IsOutputRedirected,
            // XDG_CONFIG_HOME or ~/.config, Application Support, AppData: whether it is there yet or not.
            ConfigurationFolder = System.Environment.GetFolderPath(System.Environment.SpecialFolder.ApplicationData, System.Environment.SpecialFolderOption.DoNotVerify),
            Terminal = !Console.IsOutputRedirected && console.Profile.Capabilities.Ansi ? new ProcessTerminal() : null,
        };
    }

    public void Dispose() => Http.Dispose();
}
