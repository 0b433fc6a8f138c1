using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>All that can be asked, and how durable each of them can be: they are compared at what all of them have.</summary>
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
    public static IReadOnlyList<Durability> DurabilitiesOf(string name) => name switch
    {
        // Its queues of this kind confirm what is in their files, whether those are synced or not.
        "rabbitmq-classic" => [Durability.None],
        // And of this kind what is in a log that was synced.
        "rabbitmq-quorum" => [Durability.Always],
        _ => All,
    };

    /// <summary>What all sides are to sync: what was asked for, or where nothing was, the least that all peers have.</summary>
    /// <exception cref="ArgumentException">A peer has nothing of that kind, or there is none that all of them have.</exception>
    public static Durability Agree(IReadOnlyList<string> peers, Durability? asked)
    {
        if (asked is { } wanted)
        {
            foreach (var peer in peers)
                if (DurabilitiesOf(peer) is var has && !has.Contains(wanted))
                    throw new ArgumentException($"{peer} has no durability that compares with {Name(wanted)}, but: {Names(has)}.");
            return wanted;
        }

        foreach (var least in All)
            if (peers.All(peer => DurabilitiesOf(peer).Contains(least))) return least;
        throw new ArgumentException($"These have no durability in common: {string.Join("; ", peers.Select(peer => $"{peer} has {Names(DurabilitiesOf(peer))}"))}.");
    }

    private static string Names(IEnumerable<Durability> durabilities) => string.Join(", ", durabilities.Select(Name));

    private static string Name(Durability durability) => durability.ToString().ToLowerInvariant();
}
