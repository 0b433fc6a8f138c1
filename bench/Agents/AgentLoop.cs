using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Bench.Agents;

/// <summary>The other end of <see cref="Processes.Agent"/>: reads what is to be done, answers what came of it, until its input ends.</summary>
internal sealed class AgentLoop(IReadOnlyDictionary<string, Func<JsonElement, Task<JsonObject>>> ops)
{
    public async Task RunAsync(JsonObject hello, TextReader input, TextWriter output)
    {
        hello["ready"] = true;
        await AnswerAsync(hello);
        while (await input.ReadLineAsync() is { } line)
        {
            using var request = JsonDocument.Parse(line);
            var op = request.RootElement.GetProperty("op").GetString()!;
            JsonObject answer;
            try
            {
                answer = ops.TryGetValue(op, out var run) ? await run(request.RootElement) : new() { ["error"] = $"There is no '{op}'." };
            }
            catch (Exception exception)
            {
                // Whatever it is, the driver has to hear of it.
                answer = new() { ["error"] = exception.ToString() };
            }

            await AnswerAsync(answer);
        }

        async Task AnswerAsync(JsonObject answer)
        {
            await output.WriteLineAsync(answer.ToJsonString());
            await output.FlushAsync();
        }
    }
}
