using System.Text.Json;

namespace OrleansJobs;

/// <summary>Flows that run at each instant of a schedule: graphs in which the instant may stand as in any arguments.</summary>
internal static class ScheduledFlow
{
    public const string Pointer = "/flow";

    /// <summary>What is wrong with the graph that a schedule holds.</summary>
    public static IEnumerable<SubmissionProblem> Check(byte[] graph, JobLimits limits, DateTimeOffset now)
    {
        try
        {
            using var json = JsonDocument.Parse(graph, new JsonDocumentOptions { MaxDepth = JobJson.MaxDepth });
            var problems = new List<SubmissionProblem>();
            var read = GraphReader.Read(json.RootElement, problems);
            return AtFlow(problems.Count > 0 ? problems : GraphRules.Check(read, limits, now));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return [new(Pointer, $"It is not JSON in whole letters: {exception.Message}")];
        }
    }

    /// <summary>The same, said of the member that the graph is in a schedule.</summary>
    public static IEnumerable<SubmissionProblem> AtFlow(IEnumerable<SubmissionProblem> problems) => problems.Select(problem => problem with { Pointer = Pointer + problem.Pointer });
}
