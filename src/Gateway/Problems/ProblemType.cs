namespace OrleansJobs.Gateway.Problems;

/// <summary>A kind of error as RFC 9457 has it. The address never changes, so that clients may test for it.</summary>
internal sealed record ProblemType(string Name, int Status, string Title)
{
    public const string Prefix = "urn:orleansjobs:problem:";

    public string Uri { get; } = Prefix + Name;
}

/// <summary>All kinds of errors. <c>docs/HTTP.md</c> lists them, and a test holds the list to this one.</summary>
internal static class ProblemTypes
{
    public static readonly ProblemType MalformedJson = new("malformed-json", 400, "The body is not JSON.");
    public static readonly ProblemType InvalidQuery = new("invalid-query", 400, "A parameter of the query is wrong.");
    public static readonly ProblemType InvalidHeader = new("invalid-header", 400, "A header is wrong.");
    public static readonly ProblemType BadRequest = new("bad-request", 400, "The request cannot be understood.");
    public static readonly ProblemType Unauthorized = new("unauthorized", 401, "An API key is needed.");
    public static readonly ProblemType Forbidden = new("forbidden", 403, "This key does not allow it.");
    public static readonly ProblemType ForeignOrigin = new("foreign-origin", 403, "Pages of this origin may not call the gateway.");
    public static readonly ProblemType Antiforgery = new("antiforgery", 403, "The request lacks the token that changes with a cookie need.");
    public static readonly ProblemType JobNotFound = new("job-not-found", 404, "There is no such job.");
    public static readonly ProblemType SessionNotFound = new("session-not-found", 404, "There is no such session of a worker.");
    public static readonly ProblemType ScheduleNotFound = new("schedule-not-found", 404, "There is no such schedule.");
    public static readonly ProblemType NotFound = new("not-found", 404, "There is nothing at this address.");
    public static readonly ProblemType MethodNotAllowed = new("method-not-allowed", 405, "This address does not take this method.");
    public static readonly ProblemType BodyTimeout = new("body-timeout", 408, "The body came too slowly.");
    public static readonly ProblemType QueueLimitsNotFound = new("queue-limits-not-found", 404, "No limits were put of this queue.");
    public static readonly ProblemType KeyNotFound = new("key-not-found", 404, "There is no such rule of a key.");
    public static readonly ProblemType BindingNotFound = new("binding-not-found", 404, "There is no such binding.");
    public static readonly ProblemType EventIdTaken = new("event-id-taken", 409, "Something else was published with this id.");
    public static readonly ProblemType NotUnique = new("not-unique", 409, "Another job has the same unique value.");
    public static readonly ProblemType KeyRate = new("key-rate", 429, "The rate of the job's key allows no other submit now.");
    public static readonly ProblemType IdTaken = new("id-taken", 409, "Another job has this id.");
    public static readonly ProblemType WrongState = new("wrong-state", 409, "The job's state does not allow it.");
    public static readonly ProblemType StaleLease = new("stale-lease", 409, "The lease is another's now, or the job has ended.");
    public static readonly ProblemType Gone = new("gone", 410, "The job is no longer kept.");
    public static readonly ProblemType ScheduleDeclared = new("schedule-declared", 409, "An application's code declares this schedule.");
    public static readonly ProblemType PreconditionFailed = new("precondition-failed", 412, "It has changed since.");
    public static readonly ProblemType TooLarge = new("too-large", 413, "The body is larger than the limit.");
    public static readonly ProblemType UnsupportedContent = new("unsupported-content", 415, "The body must be JSON, without a content encoding.");
    public static readonly ProblemType InvalidMember = new("invalid-member", 422, "A member of the body is wrong.");
    public static readonly ProblemType InvalidArgs = new("invalid-args", 422, "The arguments do not fit the job type's schema.");
    public static readonly ProblemType UnknownType = new("unknown-type", 422, "No silo has a handler for this job type.");
    public static readonly ProblemType UnknownQueue = new("unknown-queue", 422, "This queue is not served.");
    public static readonly ProblemType KeyReused = new("idempotency-key-reused", 422, "This idempotency key was used for another request.");
    public static readonly ProblemType UnknownHost = new("unknown-host", 421, "The gateway does not go by this name.");
    public static readonly ProblemType RateLimited = new("rate-limited", 429, "Too many requests.");
    public static readonly ProblemType SignalsFull = new("signals-full", 429, "As many signals wait for the job as may.");
    public static readonly ProblemType HeadersTooLarge = new("headers-too-large", 431, "The headers are larger than the limit.");
    public static readonly ProblemType Internal = new("internal", 500, "The gateway failed.");
    public static readonly ProblemType Unavailable = new("unavailable", 503, "The grid did not answer in time.");
    public static readonly ProblemType Overloaded = new("overloaded", 503, "A bound of the grid is reached.");

    public static readonly ProblemType NoCopy = new("no-copy", 409, "The grid cannot copy its store.");

    // How jobs themselves fail; what /result answers.
    public static readonly ProblemType JobFailed = new("job-failed", 409, "The job failed.");
    public static readonly ProblemType JobCancelled = new("job-cancelled", 409, "The job was cancelled.");

    public static readonly IReadOnlyList<ProblemType> All =
    [
        MalformedJson, InvalidQuery, InvalidHeader, BadRequest, Unauthorized, Forbidden, ForeignOrigin, Antiforgery, JobNotFound, ScheduleNotFound, SessionNotFound, NotFound, MethodNotAllowed,
        BodyTimeout, IdTaken, EventIdTaken, NotUnique, KeyNotFound, QueueLimitsNotFound, BindingNotFound, KeyRate, WrongState, StaleLease, Gone, ScheduleDeclared, PreconditionFailed, TooLarge, UnsupportedContent, InvalidMember, InvalidArgs, UnknownType, UnknownQueue,
        KeyReused, UnknownHost, RateLimited, SignalsFull, HeadersTooLarge, Internal, Unavailable, Overloaded, NoCopy, JobFailed, JobCancelled,
    ];

    /// <summary>The kind that says no more than the status does.</summary>
    public static ProblemType ForStatus(int status) => status switch
    {
        401 => Unauthorized,
        403 => Forbidden,
        404 => NotFound,
        405 => MethodNotAllowed,
        408 => BodyTimeout,
        413 => TooLarge,
        415 => UnsupportedContent,
        421 => UnknownHost,
        429 => RateLimited,
        431 => HeadersTooLarge,
        503 => Unavailable,
        >= 500 => Internal,
        _ => BadRequest,
    };
}
