namespace OrleansJobs.Faults.Histories;

/// <summary>When a binding was there, as the one who put and deleted it knows.</summary>
/// <param name="MayFrom">The put was sent.</param>
/// <param name="MustFrom">The put was answered.</param>
/// <param name="MustUntil">The delete was sent; for ever where none was.</param>
/// <param name="MayUntil">The delete was answered.</param>
internal sealed record BindingSpan(string Binding, long MayFrom, long MustFrom, long MustUntil = long.MaxValue, long MayUntil = long.MaxValue);

/// <summary>A publish that was answered: for which bindings it made a job, or found it.</summary>
internal sealed record PublishedMark(string Event, long SentAt, long AnsweredAt, IReadOnlyDictionary<string, string> Jobs);

/// <summary>Holds what publishes were answered with against what was bound, by the instants alone.</summary>
internal static class TopicChecker
{
    /// <summary>An event finds each binding that was there all the time while it was published, and none that was not there at all.</summary>
    /// <param name="spans">Of the bindings whose patterns the event's key fits.</param>
    public static IEnumerable<Violation> Bindings(IEnumerable<PublishedMark> marks, IReadOnlyList<BindingSpan> spans)
    {
        foreach (var mark in marks)
        {
            foreach (var missing in spans.Where(span => span.MustFrom < mark.SentAt && span.MustUntil > mark.AnsweredAt && !mark.Jobs.ContainsKey(span.Binding)))
                yield return new(Rules.BindingMissed, mark.Event, $"it has no job of '{missing.Binding}', which was bound");
            foreach (var (binding, job) in mark.Jobs)
            {
                if (!spans.Any(span => span.Binding == binding && span.MayFrom < mark.AnsweredAt && span.MayUntil > mark.SentAt))
                    yield return new(Rules.BindingGone, mark.Event, $"it has the job '{job}' of '{binding}', which was not bound");
            }
        }
    }

    /// <summary>However often an event is published, a binding has one job of it.</summary>
    public static IEnumerable<Violation> Once(IEnumerable<PublishedMark> marks)
    {
        foreach (var told in marks.SelectMany(mark => mark.Jobs.Select(job => (mark.Event, Binding: job.Key, Job: job.Value))).Distinct().GroupBy(job => (job.Event, job.Binding)))
        {
            if (told.Count() > 1) yield return new(Rules.EventTwice, told.Key.Event, $"of '{told.Key.Binding}' it has {string.Join(" and ", told.Select(job => job.Job))}");
        }
    }
}
