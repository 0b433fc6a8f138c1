using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Finding;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Working;

/// <summary>Workers outside of the silos: their calls, their checkpoints, their types.</summary>
internal sealed class WorkEndpoints(
    JobGrid grid, JobTypeCatalogue types, TypeAnnouncer announcer, BodyReader bodies, Audit audit, IOptions<JobGatewayOptions> options, TimeProvider time)
{
    /// <summary>How long an answer may take beyond the wait that was asked for.</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(12);

    public async Task CallAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        var info = await grid.InfoAsync();
        WorkRequest request;
        using (var body = await bodies.ReadAsync(context, options.Value.MaxWorkBytes)) request = WorkRequestReader.Read(body.Memory, info.Limits);
        var caller = Caller.Of(context);
        var call = Allowed(request, caller);
        var session = SessionOf(request.Session, caller);
        var warnings = await announcer.AnnounceAsync(request.Types);
        var answer = await grid.WorkSession(session).Call(call).WaitAsync(call.Wait + AnswerPatience, time, context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        WorkJson.Write(json.Writer, session, call, answer, warnings);
        await json.SendAsync(context.Response);
    }

    public async Task SaveCheckpointAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        var id = (string?)context.Request.RouteValues["id"];
        if (!JobIds.IsValid(id)) throw new ProblemException(Problem.NoSuchJob);
        var info = await grid.InfoAsync();
        CheckpointRequest request;
        using (var body = await bodies.ReadAsync(context, info.Limits.MaxCheckpointBytes + WorkLimits.EnvelopeBytes)) request = WorkRequestReader.ReadCheckpoint(body.Memory, info.Limits);
        var session = SessionOf(request.Session, Caller.Of(context));
        if (!await grid.WorkSession(session).SaveCheckpoint(new(id!, request.Token), request.Checkpoint))
            throw new ProblemException(new(ProblemTypes.StaleLease, "Stop: the lease is not this session's any more."));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public async Task PutTypeAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        var name = (string?)context.Request.RouteValues["type"];
        if (!SubmissionRules.IsName(name)) throw new ProblemException(new(ProblemTypes.NotFound, $"A job type's name is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -."));
        if (SubmissionRules.IsReserved(name!)) throw new ProblemException(new(ProblemTypes.Forbidden, $"The type '{name}' is the grid's own, which runs it in its silos."));
        if (!Caller.Of(context).MayRun(name!)) throw new ProblemException(new(ProblemTypes.Forbidden, $"This key is not good for the type '{name}'."));
        var info = await grid.InfoAsync();
        JobTypeInfo said;
        using (var body = await bodies.ReadAsync(context, options.Value.MaxWorkBytes)) said = TypeReader.Read(body.Memory, name!, info.Limits);
        var warnings = await audit.TypeAsync(context, name!, _ => announcer.AnnounceAsync([said]));
        var type = await types.FindAsync(name!);
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        json.Writer.WriteStartObject();
        json.Writer.WritePropertyName("type"u8);
        GridJson.Write(json.Writer, type?.Info ?? said);
        WorkJson.WriteWarnings(json.Writer, warnings);
        json.Writer.WriteEndObject();
        await json.SendAsync(context.Response);
    }

    /// <summary>A session is there for the key that opened it alone. A call that opens one is given nothing: should its answer be lost, nobody would know of it.</summary>
    public static string SessionOf(string? session, Caller caller)
    {
        if (session is null) return WorkSession.New(caller.Id);
        return WorkSession.IsOf(session, caller.Id) ? session : throw new ProblemException(new(ProblemTypes.SessionNotFound, "Open one by a call without a session."));
    }

    private static WorkCall Allowed(WorkRequest request, Caller caller)
    {
        var errors = new List<ProblemError>();
        for (var i = 0; i < request.Types.Length; i++)
        {
            if (SubmissionRules.IsReserved(request.Types[i].Info.Name)) errors.Add(new($"/types/{i}", $"The type '{request.Types[i].Info.Name}' is the grid's own, which runs it in its silos."));
            else if (!caller.MayRun(request.Types[i].Info.Name)) errors.Add(new($"/types/{i}", $"This key is not good for the type '{request.Types[i].Info.Name}'."));
        }

        for (var i = 0; i < request.Call.Queues?.Length; i++)
        {
            if (!caller.MayUse(request.Call.Queues[i])) errors.Add(new($"/queues/{i}", $"This key is not good for the queue '{request.Call.Queues[i]}'."));
        }

        if (errors.Count > 0) throw new ProblemException(Problem.OfMembers(ProblemTypes.Forbidden, [.. errors.Take(Problem.MaxErrors)]));
        var call = request.Call;
        if (call.Queues is null && caller.IsLimited) call = call with { Queues = [.. caller.Queues] };
        return request.Session is null ? call with { Want = 0, Wait = TimeSpan.Zero } : call;
    }
}
