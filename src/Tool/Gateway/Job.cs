using System.Text.Json;

namespace OrleansJobs.Tool.Gateway;

/// <summary>A job's status as the gateway says it.</summary>
internal readonly record struct Job(JsonElement Json)
{
    public string Id => Json.Text("id") ?? "";
    public string Type => Json.Text("type") ?? "";
    public string Queue => Json.Text("queue") ?? "";
    public string State => Json.Text("state") ?? "";
    public string? Phase => Json.Text("phase");
    public long Current => Json.Number("current") ?? 0;
    public long Total => Math.Max(1, Json.Number("total") ?? 1);
    public string Message => Json.Text("status") ?? "";
    public long Version => Json.Number("version") ?? 0;
    public bool IsFinished => State is not ("PENDING" or "PROGRESS");

    /// <summary>0 to 100.</summary>
    public int Percent => (int)Math.Clamp(100.0 * Current / Total, 0, 100);

    public int ExitCode => State switch
    {
        "FAILURE" => ExitCodes.JobFailed,
        "REVOKED" => ExitCodes.JobCancelled,
        _ => ExitCodes.Done,
    };
}
