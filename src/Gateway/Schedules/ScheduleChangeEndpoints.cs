using System.Globalization;
using System.Text.Json;
using OrleansJobs.Gateway.Flows;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Schedules;

/// <summary>Changing schedules. Each change is in the store before it is answered.</summary>
internal sealed class ScheduleChangeEndpoints(JobGrid grid, BodyReader bodies, SubmissionBuilder builder, FlowBuilder flows, ReasonReader reasons, Audit audit, OwnAddress address)
{
    private const int BackfillBytes = 4096;
    private static readonly byte[] NoArgs = "{}"u8.ToArray();

    /// <summary>Creates (201) or replaces (200).</summary>
    public async Task PutAsync(HttpContext context)
    {
        if (context.Request.RouteValues["id"] is not string id || !ScheduleLimits.IsId(id))
        {
            throw new ProblemException(Problem.OfMember(ProblemTypes.InvalidMember, "/id",
                $"A schedule's id is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ - and not '{ScheduleLimits.ReservedId}', '.' or '..'."));
        }

        if (ContentRules.Check(context.Request, ContentRules.Json) is { } unfit) throw new ProblemException(unfit);
        var condition = ScheduleHeaders.Read(context.Request);
        var info = await grid.InfoAsync();
        using var body = await bodies.ReadAsync(context, info.Limits.MaxArgsBytes + SubmitEndpoints.EnvelopeBytes);
        var spec = await ReadAsync(context, body, info.Limits);
        var partition = grid.SchedulesOf(id, info);
        // Neither may one be taken over whose queue is another's.
        if (Caller.Of(context).IsLimited && await partition.GetSchedule(id) is { } existing) ScheduleEndpoints.Shown(existing, context);
        var answer = await audit.ScheduleAsync(context, "put", id, null, _ => partition.PutSchedule(id, spec, condition));
        Expect(answer);
        var isNew = answer.Outcome == ScheduleOutcome.Created;
        if (isNew) context.Response.Headers.Location = address.Of(context, $"/schedules/{id}");
        await ScheduleEndpoints.SendAsync(context, answer.Schedule!, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        var (id, partition) = await FindAsync(context);
        var reason = ReasonReader.OfQuery(context.Request);
        var condition = ScheduleHeaders.Read(context.Request);
        var application = context.Request.Query["application"].FirstOrDefault();
        Expect(await audit.ScheduleAsync(context, "delete", id, reason, _ => partition.DeleteSchedule(id, condition, application)));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public Task PauseAsync(HttpContext context) => PauseAsync(context, isPause: true);

    public Task ResumeAsync(HttpContext context) => PauseAsync(context, isPause: false);

    /// <summary>Submits an occurrence now: 202. An idempotency key makes it the same one when it is asked again.</summary>
    public async Task TriggerAsync(HttpContext context)
    {
        var (id, partition) = await FindAsync(context);
        if (IdempotencyKey.Read(context.Request, out var key) is { } wrong) throw new ProblemException(wrong);
        var reason = await reasons.ReadAsync(context);
        var token = key is null ? Guid.NewGuid().ToString("n") : $"{Caller.Of(context).Id}:{key}";
        var answer = await audit.ScheduleAsync(context, "trigger", id, reason, _ => partition.TriggerSchedule(id, token));
        Expect(answer);
        if (answer.Known > 0) context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.Headers.Location = address.Of(context, $"/jobs/{answer.Jobs[0]}");
        await ScheduleEndpoints.SendAsync(context, json =>
        {
            json.Writer.WriteStartObject();
            json.Writer.WriteString("job"u8, answer.Jobs[0]);
            json.Writer.WriteEndObject();
        });
    }

    /// <summary>Submits the occurrences of a range that has passed: 202.</summary>
    public async Task BackfillAsync(HttpContext context)
    {
        var (id, partition) = await FindAsync(context);
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } unfit) throw new ProblemException(unfit);
        using var body = await bodies.ReadAsync(context, BackfillBytes);
        var (from, to) = ReadRange(body.Span);
        var answer = await audit.ScheduleAsync(context, "backfill", id, null, _ => partition.BackfillSchedule(id, from, to));
        Expect(answer);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        await ScheduleEndpoints.SendAsync(context, json =>
        {
            json.Writer.WriteStartObject();
            json.Writer.WriteNumber("submitted"u8, answer.Jobs.Length - answer.Known);
            json.Writer.WriteNumber("known"u8, answer.Known);
            json.Writer.WriteStartArray("jobs"u8);
            foreach (var job in answer.Jobs) json.Writer.WriteStringValue(job);
            json.Writer.WriteEndArray();
            json.Writer.WriteEndObject();
        });
    }

    private async Task PauseAsync(HttpContext context, bool isPause)
    {
        var (id, partition) = await FindAsync(context);
        var condition = ScheduleHeaders.Read(context.Request);
        var reason = await reasons.ReadAsync(context);
        var answer = await audit.ScheduleAsync(context, isPause ? "pause" : "resume", id, reason, order => partition.PauseSchedule(id, isPause ? order : null, condition));
        Expect(answer);
        await ScheduleEndpoints.SendAsync(context, answer.Schedule!);
    }

    private async Task<(string Id, IPartitionSchedules Partition)> FindAsync(HttpContext context)
    {
        var id = ScheduleEndpoints.IdOf(context);
        var partition = grid.SchedulesOf(id, await grid.InfoAsync());
        await ScheduleEndpoints.GuardAsync(context, partition, id);
        return (id, partition);
    }

