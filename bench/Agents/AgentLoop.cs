using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Bench.Agents;

/// <summary>
/// The other end of <see cref="Processes.Agent"/>: reads what is to be done, answers what came of it, until its input ends. If that ends in the middle of something, whoever
/// asked is no more, and what it asked for may never come to an end: after a moment the process does.
/// </summary>
internal sealed class AgentLoop(IReadOnlyDictionary<string, Func<JsonElement, Task<JsonObject>>> ops)
{
    private static readonly TimeSpan Orphaned = TimeSpan.FromSeconds(5);

    public async Task RunAsync(JsonObject hello, TextReader input, TextWriter output)
    {
        hello["ready"] = true;
        await AnswerAsync(hello);
        for (var next = ReadAsync(); await next is { } line;)
        {
            next = ReadAsync();
            using var request = JsonDocument.Parse(line);
            var op = request.RootElement.GetProperty("op").GetString()!;
            JsonObject answer;
            try
            {
                answer = ops.TryGetValue(op, out var run) ? await UnlessOrphanedAsync(run(request.RootElement), next) : new() { ["error"] = $"There is no '{op}'." };
            }
            catch (Exception exception)
            {
                // Whatever it is, the driver has to hear of it.
                answer = new() { ["error"] = exception.ToString() };
            }

            await AnswerAsync(answer);
        }

        // The console's reader blocks until there is a line: not a thread of the pool, of which there may be two, and which are being measured.
        Task<string?> ReadAsync() => Task.Factory.StartNew(input.ReadLine, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        async Task AnswerAsync(JsonObject answer)
        {
            await output.WriteLineAsync(answer.ToJsonString());
            await output.FlushAsync();
        }
    }

    private static async Task<JsonObject> UnlessOrphanedAsync(Task<JsonObject> running, Task<string?> next)
    {
        if (await Task.WhenAny(running, next) == running || await next is not null) return await running;
        try
        {
            return await running.WaitAsync(Orphaned);
        }
        catch (TimeoutException)
        {
            Environment.Exit(1);
            throw;
        }
    }
}
