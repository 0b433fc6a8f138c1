using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// Workers elsewhere that went away with nothing and wait to be told. Being told gets lost now and then, so whoever was told and has not come
/// is told once more when asked for <see cref="TellAgain"/>.
/// </summary>
internal sealed class HungryWorkers
{
    private readonly Dictionary<SiloAddress, Hungry> _workers = [];

    public IReadOnlyCollection<SiloAddress> Silos => _workers.Keys;

    /// <summary>A worker has come, and knows from the answer what there is for it. One that knows no types is about to stop.</summary>
    /// <param name="ready">How many more jobs it could have had.</param>
    /// <param name="heldBack">It was told that there are jobs which it could have, were it not for its closed queues; it comes when that changes.</param>
    /// <param name="suspects">It was told that there are suspects; it comes when it stands empty.</param>
    public void Came(WorkerProfile worker, int ready, bool heldBack, bool suspects = false)
    {
        if (ready == 0 && worker.Types.Length > 0) _workers[worker.Silo] = new Hungry(worker, heldBack, suspects);
        else _workers.Remove(worker.Silo);
    }

    public void Forget(SiloAddress silo) => _workers.Remove(silo);

    /// <summary>Whom to tell of a lane: one for each of its ready jobs, and whoever must learn that something is kept from it.</summary>
    public List<SiloAddress> ToTellOf(Lane lane, int ready)
    {
        var told = new List<SiloAddress>();
        foreach (var worker in _workers.Values)
        {
            if (worker.IsTold) continue;
            switch (LaneFit.Of(worker.Profile, lane))
            {
                case Fit.Open when lane.Suspects:
                    if (worker.KnowsOfSuspects) continue;
                    break;
                case Fit.Open when ready > 0:
                    ready--;
                    break;
                // As it was when it came. If it does not know that something waits for its queue to open, it would not come when it does.
                case Fit.HeldBack when !worker.KnowsOfHeldBack:
                    break;
                default:
                    continue;
            }

            worker.IsTold = true;
            told.Add(worker.Profile.Silo);
        }

        return told;
    }

    /// <summary>Whom to tell for whom there is something among all that is ready.</summary>
    public List<SiloAddress> ToTellOf(LaneIndex lanes, long now)
    {
        var told = new List<SiloAddress>();
        foreach (var worker in _workers.Values.Where(worker => !worker.IsTold))
        {
            var ready = lanes.CountFor(worker.Profile, now, 1, null, out var heldBack);
            var isNews = (heldBack && !worker.KnowsOfHeldBack) || (!worker.KnowsOfSuspects && lanes.HasSuspectsFor(worker.Profile, now));
            if (ready == 0 && !isNews) continue;
            worker.IsTold = true;
            told.Add(worker.Profile.Silo);
        }

        return told;
    }

    /// <summary>Whoever was told and has not come may not have heard it.</summary>
    public void TellAgain()
    {
        foreach (var worker in _workers.Values) worker.IsTold = false;
    }

    private sealed class Hungry(WorkerProfile profile, bool knowsOfHeldBack, bool knowsOfSuspects)
    {
        public WorkerProfile Profile { get; } = profile;
        public bool KnowsOfHeldBack { get; } = knowsOfHeldBack;
        public bool KnowsOfSuspects { get; } = knowsOfSuspects;
        public bool IsTold { get; set; }
    }
}
