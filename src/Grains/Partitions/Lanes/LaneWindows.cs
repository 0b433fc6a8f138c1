using System.Runtime.InteropServices;
using OrleansJobs.Hosting;
using OrleansJobs.Lending;

namespace OrleansJobs.Partitions;

/// <summary>What memory holds of the lanes: how pages come in, how many bytes of waiting jobs there may be, and what can be said of those in memory.</summary>
internal sealed class LaneWindows(LaneIndex index, JobBook jobs, JobGridOptions options)
{
    private long _bytes;

    /// <summary>A page of a lane has been read.</summary>
    public void EndRead(Lane lane, LaneEntry[] page, bool isLast)
    {
        foreach (var job in lane.EndRead(page, isLast, entry => jobs.Resolve(lane, entry))) jobs.LetGo(job);
        Trim();
    }

    /// <summary>The page could not be read; it is asked for again while the window runs low.</summary>
    public void AbandonRead(Lane lane)
    {
        foreach (var job in lane.AbandonRead()) jobs.LetGo(job);
    }

    /// <summary>Bytes of records that the next page may bring: a share of what is left, since many lanes may be read at a time. 0: places in the lane alone.</summary>
    /// <param name="reads">How many pages are read at a time, at most.</param>
    public int PageBudget(int reads)
    {
        var sharers = Math.Clamp(index.LowCount + index.Reading.Count, 1, reads);
        return (int)Math.Clamp((options.WindowBytes - _bytes) / sharers, 0, options.WindowBytes / 4);
    }

    /// <summary>Counts the bytes of a job while it waits with its record in memory, and only then: of what runs memory cannot let go.</summary>
    public void Weigh(LiveJob job)
    {
        var weight = job is { Place: JobPlace.Waiting, Spec: { } spec } ? spec.Args.Length : 0;
        _bytes += weight - job.Weight;
        job.Weight = weight;
    }

    /// <summary>Memory has let go of the job.</summary>
    public void Drop(LiveJob job)
    {
        _bytes -= job.Weight;
        job.Weight = 0;
    }

    /// <summary>Keeps the windows within their bounds, of jobs and of bytes.</summary>
    public void Trim()
    {
        foreach (var lane in index.TakeGrown())
        {
            while (lane.Trim() is { } job) jobs.LetGo(job);
        }

        if (_bytes <= options.WindowBytes) return;
        // Well below the bound, so that the walk over all lanes is paid for by the bytes that must come before the next one.
        var target = options.WindowBytes - options.WindowBytes / 4;
        foreach (var lane in index.All)
        {
            foreach (var job in lane.Window.Reverse())
            {
                if (_bytes <= target) return;
                // Whoever has pinned it is about to decide something, and needs its record for that.
                if (job.Spec is null || !job.IsSettled || jobs.IsPinned(job.Id)) continue;
                job.Spec = null;
                Weigh(job);
            }
        }
    }

    /// <summary>
    /// When the next job falls due after now, or now where one has of which nobody was told; null where none will. What is due already waits for a slot, not for the clock.
    /// </summary>
    /// <param name="withNews">False: what is ready and was told to nobody is about to be.</param>
    public long? NextDue(long now, bool withNews = true)
    {
        index.Advance(now);
        return withNews && index.HasNews ? now : index.NextDue;
    }

    /// <summary>For how long the job that waits longest has been due, in milliseconds, as far as memory knows.</summary>
    public long OldestWaiting(long now)
    {
        index.Advance(now);
        var oldest = now;
        foreach (var lane in index.Ready()) oldest = Math.Min(oldest, lane.First!.Due);
        return now - oldest;
    }

    /// <summary>Jobs that are due and wait, by queue and type; of a lane whose window does not reach the present, as many as the store last said.</summary>
    public JobCount[] CountDue(long now)
    {
        index.Advance(now);
        var due = new Dictionary<(string, string), long>();
        Dictionary<QueueLine, long>? left = null;
        foreach (var lane in index.Ready())
            CollectionsMarshal.GetValueRefOrAddDefault(due, (lane.Queue, lane.Type), out _) += CountDue(lane, now, ref left);
        return [.. due.Select(lane => new JobCount(JobState.Pending, lane.Key.Item1, lane.Key.Item2, lane.Value))];
    }

    /// <summary>
    /// What a key holds back needs no worker, nor what the limits of its queue do: of those as many are counted as have been lent what they need, over all lanes together.
    /// </summary>
    private static long CountDue(Lane lane, long now, ref Dictionary<QueueLine, long>? left)
    {
        var due = lane.Line is { } line ? Math.Min(lane.CountDue(now), line.Limits.Room) : lane.CountDue(now);
        if (lane.Limit is not { } limit) return due;
        left ??= [];
        if (!left.TryGetValue(limit, out var more)) more = limit.Offered;
        due = Math.Min(due, more);
        left[limit] = more - due;
        return due;
    }

    /// <summary>Lanes of which memory cannot tell how many jobs are due: all in the window are, and there are more behind it.</summary>
    public List<Lane> DueBeyond(long now)
    {
        index.Advance(now);
        return [.. index.Ready().Where(lane => lane.Line is null && lane.IsDueBeyondWindow(now))];
    }
}
