using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Faults.Model;

/// <summary>What is left out on purpose, to show that the model notices.</summary>
internal enum PoisonMutation
{
    None,

    /// <summary>Who was present at three crashes is guilty.</summary>
    ConvictByCount,

    /// <summary>A worker lets others in beside a trial without waiting until its partition has stored that.</summary>
    LetsInAtOnce,
}

/// <summary>
/// One history of a grid with killers among its jobs, drawn from a seed: several partitions with activations that do not know that they are over,
/// silos that take turns to stand empty, more than one at a time too, words that come late or again, answers that are lost. Nobody innocent may be
/// convicted, and every killer must be in the end.
/// </summary>
internal sealed class PoisonWorld
{
    private const int Partitions = 2;
    private const int Silos = 3;
    private const int MostOutsideKills = 4;
    private const int MostJobs = 40;
    private const int MostKillers = 6;

    private readonly Random _random;
    private readonly PoisonMutation _mutation;
    private readonly JobGridOptions _options;
    private readonly ModelStore[] _stores;
    private readonly List<ModelActivation>[] _activations;
    private readonly List<PoisonWorker> _workers = [];
    private readonly List<PoisonMessage> _messages = [];
    private readonly List<string> _explained = [];
    private readonly Dictionary<string, int> _jobs = [];
    private readonly HashSet<string> _killers = [];
    private long _now = 1_800_000_000_000;
    private int _made;
    private int _submits;
    private int _outsideKills;

