using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Records;
using OrleansJobs.Trials;

namespace OrleansJobs.Partitions;

/// <summary>
/// Of which jobs it is to be suspected that they kill silos, by the crashes they were present at and by what others are known to have caused. Being there when
/// others killed is no proof: a conviction takes a crash at which the job was alone on its silo, or so many in company that it does not matter any more.
/// </summary>
internal sealed class Suspicion(JobGridOptions options)
{
    private readonly ExplainedCrashes _explained = [];

    /// <summary>Somebody is convicted of the loss of these silos.</summary>
    /// <returns>Whether any of them is news.</returns>
    public bool Explain(IEnumerable<string> silos) => _explained.Add(silos);

    public bool IsSuspect(JobTrack track) => track.Losses.Length > 0 && Unexplained(track).Count() >= Math.Max(1, options.PoisonCrashes - 1);

    public IEnumerable<string> Unexplained(JobTrack track) => track.Losses.Where(silo => !_explained.Contains(silo));

    /// <summary>Whether a job is guilty, now that the silo it runs on is lost.</summary>
    public bool IsKiller(JobTrack track)
    {
        var bound = Sabotage.IsOff(Safeguard.Trial) ? options.PoisonCrashes : options.PoisonCrashesInCompany;
        return track.Trial is TrialState.Alone || track.Losses.Append(track.Silo!).Count(silo => !_explained.Contains(silo)) >= bound;
    }
}
