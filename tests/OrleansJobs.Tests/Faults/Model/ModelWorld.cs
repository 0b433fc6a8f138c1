using System.Text;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Faults.Model;

/// <summary>
/// One history of a partition, drawn from a seed: submits, leases, reports, cancels, crashes of silos and of activations, lost replies,
/// activations that do not know that they are over, refusals by a full store, failovers that lose the newest writes. What is said to the outside is held against
/// <see cref="ModelTruth"/> all along; at the end all heals, and every job must end.
/// </summary>
internal sealed class ModelWorld
{
    private const long Start = 1_800_000_000_000;
    private const int MostWritesLost = 8;

    /// <summary>Few, so that pages end just where a lane does.</summary>
    private const int MostPageJobs = 4;

    /// <summary>A failover takes longer than its servers' clocks differ.</summary>
    private const int FailoverTakes = 1000;
    private static readonly string[] Types = ["a", "b"];

    private readonly Random _random;
    private readonly ModelMutation _mutation;
    private readonly ModelStore _store;
    private readonly ModelTruth _truth = new();
    private readonly List<ModelWorker> _workers = [];
    private readonly List<ModelActivation> _activations = [];
    private readonly List<string> _ids = [];
    private readonly HashSet<string> _unanswered = [];
    private long _now = Start;
    private int _workersMade;
    private JobGridOptions _options;

    public ModelWorld(int seed, ModelMutation mutation)
    {
        _random = new Random(seed);
        _mutation = mutation;
        _store = new ModelStore(mutation != ModelMutation.NoGenerationCheck, mutation != ModelMutation.NoTokenFloor);
        _options = DrawOptions();
        for (var i = 0; i < 3; i++) AddWorker();
        Open();
    }

