using System.Text.Json;

namespace OrleansJobs.Gateway.Working;

/// <summary>The body of <c>POST /work/jobs/{id}/report</c>: either of the two.</summary>
internal sealed record HeldReport(WorkReport? End, WorkProgress? Progress);

/// <summary>Reads it. All mistakes are named.</summary>
internal static class ReportReader
{
    private static readonly string[] OfSuccess = ["result"];
    private static readonly string[] OfFailure = ["error", "final", "delay"];
    private static readonly string[] OfProgress = ["current", "total", "message", "data"];

    public static HeldReport Read(ReadOnlyMemory<byte> body, JobLimits limits) => MemberReader.Read(body, "A report", (read, root) => Read(read, root, limits));

    private static HeldReport Read(MemberReader read, JsonElement root, JobLimits limits)
    {
        string? outcome = null;
        long? current = null, total = null;
        var end = new WorkReport { Lease = default };
        var progress = new WorkProgress { Lease = default };
        var members = new List<string>();
        read.Object(root, "", "A report", (name, value, at) =>
        {
            members.Add(name);
            switch (name)
            {
                case "outcome": outcome = read.Text(value, at, JobLimits.MaxNameLength) ?? ""; return true;
                case "result": end = end with { Result = read.Raw(value, at, limits.MaxResultBytes) }; return true;
                case "error": end = end with { Error = WorkRequestReader.Error(read, value, at) }; return true;
                case "final": end = end with { IsFinal = read.Flag(value, at) }; return true;
                case "delay": end = end with { Delay = read.Seconds(value, at, limits.MaxDelay) }; return true;
                case "current": current = read.Integer(value, at, -WorkLimits.MaxSequence, WorkLimits.MaxSequence) ?? 0; return true;
                case "total": total = read.Integer(value, at, -WorkLimits.MaxSequence, WorkLimits.MaxSequence) ?? 0; return true;
                case "message": progress = progress with { Message = read.Text(value, at, WorkLimits.MaxErrorTextLength) }; return true;
                case "data": progress = progress with { Data = read.Raw(value, at, JobLimits.MaxProgressData) }; return true;
                default: return false;
            }
        });
        var fitting = outcome switch { "success" => OfSuccess, "failure" => OfFailure, "progress" => OfProgress, _ => null };
        if (outcome is null) read.Wrong("/outcome", "A report says what there is to report.");
        else if (fitting is null) read.Wrong("/outcome", "It must be one of success, failure, progress.");
        foreach (var member in members.Where(member => fitting is not null && member != "outcome" && !fitting.Contains(member) && IsKnown(member))) read.Wrong("/" + member, $"A report of '{outcome}' has no such member.");
        if (outcome != "progress") return new(end with { Outcome = outcome == "success" ? WorkOutcome.Success : WorkOutcome.Failure }, null);
        if (current is null) read.Wrong("/current", "Progress says how far it is.");
        if (total is null) read.Wrong("/total", "Progress says what it counts up to.");
        return new(null, progress with { Current = current ?? 0, Total = total ?? 1 });
    }

    private static bool IsKnown(string member) => OfSuccess.Contains(member) || OfFailure.Contains(member) || OfProgress.Contains(member);
}
