using OrleansJobs.Faults.Cli;
using OrleansJobs.Faults.Silos;

// The driver starts itself again as the silos and gateways that it then ill-treats.
switch (args.FirstOrDefault())
{
    case "silo":
        await SiloHost.RunAsync(args[1..]);
        return 0;
    case "gateway":
        await GatewayHost.RunAsync(args[1..]);
        return 0;
    default:
        return await Commands.RunAsync(args);
}
