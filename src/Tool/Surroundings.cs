using Spectre.Console;

namespace OrleansJobs.Tool;

/// <summary>All that the tool takes from the process it runs in.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Complaints.</param>
/// <param name="Environment">A variable's value, or null.</param>
internal sealed record Surroundings(
    IAnsiConsole Out, TextWriter PlainOut, TextWriter Error, TextReader Input, Func<string, string?> Environment, HttpMessageHandler Http, TimeProvider Time) : IDisposable
{
    public static Surroundings OfThisProcess() => new(
        AnsiConsole.Console, Console.Out, Console.Error, Console.In, System.Environment.GetEnvironmentVariable,
        // The name of a gateway may come to mean another address, such as after a deployment.
        new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(1), ConnectTimeout = TimeSpan.FromSeconds(10) },
        TimeProvider.System);

    public void Dispose() => Http.Dispose();
}
