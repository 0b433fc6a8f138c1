using System.Text.Json;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Top;

/// <summary>What a queue or a type has waiting and running, and does.</summary>
/// <param name="DonePerSecond">Null: not known.</param>
internal sealed record Traffic(string Name, long Pending, long Running, double? InPerSecond, double? DonePerSecond, double? FailedPerSecond, double? RunP50, double? RunP95, bool IsPaused);

internal sealed record SlotJob(string Type, string Id, double RunningSeconds, bool IsStuck);

internal sealed record SiloFigures(string Name, long Busy, long Slots, long Stuck, long Partitions, bool IsDraining, IReadOnlyList<SlotJob> Jobs);

/// <summary>What <c>top</c> shows of a grid at a time.</summary>
internal sealed record Figures
{
    public DateTimeOffset At { get; init; }
    public long Backlog { get; init; }
    public long Running { get; init; }
    public long Slots { get; init; }
    public double OldestWaitingSeconds { get; init; }
    public double InPerSecond { get; init; }
    public double DonePerSecond { get; init; }
    public long Stuck { get; init; }
    public long Orphans { get; init; }
    public IReadOnlyList<Traffic> Queues { get; init; } = [];
    public IReadOnlyList<Traffic> Types { get; init; } = [];
    public IReadOnlyList<SiloFigures> Silos { get; init; } = [];

    /// <param name="stats">As <c>GET /stats</c> answers.</param>
    /// <param name="queues">As <c>GET /queues</c> answers.</param>
    /// <param name="history">As <c>GET /stats/history</c> answers, of the last minute or two. Null: there is none.</param>
    public static Figures Of(JsonElement stats, JsonElement queues, JsonElement? history, DateTimeOffset at)
    {
        var paused = (queues.ValueKind == JsonValueKind.Array ? queues.EnumerateArray() : queues.Items("queues")).Where(queue => queue.Flag("paused")).Select(queue => queue.Text("name") ?? "").ToHashSet();
        return new()
        {
            At = at,
            Backlog = stats.Number("backlog") ?? 0,
            Running = stats.Number("running") ?? 0,
            Slots = stats.Number("slots") ?? 0,
            OldestWaitingSeconds = stats.Real("oldestWaitingSeconds") ?? 0,
            InPerSecond = stats.Real("submittedPerSecond") ?? 0,
            DonePerSecond = stats.Real("finishedPerSecond") ?? 0,
            Stuck = stats.Number("stuckSlots") ?? 0,
            Orphans = stats.Number("orphans") ?? 0,
            Queues = Group(stats, "queue", history, "queues", paused),
            Types = Group(stats, "type", history, "types", []),
            Silos = [.. stats.Items("silos").Select(Silo)],
        };
    }

    private static List<Traffic> Group(JsonElement stats, string by, JsonElement? history, string list, HashSet<string> paused)
    {
        var (pending, running, done) = (Sum(stats, by, "PENDING"), Sum(stats, by, "PROGRESS"), new Dictionary<string, JsonElement>());
        foreach (var total in history?.Items(list) ?? []) done[total.Text("name") ?? ""] = total;
        var seconds = (history?.Instant("at") - history?.Instant("from"))?.TotalSeconds is { } span and > 0 ? span : (double?)null;
        return
        [
            .. pending.Keys.Union(running.Keys).Union(done.Keys).Union(paused).Select(name =>
            {
                var total = done.GetValueOrDefault(name);
                return new Traffic(
                    name, pending.GetValueOrDefault(name), running.GetValueOrDefault(name), total.Number("submitted").GetValueOrDefault() / seconds,
                    (total.Number("succeeded").GetValueOrDefault() + total.Number("failed").GetValueOrDefault() + total.Number("cancelled").GetValueOrDefault()) / seconds,
                    total.Number("failed").GetValueOrDefault() / seconds, total.Member("runSeconds")?.Real("p50"), total.Member("runSeconds")?.Real("p95"), paused.Contains(name));
            }),
        ];
    }

    private static Dictionary<string, long> Sum(JsonElement stats, string by, string state)
    {
        var sums = new Dictionary<string, long>();
        foreach (var count in stats.Items("counts"))
        {
            if (count.Text("state") == state && count.Text(by) is { } name && count.Number("jobs") is > 0 and var jobs) sums[name] = sums.GetValueOrDefault(name) + jobs;
        }

        return sums;
    }

    private static SiloFigures Silo(JsonElement silo) => new(
        silo.Text("name") ?? silo.Text("address") ?? "", silo.Number("busy") ?? 0, silo.Number("slots") ?? 0, silo.Number("stuck") ?? 0, silo.Number("partitions") ?? 0, silo.Flag("draining"),
        [.. silo.Items("jobs").Select(job => new SlotJob(job.Text("type") ?? "", job.Text("id") ?? "", job.Real("runningSeconds") ?? 0, job.Flag("stuck")))]);
}