    private async Task<ScheduleSpec> ReadAsync(HttpContext context, BodyReader.Body body, JobLimits limits)
    {
        ScheduleSpec spec;
        SubmitRequest request;
        Range? flow;
        try
        {
            (spec, request, flow) = ScheduleRequestReader.Read(body.Span);
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }

        if (SubmissionRules.CheckOwnNames(spec.Type, request.Queue) is { } reserved) request.Wrong(reserved.Pointer, reserved.Detail);
        if (request.Errors.Count > 0) throw new ProblemException(Problem.OfMembers(ProblemTypes.InvalidMember, request.Errors));
        var caller = Caller.Of(context);
        spec = spec with { Owner = ReferenceEquals(caller, Caller.Anonymous) ? null : caller.Id };
        if (flow is { } graph) return await OfFlowAsync(spec, body.Span[graph].ToArray(), caller, limits);
        spec = spec with { Args = request.Args is { } args ? body.Span[args].ToArray() : NoArgs };
        if (ArgsTemplate.MistakeOf(spec.Args) is { } mistake) throw new ProblemException(Problem.OfMember(ProblemTypes.InvalidMember, "/args", mistake));
        // Checked as its occurrences will be, with some instant where they refer to one.
        var job = new JobSubmission
        {
            Id = "any", Type = spec.Type, Args = ArgsTemplate.Fill(spec.Args, 0), Queue = request.Queue ?? "", Priority = spec.Priority, Attempts = spec.Attempts,
            Timeout = spec.Timeout, Retention = spec.Retention, DeadlineAfter = spec.Deadline, Tags = spec.Tags,
            Key = spec.Key, Weight = spec.Weight, Notify = spec.Notify,
        };
        // The key is one for all occurrences: it cannot be made of their instants.
        var (checkedJob, problem) = await builder.CheckAsync(job, spec.Args, request, caller, limits, body.Length);
        if (problem is not null) throw new ProblemException(problem);
        return spec with { Queue = checkedJob.Queue, Key = checkedJob.Key, Weight = checkedJob.Weight };
    }

    private async Task<ScheduleSpec> OfFlowAsync(ScheduleSpec spec, byte[] graph, Caller caller, JobLimits limits)
    {
        if (ArgsTemplate.MistakeOf(graph) is { } mistake) throw new ProblemException(Problem.OfMember(ProblemTypes.InvalidMember, ScheduledFlow.Pointer, mistake));
        if (Array.Find(spec.Tags, tag => SubmissionRules.IsReserved(tag.Name)) is { Name: { } reserved })
            throw new ProblemException(Problem.OfMember(ProblemTypes.InvalidMember, GraphPointer.Of("/tags", reserved), FlowEnvelope.ReservedTag));
        var (args, tags, problem) = await BuildAsync();
        if (problem is not null) throw new ProblemException(problem);
        return spec with { Type = FlowGraph.JobType, Queue = FlowGraph.RunQueue, Priority = FlowGraph.RunPriority, Args = args, Tags = [.. spec.Tags, .. tags] };

        async Task<(byte[] Args, JobTag[] Tags, Problem? Problem)> BuildAsync()
        {
            try
            {
                return await flows.BuildScheduledAsync(graph, spec.Tags.Length, caller, limits);
            }
            catch (Exception exception) when (StrictJson.IsMalformed(exception))
            {
                throw new ProblemException(StrictJson.Malformed(exception));
            }
        }
    }

    private static (long From, long To) ReadRange(ReadOnlySpan<byte> body)
    {
        long? from = null, to = null;
        try
        {
            var reader = StrictJson.Reader(body);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw Wrong("", "It must be an object with from and to.");
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                var name = reader.GetString()!;
                reader.Read();
                if (name is not ("from" or "to")) throw Wrong(StrictJson.Segment(name), "There is no such member.");
                if ((name == "from" ? from : to) is not null) throw Wrong("/" + name, "It is given twice.");
                if (reader.TokenType != JsonTokenType.String || !Instants.TryParse(reader.GetString()!, out var instant))
                    throw Wrong("/" + name, "It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");
                if (name == "from") from = instant.ToUnixTimeMilliseconds();
                else to = instant.ToUnixTimeMilliseconds();
            }

            StrictJson.ExpectEnd(ref reader);
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }

        return (from ?? throw Wrong("/from", "A backfill says from when."), to ?? throw Wrong("/to", "A backfill says up to when."));
    }

    private static void Expect(ScheduleAnswer answer)
    {
        var problem = answer.Outcome switch
        {
            ScheduleOutcome.Done or ScheduleOutcome.Created => null,
            ScheduleOutcome.NotFound => Problem.NoSuchSchedule,
            ScheduleOutcome.Changed => new(ProblemTypes.PreconditionFailed, answer.Schedule is { } schedule
                ? string.Create(CultureInfo.InvariantCulture, $"The schedule has the version {schedule.Version}, changed at {ArgsTemplate.Text(schedule.ChangedAt.ToUnixTimeMilliseconds())}.")
                : "There is no such schedule."),
            ScheduleOutcome.Declared => new(ProblemTypes.ScheduleDeclared, $"The code of '{answer.Schedule?.Application}' declares it, and would take the change back; change it there. Pause, resume and trigger are free."),
            ScheduleOutcome.Rejected => SubmissionBuilder.OfRules(answer.Problems),
            ScheduleOutcome.Full => new(ProblemTypes.Overloaded, answer.Reason ?? "A bound is reached.") { RetryAfter = TimeSpan.FromSeconds(10) },
            _ => new Problem(ProblemTypes.Unavailable, answer.Reason ?? "The store did not answer in time; it may or may not have happened. Ask again.") { RetryAfter = TimeSpan.FromSeconds(1) },
        };
        if (problem is not null) throw new ProblemException(problem);
    }

    private static ProblemException Wrong(string pointer, string detail) => new(Problem.OfMember(ProblemTypes.InvalidMember, pointer, detail));
}
