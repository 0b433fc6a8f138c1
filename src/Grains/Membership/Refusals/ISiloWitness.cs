using Microsoft.Extensions.Logging;
using Orleans.Runtime.Services;

namespace OrleansJobs.Membership;

/// <summary>What silos ask each other to tell a silo whose process has ended from one that is slow.</summary>
[Alias("oj.ISiloWitness")]
internal interface ISiloWitness : Orleans.Services.IGrainService
{
    /// <summary>Answered at once by whoever lives.</summary>
    [Alias("greet"), ResponseTimeout(AnswerTimeouts.Short)]
    Task Greet();

    /// <summary>Whether the address of this silo refuses connections from here as well, and still does a moment later.</summary>
    [Alias("refuses"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<bool> Refuses(SiloAddress silo);
}

internal sealed class SiloWitness(GrainId id, Silo silo, ILoggerFactory loggers, ILocalSiloDetails local, Greetings greetings, SiloKnock knock, TimeProvider time)
    : GrainService(id, silo, loggers), ISiloWitness
{
    public Task Greet()
    {
        greetings.Heard();
        return Task.CompletedTask;
    }

    public async Task<bool> Refuses(SiloAddress silo)
    {
        greetings.Heard();
        return knock.IsTelling(local.SiloAddress) && await Refusal.IsCertainAsync(() => knock.KnockAsync(silo), time);
    }
}

/// <summary>How often this silo was greeted: whoever does that lives, and can reach it.</summary>
internal sealed class Greetings
{
    private long _count;

    public long Count => Volatile.Read(ref _count);

    public void Heard() => Interlocked.Increment(ref _count);
}

/// <summary>Reaches the witness of a given silo.</summary>
internal interface ISiloWitnesses
{
    ISiloWitness Of(SiloAddress silo);
}

internal sealed class SiloWitnesses(IServiceProvider services) : GrainServiceClient<ISiloWitness>(services), ISiloWitnesses
{
    public ISiloWitness Of(SiloAddress silo) => GetGrainService(silo);
}