    /// <exception cref="ModelBroken">A promise was broken; says which.</exception>
    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Step();
            foreach (var activation in _activations) CheckLanes(activation);
            if (_ids.Count > 0) Check(_ids[_random.Next(_ids.Count)], mustHaveEnded: false);
        }

        Heal();
    }

    private ModelActivation Newest => _activations[^1];

    /// <summary>Every start may come with others: what is stored was decided under those before.</summary>
    private JobGridOptions DrawOptions() => new()
    {
        Partitions = 1, WindowJobs = 4 << _random.Next(4), WindowBytes = 1 << (12 + _random.Next(5)), PoisonCrashes = 1 + _random.Next(4), PoisonCrashesInCompany = 2 + _random.Next(4), MaxLanes = 3 + _random.Next(1000),
    };

    private void Step()
    {
        _activations.RemoveAll(activation => activation.IsOver && activation != Newest);
        if (Newest.IsOver) Open();
        var activation = _activations[_random.Next(_activations.Count)];
        switch (_random.Next(100))
        {
            case < 18: Submit(activation); break;
            case < 36: Take(activation); break;
            case < 44: EndSomeAttempt(); break;
            case < 54: SendReports(activation); break;
            case < 62: activation.Seal(); break;
            case < 78: activation.Send(replyArrives: _random.Next(4) > 0); break;
            case < 80: activation.Refuse(); break;
            case < 82: Cancel(activation); break;
            case < 83: Retry(activation); break;
            case < 84: Delete(activation); break;
            case < 88: activation.BeginReads(); break;
            case < 92: activation.EndReads(failed: _random.Next(8) == 0); break;
            case < 95: _now += _random.Next(2000); break;
            case < 96: KillWorker(); break;
            case < 97: DeclareDead(); break;
            case < 98: activation.Die(); break;
            case < 99: Open(); break;
            default:
                if (_random.Next(3) == 0) FailOver();
                else ConfirmAll(Newest);
                break;
        }
    }

    private void Submit(ModelActivation activation)
    {
        if (activation.IsOver) return;
        // Now and then once more under an id whose answer never came.
        var id = _unanswered.Count > 0 && _random.Next(3) == 0 ? _unanswered.First() : $"j{_ids.Count}";
        if (activation.Find(id) is { } known)
        {
            activation.WhenCommitted(() => AcknowledgeUnlessDeleted(known), () => { }, known);
            return;
        }

        var countdown = _random.Next(3) == 0 ? _random.Next(3000) : 0;
        long? expires = _random.Next(6) == 0 ? 1 + _random.Next(5000) : null;
        var job = activation.Core.Jobs.Submit(
            new JobSubmission
            {
                Id = id, Type = Types[_random.Next(Types.Length)], Args = Encoding.UTF8.GetBytes($"\"{new string('x', _random.Next(200))}\""),
                Priority = _random.Next(3), Countdown = countdown, ExpiresAfter = expires,
            },
            _now);
        if (!_ids.Contains(id)) _ids.Add(id);
        _truth.Submitted(id, job.Due, job.Spec!.ExpiresAt);
        _unanswered.Add(id);
        activation.WhenCommitted(() => Acknowledge(id), () => { }, job);
    }

    private void AcknowledgeUnlessDeleted(LiveJob job)
    {
        if (job.Place != JobPlace.Gone) Acknowledge(job.Id);
    }

    private void Acknowledge(string id)
    {
        _unanswered.Remove(id);
        _truth.Acknowledge(id);
    }

    private void Take(ModelActivation activation)
    {
        var able = _workers.Where(worker => !worker.IsDead && !worker.IsDeclaredDead).ToList();
        if (activation.IsOver || able.Count == 0) return;
        var worker = able[_random.Next(able.Count)];
        foreach (var lease in activation.Take(worker.Profile with { Suspects = (SuspectWish)_random.Next(3) }, 1 + _random.Next(4), _now))
        {
            _truth.Leased(lease.Id, _now);
            var arrives = _random.Next(20) > 0;
            activation.WhenCommitted(
                () =>
                {
                    if (!arrives || worker.IsDeclaredDead) return;
                    var others = _workers.Where(other => other != worker);
                    if (worker.Start(lease)) _truth.Started(lease.Id, lease.Token, _now, others);
                },
                () => { },
                activation.Core.Jobs.Find(lease.Id));
        }
    }

    private void EndSomeAttempt()
    {
        var busy = _workers.Where(worker => worker.Running.Count > 0).ToList();
        if (busy.Count == 0) return;
        var worker = busy[_random.Next(busy.Count)];
        var (id, token) = worker.Running.ElementAt(_random.Next(worker.Running.Count));
        var kind = _random.Next(10) switch
        {
            < 6 => ReportKind.Succeeded,
            6 => ReportKind.Failed,
            7 => ReportKind.FailedOnce,
            8 => ReportKind.Postponed,
            _ => ReportKind.Returned,
        };
        worker.End(ReportOf(id, token, kind));
    }

    private JobReport ReportOf(string id, long token, ReportKind kind) => new()
    {
        Id = id, Token = token, Kind = kind, Delay = TimeSpan.FromMilliseconds(_random.Next(500)),
        Result = kind == ReportKind.Succeeded ? Encoding.UTF8.GetBytes($"{token}") : null,
        Error = kind is ReportKind.Failed or ReportKind.FailedOnce ? new JobError(JobErrorCodes.Error, null, "because") : null,
    };

    private void SendReports(ModelActivation activation)
    {
        if (activation.IsOver) return;
        foreach (var worker in _workers)
        {
            foreach (var report in worker.Unsent.Where(_ => _random.Next(2) == 0).ToList()) Send(activation, worker, report, answerArrives: _random.Next(6) > 0);
        }
    }

    private void Send(ModelActivation activation, ModelWorker worker, JobReport report, bool answerArrives)
    {
        var taken = activation.Core.Attempts.Report(_mutation == ModelMutation.NoFence ? Unfenced(activation, report) : report, _now);
        activation.WhenCommitted(
            () =>
            {
                if (taken) _truth.Taken(report.Id, report.Token);
                if (answerArrives) worker.Unsent.Remove(report);
            },
            () => { });
    }

    private static JobReport Unfenced(ModelActivation activation, JobReport report) =>
        activation.Core.Jobs.Leased.FirstOrDefault(job => job.Id == report.Id) is { } job ? report with { Token = job.Track.Token } : report;

    private void Cancel(ModelActivation activation)
    {
        if (activation.IsOver || Any() is not { } id || activation.Find(id) is not { } job) return;
        activation.Core.Orders.Cancel(job, new("model", "no more"), _now);
    }

    private void Retry(ModelActivation activation)
    {
        if (activation.IsOver || Any() is not { } id || activation.Find(id) is not { } job || job.Place != JobPlace.Finished || !job.IsSettled) return;
        if (!activation.Core.Orders.Retry(job, new("model"), _now)) return;
        _truth.Unsettle(id);
        activation.WhenCommitted(() => _truth.Reopened(id), () => { });
    }

    private void Delete(ModelActivation activation)
    {
        if (activation.IsOver || Any() is not { } id || activation.Find(id) is not { } job || job.Place != JobPlace.Finished || !job.IsSettled) return;
        if (!activation.Core.Orders.Delete(job, _now)) return;
        _truth.Unsettle(id);
        activation.WhenCommitted(() => _truth.Deleted(id), () => { });
    }

    private string? Any() => _ids.Count == 0 ? null : _ids[_random.Next(_ids.Count)];

    private void AddWorker() => _workers.Add(new ModelWorker(++_workersMade, _random.Next(4) == 0 ? [Types[_random.Next(2)]] : Types));

    /// <summary>kill -9, noticed by the cluster at some later step.</summary>
    private void KillWorker()
    {
        _workers[_random.Next(_workers.Count)].Die();
        AddWorker();
    }

    /// <summary>The cluster agrees that a silo is dead: one that is, or one that only stopped and will speak again.</summary>
    private void DeclareDead()
    {
        var candidates = _workers.Where(worker => !worker.IsDeclaredDead).ToList();
        if (candidates.Count < 2) return;
        var worker = candidates.FirstOrDefault(worker => worker.IsDead) ?? candidates[_random.Next(candidates.Count)];
        worker.IsDeclaredDead = true;
        if (_mutation != ModelMutation.NoRedelivery)
        {
            foreach (var activation in _activations.Where(activation => !activation.IsOver)) Crash(activation, worker.Name);
        }

        if (_workers.Count(other => !other.IsDeclaredDead) < 3) AddWorker();
    }

    private void Crash(ModelActivation activation, string silo)
    {
        foreach (var job in activation.Core.Jobs.Leased.Where(job => job.Track.Silo == silo)) _truth.Begun(job.Id);
        activation.Core.Suspects.Crash(silo, _now);
        foreach (var conviction in activation.Core.Suspects.TakeConvicts())
        {
            if (conviction.IsByCount && !activation.Core.Suspects.IsGuiltyStill(conviction, _now)) continue;
            activation.Core.Suspects.Explain(conviction.Silos, _now);
            activation.Core.Suspects.Convict(conviction, _now);
        }
    }

    /// <summary>
    /// A replica takes the store's place that has not received its last writes. Whatever was connected is cut off; workers run on, and report what nobody
    /// knows of any more.
    /// </summary>
    private void FailOver()
    {
        foreach (var activation in _activations.Where(activation => !activation.IsOver)) activation.Die();
        foreach (var id in _store.FailOver(1 + _random.Next(MostWritesLost))) _truth.Lost(id);
        _now += FailoverTakes + _random.Next(FailoverTakes);
        Open();
    }

    /// <summary>Another activation takes the partition; those before it may not know for a while.</summary>
    private void Open()
    {
        if (_random.Next(2) == 0) _options = DrawOptions();
        var activation = new ModelActivation(_store, _options, _mutation, _now, keptEmptyLanes: _random.Next(3), pageLimit: 1 + _random.Next(MostPageJobs));
        _activations.Add(activation);
        foreach (var worker in _workers) worker.RefuseBelow(activation.Core.Generation);
        ConfirmAll(activation);
    }

    /// <summary>Asks those who are said to hold leases; gives out again what is held by nobody.</summary>
    private void ConfirmAll(ModelActivation activation)
    {
        // A lease whose commit is on its way has not reached its worker yet.
        if (activation.IsOver || activation.UnderWay is not null || activation.Core.Changes.HasAny) return;
        foreach (var job in activation.Core.Jobs.Leased.ToList())
        {
            var holder = _workers.Find(worker => worker.Name == job.Track.Silo);
            var name = new LeaseName(job.Id, job.Track.Token);
            if (holder is null or { IsDeclaredDead: true })
            {
                if (_mutation != ModelMutation.NoRedelivery) Crash(activation, job.Track.Silo!);
            }
            else if (!holder.IsDead && !holder.Confirm(name)) activation.Core.Attempts.Undo(name, _now);
        }
    }

    private void Heal()
    {
        foreach (var dead in _workers.Where(worker => worker.IsDead)) dead.IsDeclaredDead = true;
        _workers.Add(new ModelWorker(++_workersMade, Types));
        Open();
        for (var round = 0; round < 400; round++)
        {
            var activation = Newest;
            if (activation.IsOver) throw new ModelBroken("the newest activation was fenced, though nobody opened another");
            activation.BeginReads(64);
            activation.EndReads(failed: false);
            foreach (var worker in _workers)
            {
                foreach (var (id, token) in worker.Running.ToList()) worker.End(ReportOf(id, token, ReportKind.Succeeded));
                foreach (var report in worker.Unsent.ToList()) Send(activation, worker, report, answerArrives: true);
            }

            // Those that are over do not know it yet: they go on trying.
            foreach (var any in _activations)
            {
                any.Seal();
                any.Send(replyArrives: true);
            }

            var able = _workers[^1];
            var suspects = round % 2 == 0 ? SuspectWish.OneInCompany : SuspectWish.OneAlone;
            foreach (var lease in activation.Take(able.Profile with { Suspects = suspects }, 100, _now))
                activation.WhenCommitted(() => StartAtLast(able, lease), () => { });
            activation.Seal();
            activation.Send(replyArrives: true);
            _now += 1000;
            if (round > 5 && !activation.Core.Changes.HasAny && activation.UnderWay is null && activation.Core.Jobs.Unfinished == 0) break;
        }

        foreach (var id in _ids) Check(id, mustHaveEnded: true);
        if (Newest.Core.Jobs.Unfinished != 0) throw new ModelBroken($"all have ended, and {Newest.Core.Jobs.Unfinished} are counted as unfinished");
        CheckOpening();
    }

    private void StartAtLast(ModelWorker worker, Lease lease)
    {
        if (worker.Start(lease)) _truth.Started(lease.Id, lease.Token, _now, _workers.Where(other => other != worker));
    }

    /// <summary>What the next activation would find is what there is.</summary>
    private void CheckOpening()
    {
        var opening = _store.Open(_now);
        var leases = opening.Rows(GridLayout.Jobs.Leases).Length;
        if (leases > 0) throw new ModelBroken($"{leases} leases are left over");
        if (opening.Sets(GridLayout.Jobs.Lanes).Any(lane => lane.Count > 0)) throw new ModelBroken("a lane holds jobs that have all ended");
        var stored = _ids.Select(_store.Read).OfType<StoredJob>().CountBy(job => JobOutcome.Decode(job.Outcome!).State).ToDictionary();
        var counted = new PartitionCore(0, opening, _options).Jobs.Counts.All().GroupBy(count => count.State).ToDictionary(group => group.Key, group => (int)group.Sum(count => count.Jobs));
        if (!stored.OrderBy(pair => pair.Key).SequenceEqual(counted.OrderBy(pair => pair.Key)))
            throw new ModelBroken($"counted {string.Join(", ", counted)}, stored {string.Join(", ", stored)}");
    }

    /// <summary>Whatever waits stands in the one lane of its name.</summary>
    private static void CheckLanes(ModelActivation activation)
    {
        foreach (var lane in activation.Core.Jobs.Index.Ready())
        {
            if (!activation.Core.Jobs.Lanes.Contains(lane)) throw new ModelBroken($"lane {lane.Name} holds jobs and was forgotten");
        }
    }

    private void Check(string id, bool mustHaveEnded) => _truth.CheckStored(id, _store.Read(id), mustHaveEnded);
}
