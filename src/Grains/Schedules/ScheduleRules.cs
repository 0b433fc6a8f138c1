using Cronos;
using OrleansJobs.Hosting;

namespace OrleansJobs.Schedules;

/// <summary>The rules of schedules, as a pure function.</summary>
internal static class ScheduleRules
{
    private static readonly DateTimeOffset Farthest = new(2499, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>All that is wrong; nothing where it may be kept.</summary>
    public static SubmissionProblem[] Check(string id, ScheduleSpec spec, JobGridOptions options, DateTimeOffset now)
    {
        var limits = options.Limits;
        var problems = new List<SubmissionProblem>();
        void Problem(string pointer, string detail) => problems.Add(new(pointer, detail));

        if (!ScheduleLimits.IsId(id))
            Problem("/id", $"A schedule's id is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ - and not '{ScheduleLimits.ReservedId}', '.' or '..'.");
        var job = new JobSubmission
        {
            Id = "any", Type = spec.Type, Queue = spec.Queue, Args = spec.Args, Priority = spec.Priority, Tags = spec.Tags, Attempts = spec.Attempts,
            Timeout = spec.Timeout, Retention = spec.Retention, DeadlineAfter = spec.Deadline, Key = spec.Key, Weight = spec.Weight, Notify = spec.Notify,
        };
        var args = spec.IsFlow ? ScheduledFlow.Pointer : "/args";
        problems.AddRange(SubmissionRules.Check(job, limits, now).Select(problem => problem.Pointer == "/args" ? problem with { Pointer = args } : problem));
        if (spec.Args is { Length: > 0 } && ArgsTemplate.MistakeOf(spec.Args) is { } mistake) Problem(args, mistake);
        else if (spec.IsFlow) CheckFlow(spec, limits, now, problems);
        if (!spec.IsFlow && SubmissionRules.CheckOwnNames(spec.Type, spec.Queue) is { } reserved) problems.Add(reserved);
        CheckTimes(spec, Problem);
        CheckBounds(spec, Problem);
        CheckLateness(spec, (long)options.MissedAfter.TotalMilliseconds, Problem);
        return [.. problems];
    }

    /// <summary>What is wrong with one that is to be made, and of which no instant would ever come; null where one does.</summary>
    /// <param name="spec">Breaks no other rule.</param>
    public static SubmissionProblem? CheckComes(ScheduleSpec spec, long now) => new ScheduleTimes(spec, AnchorOf(spec, now)).After(now - 1) is not null
        ? null
        : new(spec.End is null ? "/start" : "/end", "No instant would ever come: give an end behind the first, which is not in the past.");

    /// <summary>Periods that nobody has anchored begin with a whole second.</summary>
    public static long AnchorOf(ScheduleSpec spec, long otherwise) => spec.Anchor ?? spec.Start ?? otherwise / 1000 * 1000;

    /// <summary>What is wrong with its instants alone, as forms ask.</summary>
    public static SubmissionProblem[] CheckInstants(ScheduleSpec spec)
    {
        var problems = new List<SubmissionProblem>();
        void Problem(string pointer, string detail) => problems.Add(new(pointer, detail));
        CheckTimes(spec, Problem);
        CheckBounds(spec, Problem);
        return [.. problems];
    }

    private static void CheckFlow(ScheduleSpec spec, JobLimits limits, DateTimeOffset now, List<SubmissionProblem> problems)
    {
        problems.AddRange(ScheduledFlow.Check(spec.Args, limits, now));
        if (spec.Queue != FlowGraph.RunQueue || spec.Priority != FlowGraph.RunPriority || spec.Attempts is not null || spec.Timeout is not null || spec.Key is not null)
            problems.Add(new(ScheduledFlow.Pointer, "Where and how a flow itself runs is the grid's choice: its jobs have a queue, a priority, a key, attempts and a timeout."));
    }

    private static void CheckTimes(ScheduleSpec spec, Action<string, string> problem)
    {
        if (spec.Cron is null == spec.Every is null) problem(spec.Cron is null ? "/cron" : "/every", "Give either cron or every: {\"cron\":\"30 2 * * MON-FRI\"} or {\"every\":420}.");
        if (spec.Anchor is not null && spec.Every is null) problem("/anchor", "An anchor is what every counts from; cron has none.");
        if (spec.Anchor is { } anchor && (anchor < 0 || anchor > Farthest.ToUnixTimeMilliseconds())) problem("/anchor", "An anchor is an instant between 1970 and 2499.");
        if (spec.Every is { } every && (every < ScheduleLimits.MinEvery.TotalMilliseconds || every > ScheduleLimits.MaxEvery.TotalMilliseconds))
            problem("/every", $"A period is {ScheduleLimits.MinEvery.TotalSeconds:0} to {ScheduleLimits.MaxEvery.TotalSeconds:0} seconds.");
        try
        {
            if (spec.Zone is not null) Zones.Find(spec.Zone);
        }
        catch (TimeZoneNotFoundException)
        {
            problem("/zone", $"There is no time zone '{Shown(spec.Zone!)}'; a zone is an IANA name such as Europe/Berlin, America/New_York or UTC.");
        }

        if (spec.Cron is null) return;
        try
        {
            var cron = CronText.Parse(spec.Cron);
            if (cron.GetNextOccurrence(DateTime.UnixEpoch) is null) problem("/cron", $"'{Shown(spec.Cron)}' names no instant that ever comes.");
        }
        catch (CronFormatException exception)
        {
            problem("/cron", $"'{Shown(spec.Cron)}': {exception.Message.TrimEnd('.')}. For example, {CronText.Example}.");
        }
    }

    private static void CheckBounds(ScheduleSpec spec, Action<string, string> problem)
    {
        var farthest = Farthest.ToUnixTimeMilliseconds();
        if (spec.Start is { } start && (start < 0 || start > farthest)) problem("/start", "A start is an instant between 1970 and 2499.");
        if (spec.End is { } end && (end < 0 || end > farthest)) problem("/end", "An end is an instant between 1970 and 2499.");
        if (spec.Start > spec.End) problem("/end", "The end is before the start.");
        if (spec.Count is { } count && (count < 1 || count > ScheduleLimits.MaxCount)) problem("/count", $"A count is 1 to {ScheduleLimits.MaxCount}.");
        if (spec.Jitter < 0 || spec.Jitter > ScheduleLimits.MaxJitter.TotalMilliseconds) problem("/jitter", $"Jitter is 0 to {ScheduleLimits.MaxJitter.TotalSeconds:0} seconds.");
    }

    private static void CheckLateness(ScheduleSpec spec, long missedAfter, Action<string, string> problem)
    {
        var longest = ScheduleLimits.MaxLateness;
        if (!Enum.IsDefined(spec.Overlap)) problem("/overlap", "Overlap is skip, queue, all, cancel or replace.");
        if (!Enum.IsDefined(spec.Missed)) problem("/missed", "Missed is one, all or none.");
        if (spec.MissedAfter is { } after && (after < 1000 || after > longest.TotalMilliseconds)) problem("/missedAfter", $"It is 1 to {longest.TotalSeconds:0} seconds.");
        if (spec.MissedWithin is { } within && (within < 1000 || within > longest.TotalMilliseconds)) problem("/missedWithin", $"It is 1 to {longest.TotalSeconds:0} seconds.");
        if (spec.MissedWithin is not null && spec.Missed != ScheduleMissed.All) problem("/missedWithin", "It says which missed instants 'all' serves; give missed 'all' with it.");
        if (spec.Missed != ScheduleMissed.All) return;
        var (late, last) = (spec.MissedAfter ?? missedAfter, spec.MissedWithin ?? (long)ScheduleLimits.MissedWithin.TotalMilliseconds);
        if (last <= late)
            problem("/missedWithin", $"Of instants that are missed when more than {late / 1000m:0.###} s late, 'all' serves those at most {last / 1000m:0.###} s late, which is none: it has to be more than missedAfter.");
    }

    private static string Shown(string text) => text.Length <= ScheduleLimits.MaxCronLength ? text : text[..ScheduleLimits.MaxCronLength] + "…";

    /// <returns>What is wrong with the range of a backfill; null: nothing.</returns>
    public static string? CheckRange(long from, long to, long now) =>
        to < from ? "The range ends before it begins."
        : to > now ? "A backfill is of instants that have passed; this range ends in the future."
        : null;

    public static string TooLongRange(int most, long last) =>
        $"The range holds more than {most} instants, which is the most that one backfill submits; the first {most} end at {ArgsTemplate.Text(last)}.";
}