    public PoisonWorld(int seed, PoisonMutation mutation)
    {
        _random = new Random(seed);
        _mutation = mutation;
        _options = new() { Partitions = 1, WindowJobs = 16, PoisonCrashesInCompany = mutation is PoisonMutation.ConvictByCount ? 3 : 100 };
        _stores = [.. Enumerable.Range(0, Partitions).Select(_ => new ModelStore(checksGenerations: true, keepsFloor: true))];
        _activations = [.. Enumerable.Range(0, Partitions).Select(_ => new List<ModelActivation>())];
        for (var i = 0; i < Silos; i++) AddWorker();
        for (var partition = 0; partition < Partitions; partition++) Open(partition);
    }

    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++) Step();
        Heal();
        foreach (var (id, partition) in _jobs) CheckEnd(id, partition);
    }

    private ModelActivation Newest(int partition) => _activations[partition][^1];

    private List<PoisonWorker> Alive => _workers.FindAll(worker => !worker.IsDead);

    private void Step()
    {
        var partition = _random.Next(Partitions);
        var all = _activations[partition];
        all.RemoveAll(activation => activation.IsOver && activation != all[^1]);
        if (all[^1].IsOver) Open(partition);
        var activation = all[_random.Next(4) > 0 ? ^1 : _random.Next(all.Count)];
        var worker = Alive[_random.Next(Alive.Count)];
        switch (_random.Next(100))
        {
            case < 8: Submit(partition); break;
            case < 24: Take(activation, partition, worker); break;
            case < 32: EndSome(worker); break;
            case < 36: KillByJob(worker); break;
            case < 50: _messages.Add(worker.Say(partition)); break;
            case < 64: DeliverSome(); break;
            case < 80: Commit(activation); break;
            case < 84: if (!worker.Turn.IsOn) worker.Begin(); break;
            case < 86: worker.TimeIsOver(); break;
            case < 90: DeclareDead(); break;
            case < 92: Resend(activation, partition, worker); break;
            case < 93: KillFromOutside(worker); break;
            case < 95: Open(partition); break;
            case < 96: activation.Die(); break;
            case < 97: activation.Core.Suspects.Explain(_explained, _now); break;
            case < 98: ReadPages(activation); break;
            default: ConfirmAll(Newest(partition), partition); break;
        }

        worker.Follow();
        _now += _random.Next(50);
    }

    private void Submit(int partition)
    {
        var activation = Newest(partition);
        if (_submits == MostJobs) return;
        var id = $"j{++_submits}";
        activation.Core.Jobs.Submit(new JobSubmission { Id = id, Type = "work", Args = "{}"u8.ToArray() }, _now);
        // Stored at once: lost submits are no matter of this model.
        do Commit(activation, replyArrives: true);
        while (activation is { UnderWay: not null, IsOver: false });
        if (_stores[partition].Read(id) is null) return;
        _jobs.Add(id, partition);
        if (_killers.Count < MostKillers && _random.Next(3) == 0) _killers.Add(id);
    }

    private void Take(ModelActivation activation, int partition, PoisonWorker worker)
    {
        if (activation.IsOver || worker.Turn is { IsOn: true, Stage: not TrialStage.Empty }) return;
        var wish = worker.Turn.IsOn ? SuspectWish.OneAlone : _random.Next(4) == 0 ? SuspectWish.OneInCompany : SuspectWish.None;
        Hand(activation, partition, worker, activation.Take(worker.Profile(wish), wish is SuspectWish.OneAlone ? 1 : 1 + _random.Next(4), _now));
    }

    private void Hand(ModelActivation activation, int partition, PoisonWorker worker, List<Lease> leases)
    {
        foreach (var lease in leases)
        {
            var arrives = _random.Next(8) > 0;
            activation.WhenCommitted(() => { if (arrives) worker.Receive(partition, lease); }, () => { });
        }
    }

    private void Resend(ModelActivation activation, int partition, PoisonWorker worker)
    {
        if (!activation.IsOver) Hand(activation, partition, worker, activation.Core.Attempts.MissingAt(worker.Name, [.. worker.Holds(partition)]));
    }

    private void EndSome(PoisonWorker worker)
    {
        if (worker.Running.Count == 0) return;
        var held = worker.Running.ElementAt(_random.Next(worker.Running.Count));
        // A killer never comes to an end; but it may be handed back.
        var kind = _random.Next(8) == 0 ? ReportKind.Returned : _random.Next(8) == 0 ? ReportKind.FailedOnce : ReportKind.Succeeded;
        if (_killers.Contains(held.Name.Id) && kind is not ReportKind.Returned) return;
        worker.End(held, kind);
    }

    private void KillByJob(PoisonWorker worker)
    {
        if (worker.Running.Any(held => _killers.Contains(held.Name.Id))) Kill(worker);
    }

    /// <summary>That a job was alone when somebody else killed its silo cannot be told from what a killer does: see the page on reliability.</summary>
    private void KillFromOutside(PoisonWorker worker)
    {
        if (worker.Turn.Lease is not null || _outsideKills == MostOutsideKills) return;
        _outsideKills++;
        Kill(worker);
    }

    private void Kill(PoisonWorker worker)
    {
        worker.Die();
        AddWorker();
    }

    private void DeliverSome()
    {
        if (_messages.Count == 0) return;
        var message = _messages[_random.Next(_messages.Count)];
        // Some come again, much later.
        if (_random.Next(5) > 0) _messages.Remove(message);
        var all = _activations[message.Partition];
        Deliver(message, all[_random.Next(2) == 0 ? _random.Next(all.Count) : ^1], answerArrives: _random.Next(5) > 0);
    }

    private void Deliver(PoisonMessage message, ModelActivation activation, bool answerArrives)
    {
        if (activation.IsOver) return;
        var tokens = message.Reports.Select(report => report.Token).Concat(message.Word is { } said ? [said.Lease.Token] : []);
        // As a partition does that hears of a newer generation than its own.
        if (tokens.Any(token => FencingToken.GenerationOf(token) > activation.Core.Generation))
        {
            activation.Die();
            return;
        }

        var taken = message.Reports.Select(report => activation.Core.Attempts.Report(report, _now)).ToArray();
        var stored = message.Word is { } word && activation.Core.Suspects.Say(word);
        activation.WhenCommitted(() => { if (answerArrives) message.Worker.Hear(message, taken, stored); }, () => { });
    }

    private void Commit(ModelActivation activation, bool? replyArrives = null)
    {
        activation.Seal();
        activation.Send(replyArrives ?? _random.Next(4) > 0);
    }

    private void DeclareDead()
    {
        if (_workers.Find(worker => worker is { IsDead: true, IsDeclaredDead: false }) is not { } dead) return;
        dead.IsDeclaredDead = true;
        for (var partition = 0; partition < Partitions; partition++)
        {
            foreach (var activation in _activations[partition].Where(activation => !activation.IsOver)) Crash(activation, dead.Name);
        }
    }

    private void Crash(ModelActivation activation, string silo)
    {
        activation.Core.Suspects.Crash(silo, _now);
        foreach (var conviction in activation.Core.Suspects.TakeConvicts())
        {
            // What it explains is durable before the job ends, and known to each partition at some later time.
            _explained.AddRange(conviction.Silos);
            activation.Core.Suspects.Convict(conviction, _now);
        }
    }

    private void Open(int partition)
    {
        var activation = new ModelActivation(_stores[partition], _options, ModelMutation.None, _now);
        _activations[partition].Add(activation);
        foreach (var worker in _workers) worker.LowestGeneration[partition] = activation.Core.Generation;
        ConfirmAll(activation, partition);
    }

    private void ConfirmAll(ModelActivation activation, int partition)
    {
        if (activation.IsOver || activation.UnderWay is not null || activation.Core.Changes.HasAny) return;
        foreach (var job in activation.Core.Jobs.Leased.ToList())
        {
            var holder = _workers.Find(worker => worker.Name == job.Track.Silo)!;
            var name = new LeaseName(job.Id, job.Track.Token);
            if (holder.IsDeclaredDead) Crash(activation, holder.Name);
            else if (!holder.IsDead && FencingToken.GenerationOf(name.Token) < activation.Core.Generation && !holder.Holds(partition).Contains(name)) activation.Core.Attempts.Undo(name, _now);
        }
    }

    private void AddWorker() => _workers.Add(new PoisonWorker(++_made, Partitions, _mutation is PoisonMutation.LetsInAtOnce));

    private static void ReadPages(ModelActivation activation)
    {
        if (activation.IsOver) return;
        activation.BeginReads(16);
        activation.EndReads(failed: false);
    }

    /// <summary>Nothing gets lost any more: who runs ends or kills, and silos take their turns.</summary>
    private void Heal()
    {
        _messages.Clear();
        for (var partition = 0; partition < Partitions; partition++) Open(partition);
        for (var round = 0; round < 2000; round++)
        {
            _now += 1000;
            while (_workers.Any(worker => worker is { IsDead: true, IsDeclaredDead: false })) DeclareDead();
            var worker = Alive[round % Alive.Count];
            if (!worker.Turn.IsOn && round % 3 == 0) worker.Begin();
            for (var partition = 0; partition < Partitions; partition++)
            {
                var activation = Newest(partition);
                ReadPages(activation);
                activation.Core.Suspects.Explain(_explained, _now);
                ConfirmAll(activation, partition);
                var wish = worker.Turn.Stage switch { TrialStage.Empty => SuspectWish.OneAlone, _ => SuspectWish.None };
                var leases = worker.Turn is { IsOn: true, Stage: not TrialStage.Empty } ? [] : activation.Take(worker.Profile(wish), 1, _now);
                leases.AddRange(activation.Core.Attempts.MissingAt(worker.Name, [.. worker.Holds(partition)]).ExceptBy(leases.Select(lease => lease.Token), lease => lease.Token));
                Deliver(worker.Say(partition), activation, answerArrives: true);
                Commit(activation, replyArrives: true);
                foreach (var lease in leases) worker.Receive(partition, lease);
                Deliver(worker.Say(partition), activation, answerArrives: true);
                Commit(activation, replyArrives: true);
            }

            if (worker.Running.Any(held => _killers.Contains(held.Name.Id))) Kill(worker);
            else foreach (var held in worker.Running.ToList()) worker.End(held, ReportKind.Succeeded);
            worker.Follow();
            if (round % 7 == 0) worker.TimeIsOver();
            if (round > 10 && Enumerable.Range(0, Partitions).All(partition => Newest(partition) is { Core: { Jobs.Unfinished: 0, Changes.HasAny: false }, UnderWay: null })) return;
        }
    }

    private void CheckEnd(string id, int partition)
    {
        var stored = _stores[partition].Read(id)!;
        if (stored.Outcome is null) throw new ModelBroken($"{id}{(_killers.Contains(id) ? ", a killer," : "")} has not ended");
        var outcome = JobOutcome.Decode(stored.Outcome);
        var convicted = outcome.Error?.Code == JobErrorCodes.Poison;
        if (convicted && !_killers.Contains(id)) throw new ModelBroken($"{id} is innocent and was convicted: {outcome.Error!.Message}");
        if (!convicted && _killers.Contains(id)) throw new ModelBroken($"{id} is a killer and ended {outcome.State}");
    }
}
