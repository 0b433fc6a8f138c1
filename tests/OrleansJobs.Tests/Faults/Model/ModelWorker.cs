using System.Net;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Faults.Model;

/// <summary>A silo's worker as a partition meets it: what it holds, what it has yet to report.</summary>
internal sealed class ModelWorker
{
    public ModelWorker(int number, string[] types)
    {
        Address = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 20_000 + number), number);
        Profile = new WorkerProfile { Silo = Address, SiloName = $"w{number}", Types = types };
    }

    public SiloAddress Address { get; }
    public WorkerProfile Profile { get; }
    public string Name => Address.ToParsableString();

    /// <summary>Attempts whose handler runs: job to token.</summary>
    public Dictionary<string, long> Running { get; } = [];

    /// <summary>What partitions have not taken yet.</summary>
    public List<JobReport> Unsent { get; } = [];

    /// <summary>Its process is gone, and with it all that it ran and had to say.</summary>
    public bool IsDead { get; private set; }

    /// <summary>The cluster holds it for dead. The process may not know yet.</summary>
    public bool IsDeclaredDead { get; set; }

    /// <summary>Leases of older generations are not started any more.</summary>
    public long LowestGeneration { get; private set; }

    public bool Start(Lease lease)
    {
        if (IsDead) return false;
        if (FencingToken.GenerationOf(lease.Token) < LowestGeneration)
        {
            Unsent.Add(new JobReport { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Postponed });
            return false;
        }

        Running[lease.Id] = lease.Token;
        return true;
    }

    public bool Confirm(LeaseName lease) =>
        (Running.TryGetValue(lease.Id, out var token) && token == lease.Token)
        || Unsent.Any(report => report.Id == lease.Id && report.Token == lease.Token);

    public void RefuseBelow(long generation) => LowestGeneration = Math.Max(LowestGeneration, generation);

    public void End(JobReport report)
    {
        Running.Remove(report.Id);
        Unsent.Add(report);
    }

    public void Die()
    {
        IsDead = true;
        Running.Clear();
        Unsent.Clear();
    }
}
