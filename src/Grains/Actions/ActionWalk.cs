using System.Text.Json.Serialization;

namespace OrleansJobs.Actions;

/// <summary>
/// How far an action has come: a value, stored before each page is acted on. It goes through the partitions one after the other, down the stamps of the jobs' submits,
/// which never change: so it meets each job once, whatever becomes of the jobs meanwhile.
/// </summary>
internal sealed record ActionWalk
{
    /// <summary>Refusals that are told in the result.</summary>
    public const int MostFailures = 20;

    /// <summary>Below which stamp the jobs of each partition are; 0: it is not walked. Null: it goes by ids.</summary>
    public long[]? Marks { get; init; }

    /// <summary>The same of an action that goes by ids, of the partitions that these are in; 0: none is there.</summary>
    public long[]? IdMarks { get; init; }

    /// <summary>The partition it is in, or the place in the ids.</summary>
    public int Place { get; init; }

    /// <summary>Only stamps below; null: the partition's mark.</summary>
    public long? Before { get; init; }

    /// <summary>The jobs that are being acted on: what comes before them is counted, they are not.</summary>
    public string[] Page { get; init; } = [];

    /// <summary>How many jobs there are to look at, at most.</summary>
    public long Bound { get; init; }
    public long LookedAt { get; init; }
    public long Done { get; init; }
    public long Skipped { get; init; }
    public long Failed { get; init; }
    public JobActionFailure[] Failures { get; init; } = [];

    /// <summary>Below which stamp it goes on in the partition that it is in.</summary>
    [JsonIgnore]
    public long BeforeNow => Before ?? Marks![Place];

    /// <summary>Below which stamp the jobs of a partition are that it may touch.</summary>
    public long MarkOf(int partition) => (Marks ?? IdMarks) is { } marks ? marks[partition] : 0;

    /// <param name="ids">How many, where it goes by ids.</param>
    public bool IsOver(int ids) => Page.Length == 0 && Place >= (Marks?.Length ?? ids);

    /// <summary>Past the partitions that are not walked.</summary>
    public ActionWalk Skip()
    {
        var place = Place;
        while (Marks is { } marks && place < marks.Length && marks[place] == 0) place++;
        return this with { Place = place };
    }

    /// <summary>A page of the partition has been read.</summary>
    /// <param name="lookedDownTo">Null: it was the partition's last.</param>
    public ActionWalk Read(string[] page, long? lookedDownTo, int lookedAt) => this with
    {
        Page = page, LookedAt = LookedAt + lookedAt, Place = lookedDownTo is null ? Place + 1 : Place, Before = lookedDownTo,
    };

    /// <summary>The next of the ids.</summary>
    public ActionWalk Take(string[] ids, int most)
    {
        var page = ids.AsSpan(Place, Math.Min(most, ids.Length - Place)).ToArray();
        return this with { Page = page, Place = Place + page.Length, LookedAt = LookedAt + page.Length };
    }

    /// <summary>The page has been acted on.</summary>
    public ActionWalk Acted(IReadOnlyList<ActedJob> jobs)
    {
        var failures = Failures;
        for (var i = 0; i < jobs.Count && failures.Length < MostFailures; i++)
        {
            if (jobs[i].Verdict == ActionVerdict.Failed) failures = [.. failures, new(Page[i], jobs[i].Detail ?? "")];
        }

        return this with
        {
            Page = [], Failures = failures,
            Done = Done + jobs.Count(job => job.Verdict == ActionVerdict.Done), Skipped = Skipped + jobs.Count(job => job.Verdict == ActionVerdict.Skipped),
            Failed = Failed + jobs.Count(job => job.Verdict == ActionVerdict.Failed),
        };
    }

    /// <summary>The page has been counted, and nothing is done to it.</summary>
    public ActionWalk Counted() => this with { Done = Done + Page.Length, Page = [] };

    public JobActionResult Result() => new(Done, Skipped, Failed) { Failures = Failures };
}
