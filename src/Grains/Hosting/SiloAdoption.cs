using Microsoft.Extensions.Logging;

namespace OrleansJobs.Hosting;

/// <summary>
/// A silo that starts under the name of one that is still listed takes its place: a pod that was restarted has a new address, and nobody
/// should wait for the old one to be missed. Must run before the silo joins, which would wait for the old one to answer.
/// </summary>
internal sealed partial class SiloAdoption(IClusterMembershipService membership, ILocalSiloDetails silo, ILogger<SiloAdoption> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly ILogger _logger = logger;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe<SiloAdoption>(ServiceLifecycleStage.ApplicationServices, AdoptAsync);

    private async Task AdoptAsync(CancellationToken cancellation)
    {
        await membership.Refresh(cancellationToken: cancellation);
        foreach (var member in membership.CurrentSnapshot.Members.Values)
        {
            if (member.Name != silo.Name || member.SiloAddress.Equals(silo.SiloAddress) || member.Status == SiloStatus.Dead) continue;
            LogAdopting(member.SiloAddress, silo.Name);
            await membership.TryKill(member.SiloAddress);
        }
    }

    [LoggerMessage(LogLevel.Information, "Silo {Predecessor} had the name {Name}, which is this silo's now: declared dead")]
    private partial void LogAdopting(SiloAddress predecessor, string name);
}
