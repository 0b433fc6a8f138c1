using System.Text.Json;
using OrleansJobs.Samples;

namespace OrleansJobs.Silo;

/// <summary>
/// The addresses of the Flask and Celery tutorial, so that a page written for it works here unchanged: POST /longtask answers 202 with an empty
/// object and a Location; GET /status/{id} answers state, current, total, status, and result at the end.
/// </summary>
internal static class Tutorial
{
    public static void MapTutorial(this WebApplication app)
    {
        app.MapPost("/longtask", async (IJobClient jobs, HttpResponse response, CancellationToken cancellation) =>
        {
            var job = await jobs.SubmitAsync("longtask", new { }, cancellation: cancellation);
            response.Headers.Location = $"/status/{job.Id}";
            return Results.Json(new { }, statusCode: StatusCodes.Status202Accepted);
        });
        app.MapGet("/status/{id}", async (string id, IJobClient jobs, CancellationToken cancellation) =>
        {
            try
            {
                return Results.Json(Describe(await jobs.Get(id).GetStatusAsync(cancellation)));
            }
            catch (JobNotFoundException)
            {
                return Results.Problem($"There is no job '{id}'.", statusCode: StatusCodes.Status404NotFound);
            }
        });
    }

    private static Dictionary<string, object?> Describe(JobStatus status)
    {
        var answer = new Dictionary<string, object?>
        {
            ["state"] = status.State.Name, ["current"] = status.Current, ["total"] = status.Total, ["status"] = status.Message,
        };
        if (status.Result is { } result) answer["result"] = JsonDocument.Parse(result).RootElement;
        return answer;
    }
}
