using System.Text.Json;

namespace OrleansJobs.Gateway.Working;

/// <summary>What a worker says, from JSON. All mistakes are named; nothing of a call with one counts.</summary>
internal static class WorkRequestReader
{
    public const int LongestSession = 128;

    public static WorkRequest Read(ReadOnlyMemory<byte> body, JobLimits limits) => MemberReader.Read(body, "A call", (read, root) => Read(read, root, limits));

    public static CheckpointRequest ReadCheckpoint(ReadOnlyMemory<byte> body, JobLimits limits) => MemberReader.Read(body, "A checkpoint's call", (read, root) =>
    {
        string? session = null;
        long? token = null;
        byte[]? checkpoint = null;
        read.Object(root, "", "A checkpoint's call", (name, value, at) =>
        {
            switch (name)
            {
                case "session": session = read.Text(value, at, LongestSession); return true;
                case "token": token = read.Token(value, at); return true;
                case "checkpoint": checkpoint = read.Raw(value, at, limits.MaxCheckpointBytes); return true;
                default: return false;
            }
        });
        if (!read.HasErrors && session is null) read.Wrong("/session", "The session that holds the lease is to be named.");
        if (!read.HasErrors && token is null) read.Wrong("/token", "The token of the lease is to be given.");
        if (!read.HasErrors && checkpoint is null) read.Wrong("/checkpoint", "What is to be kept is to be given.");
        return new CheckpointRequest(session!, token ?? 0, checkpoint!);
    });

    private static WorkRequest Read(MemberReader read, JsonElement root, JobLimits limits)
    {
        string? session = null;
        long? sequence = null;
        NamedType[]? types = null;
        var call = new WorkCall();
        read.Object(root, "", "A call", (name, value, at) =>
        {
            switch (name)
            {
                case "session": session = read.Text(value, at, LongestSession); return true;
                case "seq": sequence = read.Integer(value, at, 1, WorkLimits.MaxSequence); return true;
                case "types": types = read.Array(value, at, WorkLimits.MaxTypes, (item, place) => TypeReader.Read(read, item, place, limits)); return true;
                case "queues": call = call with { Queues = read.Array(value, at, WorkLimits.MaxQueues, (item, place) => read.Name(item, place) ?? "") }; return true;
                case "name": call = call with { Name = read.Name(value, at) }; return true;
                case "want": call = call with { Want = (int)(read.Integer(value, at, 0, WorkLimits.MaxWant) ?? 0) }; return true;
                case "wait": call = call with { Wait = read.Seconds(value, at, TimeSpan.FromSeconds(WorkLimits.MaxWaitSeconds)) ?? default }; return true;
                case "holds": call = call with { Holds = read.Array(value, at, WorkLimits.MaxHolds, (item, place) => Lease(read, item, place)) }; return true;
                case "reports": call = call with { Reports = read.Array(value, at, WorkLimits.MaxReports, (item, place) => Report(read, item, place, limits)) }; return true;
                case "progress": call = call with { Progress = read.Array(value, at, WorkLimits.MaxProgress, (item, place) => Progress(read, item, place)) }; return true;
                case "logs": call = call with { Logs = read.Array(value, at, WorkLimits.MaxLogs, (item, place) => WorkLogReader.ReadOfLease(read, item, place)) }; return true;
                case "bye": call = call with { Bye = read.Flag(value, at) }; return true;
                default: return false;
            }
        });
        if (!read.HasErrors) CheckWhole(read, session, sequence, types, call);
        types ??= [];
        return new WorkRequest(session, types, call with { Sequence = sequence ?? 0, Types = [.. types.Select(type => type.Info.Name).Distinct(StringComparer.Ordinal)] });
    }

    private static void CheckWhole(MemberReader read, string? session, long? sequence, NamedType[]? types, WorkCall call)
    {
        if (sequence is null) read.Wrong("/seq", "Each call has a number, which grows from call to call.");
        if (call.Want > 0 && types is not { Length: > 0 }) read.Wrong("/types", "Who wants jobs says which types it can run.");
        if (call.Queues is { Length: 0 }) read.Wrong("/queues", "It names at least one queue, or is left out for all.");
        if (call.Bye && call.Want > 0) read.Wrong("/want", "Who stops wants nothing more.");
        if (session is not null) return;
        if (call.Holds.Length > 0) read.Wrong("/session", "Leases are held by a session, which is to be named.");
        else if (call.Reports.Length > 0) read.Wrong("/session", "Reports are of a session, which is to be named.");
        else if (call.Bye) read.Wrong("/session", "The session that ends is to be named.");
    }

    private static WorkLeaseName Lease(MemberReader read, JsonElement element, string pointer)
    {
        string? id = null;
        long? token = null;
        read.Object(element, pointer, "A lease", (name, value, at) =>
        {
            switch (name)
            {
                case "id": id = read.Id(value, at); return true;
                case "token": token = read.Token(value, at); return true;
                default: return false;
            }
        });
        return NameOf(read, pointer, id, token);
    }

