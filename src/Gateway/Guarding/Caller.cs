using System.Security.Claims;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>Who asks, and for which queues they are good.</summary>
internal sealed class Caller
{
    public const string QueueClaim = "queue";
    public const string ScopeClaim = "scope";
    public const string TypeClaim = "type";

    private readonly string[] _queues;
    private readonly string[] _types;

    private Caller(string id, string[] queues, string[] types)
    {
        Id = id;
        _queues = queues;
        _types = types;
    }

    public static Caller Anonymous { get; } = new("anonymous", [], []);

    /// <summary>The key's id; keeps its idempotency keys apart from those of others.</summary>
    public string Id { get; }

    /// <summary>Empty: all queues.</summary>
    public IReadOnlyList<string> Queues => _queues;

    public bool IsLimited => _queues.Length > 0;

    public static Caller Of(HttpContext context) => context.User.Identity is { IsAuthenticated: true } identity
        ? Of(context.User, NameOf(context, identity.Name))
        : Anonymous;

    /// <summary>Under which name a request counts against limits: its key's, or its address' where there is none.</summary>
    public static string ShareOf(HttpContext context) => context.User.Identity is { IsAuthenticated: true, Name: { } key }
        ? "key " + NameOf(context, key)
        : "address " + ClientAddress.NameOf(context.Connection.RemoteIpAddress);

    /// <summary>Whoever another scheme calls as somebody is called whom the cookie tells of is not taken for them.</summary>
    private static string? NameOf(HttpContext context, string? name) =>
        name?.StartsWith(SignedIn.NamePrefix, StringComparison.Ordinal) == true && !SignedIn.Is(context) ? "scheme/" + name : name;

    public bool MayUse(string queue) => _queues.Length == 0 || Array.IndexOf(_queues, queue) >= 0;

    /// <summary>Whether it may run jobs of this type, and say what the type is.</summary>
    public bool MayRun(string type) => _types.Length == 0 || Array.IndexOf(_types, type) >= 0;

    /// <summary>Jobs of other queues do not exist for it, and of flows those only that it may use all queues of.</summary>
    public bool MaySee(JobStatus job) => MaySee(job.Queue, job.Tags);

    /// <summary>The same of schedules, by the jobs that they submit.</summary>
    public bool MaySee(ScheduleSpec schedule) => MaySee(schedule.Queue, schedule.Tags);

    private bool MaySee(string queue, JobTag[] tags) => ActionReach.Covers(_queues, queue, tags);

    private static Caller Of(ClaimsPrincipal user, string? name) => new(
        name ?? user.FindFirstValue(ClaimTypes.NameIdentifier) ?? user.FindFirstValue("sub") ?? "unnamed",
        [.. user.FindAll(QueueClaim).Select(claim => claim.Value)],
        [.. user.FindAll(TypeClaim).Select(claim => claim.Value)]);
}
