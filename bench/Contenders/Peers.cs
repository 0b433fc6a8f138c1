using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>All that can be asked, and how durable each of them can be: two are compared at what both have.</summary>
internal static class Peers
{
    private static readonly Durability[] All = [Durability.None, Durability.EverySec, Durability.Always];

    /// <summary>Job queues.</summary>
    public static string[] Queues { get; } = ["bullmq", "celery"];

    /// <summary>Brokers, which keep neither state nor results, and a queue in a database.</summary>
    public static string[] Brokers { get; } = ["rabbitmq-classic", "rabbitmq-quorum", "beanstalkd", "streams", "graphile"];

    public static Contender Create(string name, Stage stage) => name switch
    {
        Report.Ours => stage.Handlers is Handlers.CSharp ? new OurGrid(stage) : new OurOutside(stage),
        "bullmq" => new BullMq(stage),
        "celery" => new Celery(stage),
        "flask" => new FlaskTutorial(stage),
        "rabbitmq-classic" => new RabbitMq(stage, quorum: false),
        "rabbitmq-quorum" => new RabbitMq(stage, quorum: true),
        "beanstalkd" => new Beanstalkd(stage),
        "streams" => new RedisStreams(stage),
        "graphile" => new Graphile(stage),
        _ => throw new ArgumentException($"There is no contender '{name}'."),
    };

    /// <summary>What a contender can sync, or what it has that comes next to it.</summary>
    public static IReadOnlyList<Durability> DurabilitiesOf(string? name) => name switch
    {
        // Its queues of this kind confirm what is in their files, whether those are synced or not.
        "rabbitmq-classic" => [Durability.None],
        // And of this kind what is in a log that was synced.
        "rabbitmq-quorum" => [Durability.Always],
        _ => All,
    };

    /// <summary>What both sides are to sync: what was asked for, or where nothing was, the least that the peer has.</summary>
    /// <exception cref="ArgumentException">The peer has nothing of that kind.</exception>
    public static Durability Agree(string? peer, Durability? asked)
    {
        var has = DurabilitiesOf(peer);
        if (asked is not { } wanted) return has[0];
        return has.Contains(wanted) ? wanted : throw new ArgumentException($"{peer} has no durability that compares with {Name(wanted)}, but: {string.Join(", ", has.Select(Name))}.");
    }

    private static string Name(Durability durability) => durability.ToString().ToLowerInvariant();
}