    private static WorkReport Report(MemberReader read, JsonElement element, string pointer, JobLimits limits)
    {
        string? id = null, outcome = null;
        long? token = null;
        WorkOutcome? said = null;
        var report = new WorkReport { Lease = default };
        var members = new List<string>();
        read.Object(element, pointer, "A report", (name, value, at) =>
        {
            members.Add(name);
            switch (name)
            {
                case "id": id = read.Id(value, at); return true;
                case "token": token = read.Token(value, at); return true;
                case "outcome": outcome = read.Text(value, at, JobLimits.MaxNameLength) ?? ""; return true;
                case "result": report = report with { Result = read.Raw(value, at, limits.MaxResultBytes) }; return true;
                case "error": report = report with { Error = Error(read, value, at) }; return true;
                case "final": report = report with { IsFinal = read.Flag(value, at) }; return true;
                case "delay": report = report with { Delay = read.Seconds(value, at, limits.MaxDelay) }; return true;
                case "wait": report = report with { Wait = WaitReader.Read(read, value, at) }; return true;
                case "logs": report = report with { Logs = WorkLogReader.Read(read, value, at) }; return true;
                default: return false;
            }
        });
        said = outcome switch
        {
            "success" => WorkOutcome.Success,
            "failure" => WorkOutcome.Failure,
            "later" => WorkOutcome.Later,
            "returned" => WorkOutcome.Returned,
            "cancelled" => WorkOutcome.Cancelled,
            "waiting" => WorkOutcome.Waiting,
            _ => null,
        };
        if (outcome is null) read.Wrong(pointer + "/outcome", "A report says how the attempt ended.");
        else if (said is null) read.Wrong(pointer + "/outcome", "It must be one of success, failure, later, returned, cancelled, waiting.");
        foreach (var member in members.Where(member => said is { } what && !Fits(what, member))) read.Wrong($"{pointer}/{member}", $"A report of '{outcome}' has no such member.");
        if (said is WorkOutcome.Waiting && !members.Contains("wait")) read.Wrong(pointer + "/wait", "A report of 'waiting' says for what.");
        if (said is WorkOutcome.Later && report.Delay is null && !members.Contains("delay")) read.Wrong(pointer + "/delay", "A report of 'later' says when.");
        return report with { Lease = NameOf(read, pointer, id, token), Outcome = said ?? default };
    }

    /// <summary>Unknown members are somebody else's to refuse.</summary>
    private static bool Fits(WorkOutcome outcome, string member) => member switch
    {
        "result" => outcome is WorkOutcome.Success,
        "error" or "final" => outcome is WorkOutcome.Failure,
        "delay" => outcome is WorkOutcome.Failure or WorkOutcome.Later,
        "wait" => outcome is WorkOutcome.Waiting,
        _ => true,
    };

    public static JobError Error(MemberReader read, JsonElement element, string pointer)
    {
        string? message = null, type = null, trace = null, code = JobErrorCodes.Error;
        read.Object(element, pointer, "An error", (name, value, at) =>
        {
            switch (name)
            {
                case "message": message = read.Text(value, at, WorkLimits.MaxErrorTextLength) ?? ""; return true;
                case "type": type = read.Text(value, at, WorkLimits.MaxErrorTextLength); return true;
                case "trace": trace = read.Text(value, at, WorkLimits.MaxErrorTextLength); return true;
                case "code":
                    code = read.Text(value, at, JobLimits.MaxNameLength);
                    if (code is not (null or JobErrorCodes.Error or JobErrorCodes.Timeout or JobErrorCodes.BadArgs)) read.Wrong(at, "It must be one of error, timeout, bad_args.");
                    return true;
                default: return false;
            }
        });
        if (message is null) read.Wrong(pointer + "/message", "An error says what went wrong.");
        return new JobError(code ?? JobErrorCodes.Error, type, message ?? "") { Trace = trace is null ? null : new(trace, "", null) };
    }

    private static WorkProgress Progress(MemberReader read, JsonElement element, string pointer)
    {
        string? id = null;
        long? token = null, current = null, total = null;
        var progress = new WorkProgress { Lease = default };
        read.Object(element, pointer, "Progress", (name, value, at) =>
        {
            switch (name)
            {
                case "id": id = read.Id(value, at); return true;
                case "token": token = read.Token(value, at); return true;
                case "current": current = read.Integer(value, at, -WorkLimits.MaxSequence, WorkLimits.MaxSequence) ?? 0; return true;
                case "total": total = read.Integer(value, at, -WorkLimits.MaxSequence, WorkLimits.MaxSequence) ?? 0; return true;
                case "message": progress = progress with { Message = read.Text(value, at, WorkLimits.MaxErrorTextLength) }; return true;
                case "data": progress = progress with { Data = read.Raw(value, at, JobLimits.MaxProgressData) }; return true;
                default: return false;
            }
        });
        if (current is null) read.Wrong(pointer + "/current", "Progress says how far it is.");
        if (total is null) read.Wrong(pointer + "/total", "Progress says what it counts up to.");
        return progress with { Lease = NameOf(read, pointer, id, token), Current = current ?? 0, Total = total ?? 1 };
    }

    public static WorkLeaseName NameOf(MemberReader read, string pointer, string? id, long? token)
    {
        if (read.HasErrors) return default;
        if (id is null) read.Wrong(pointer + "/id", "The job is to be named.");
        if (token is null) read.Wrong(pointer + "/token", "The token of the lease is to be given.");
        return new(id ?? "", token ?? 0);
    }
}
