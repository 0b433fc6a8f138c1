using System.CommandLine;
using OrleansJobs.Bench.Agents;
using OrleansJobs.Bench.Brokers.Beanstalk;
using OrleansJobs.Bench.Brokers.Rabbit;
using OrleansJobs.Bench.Brokers.Streams;

namespace OrleansJobs.Bench.Brokers;

/// <summary>How this program starts itself as a client of a broker. Not for people.</summary>
internal static class BrokerCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("broker");
        name.AcceptOnlyFromAmong("rabbitmq-classic", "rabbitmq-quorum", "beanstalkd", "streams");
        var port = new Option<int>("--port") { Required = true };
        var senders = new Option<int>("--senders") { Required = true };
        var receivers = new Option<int>("--receivers") { Required = true };
        var prefetch = new Option<int>("--prefetch") { Required = true };
        var command = new Command("broker", "Started by the other commands.") { Hidden = true };
        command.Add(name);
        foreach (var option in (Option[])[port, senders, receivers, prefetch]) command.Add(option);
        command.SetAction(async (parsed, _) =>
        {
            var settings = new BrokerSettings(parsed.GetValue(port), parsed.GetValue(senders), parsed.GetValue(receivers), parsed.GetValue(prefetch));
            var ledger = new Ledger();
            await using var broker = Open(parsed.GetValue(name)!, settings, ledger);
            await broker.OpenAsync();
            await new AgentLoop(new BrokerOps(broker, ledger, TimeProvider.System).All).RunAsync([], Console.In, Console.Out);
            return 0;
        });
        return command;
    }

    private static Broker Open(string name, BrokerSettings settings, Ledger ledger) => name switch
    {
        "rabbitmq-classic" => new RabbitBroker(settings, ledger, quorum: false),
        "rabbitmq-quorum" => new RabbitBroker(settings, ledger, quorum: true),
        "beanstalkd" => new BeanstalkBroker(settings, ledger),
        _ => new StreamsBroker(settings, ledger, TimeProvider.System),
    };
}
