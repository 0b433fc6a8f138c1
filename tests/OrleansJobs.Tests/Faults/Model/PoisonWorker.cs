using System.Net;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Faults.Model;

/// <summary>A lease, and the partition it is of.</summary>
internal readonly record struct Held(int Partition, LeaseName Name);

/// <summary>What a worker says to a partition in one go. It may come late, twice to several activations, or not at all.</summary>
internal sealed record PoisonMessage(PoisonWorker Worker, int Partition, TrialWord? Word, JobReport[] Reports);

/// <summary>A silo whose worker takes turns to stand empty, with the very rules of the product, and whose process some of its jobs kill.</summary>
internal sealed class PoisonWorker
{
    private readonly PoisonMessage?[] _newest;
    private readonly bool _letsInAtOnce;
    private Held? _onTrial;

    /// <param name="letsInAtOnce">Takes others in without waiting until that is stored: a worker that is wrong.</param>
    public PoisonWorker(int number, int partitions, bool letsInAtOnce)
    {
        Address = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 30_000 + number), number);
        _newest = new PoisonMessage?[partitions];
        Unsent = [.. Enumerable.Range(0, partitions).Select(_ => new List<JobReport>())];
        LowestGeneration = new long[partitions];
        _letsInAtOnce = letsInAtOnce;
    }

    public SiloAddress Address { get; }
    public string Name => Address.ToParsableString();
    public TrialTurn Turn { get; private set; } = new();
    public HashSet<Held> Running { get; } = [];
    public List<JobReport>[] Unsent { get; }
    public long[] LowestGeneration { get; }
    public bool IsDead { get; private set; }
    public bool IsDeclaredDead { get; set; }

    public WorkerProfile Profile(SuspectWish suspects) => new() { Silo = Address, SiloName = "w", Types = ["work"], Suspects = suspects };

    public IEnumerable<LeaseName> Holds(int partition) =>
        Running.Append(_onTrial ?? default).Where(held => held.Partition == partition && held.Name.Id is not null).Select(held => held.Name)
            .Concat(Unsent[partition].Select(report => new LeaseName(report.Id, report.Token)));

    public void Begin()
    {
        Turn.Begin();
        Follow();
    }

    public void Receive(int partition, Lease lease)
    {
        var held = new Held(partition, new(lease.Id, lease.Token));
        if (IsDead || FencingToken.GenerationOf(lease.Token) < LowestGeneration[partition] || Holds(partition).Contains(held.Name)) return;
        if (!Turn.IsOn) Running.Add(held);
        else if (lease.IsSuspect && Turn.Stage is TrialStage.Empty)
        {
            _onTrial = held;
            Turn.Received(partition, held.Name);
        }
        else HandBack(held);
    }

    public void End(Held held, ReportKind kind)
    {
        Running.Remove(held);
        if (_onTrial == held) _onTrial = null;
        Unsent[held.Partition].Add(new JobReport { Id = held.Name.Id, Token = held.Name.Token, Kind = kind });
    }

    public void TimeIsOver()
    {
        Turn.TimeIsOver();
        if (_letsInAtOnce) Turn = new();
        Follow();
    }

    public PoisonMessage Say(int partition) => _newest[partition] = new(this, partition, Turn.WordTo(partition), [.. Unsent[partition]]);

    /// <summary>An answer counts where the worker has not given up waiting for it.</summary>
    public void Hear(PoisonMessage message, bool[] taken, bool stored)
    {
        if (IsDead || _newest[message.Partition] != message) return;
        foreach (var (report, wasTaken) in message.Reports.Zip(taken))
        {
            Unsent[message.Partition].Remove(report);
            Turn.Delivered(new(report.Id, report.Token), wasTaken);
        }

        if (message.Word is { } word)
        {
            if (!stored && _onTrial is { } refused && refused.Name == word.Lease) HandBack(refused);
            Turn.Answered(word, stored);
        }

        Follow();
    }

    public void Die()
    {
        IsDead = true;
        Running.Clear();
    }

    /// <summary>As the worker's engine does under its lock.</summary>
    public void Follow()
    {
        if (Running.Count == 0) Turn.NothingRuns();
        if (_onTrial is not { } held) return;
        if (Turn.Lease is not null && Turn.Stage is not TrialStage.Alone) return;
        _onTrial = null;
        Running.Add(held);
    }

    private void HandBack(Held held)
    {
        if (_onTrial == held) _onTrial = null;
        Unsent[held.Partition].Add(new JobReport { Id = held.Name.Id, Token = held.Name.Token, Kind = ReportKind.Returned });
    }
}
