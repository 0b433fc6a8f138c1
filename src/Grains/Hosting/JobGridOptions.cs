using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OrleansJobs.HttpCalls;
using OrleansJobs.Logs;
using OrleansJobs.Webhooks;

namespace OrleansJobs.Hosting;

/// <summary>How a silo runs its share of the grid. Section <c>JobGrid</c> of the configuration; validated at start.</summary>
public sealed class JobGridOptions
{
    public const string Section = "JobGrid";

    /// <summary>Partitions of the grid; written to the store at its first start and the same ever after.</summary>
    /// <value>Default 32; 1 to 1,024.</value>
    [Range(1, 1024)] public int Partitions { get; set; } = 32;

    /// <summary>Handlers that may run on this silo at a time.</summary>
    /// <value>Default 16 per core; 1 to 100,000.</value>
    [Range(1, 100_000)] public int Slots { get; set; } = 16 * Environment.ProcessorCount;

    /// <summary>Queues that this silo serves, with how many of its slots each may take at most. Empty: all queues, with all slots.</summary>
    public Dictionary<string, int> Queues { get; set; } = [];

    /// <summary>Bounds on what submits may ask for.</summary>
    public JobLimits Limits { get; set; } = new();

    /// <summary>Bounds on what flows may start and remember.</summary>
    public FlowLimits Flows { get; set; } = new();

    /// <summary>Letters to other partitions that one partition holds; beyond it nothing is begun that would write others: submits that need one are refused, and flows wait.</summary>
    /// <value>Default 100,000.</value>
    [Range(1, 10_000_000)] public int MaxLetters { get; set; } = 100_000;

    /// <summary>What applies where neither submit nor handler says otherwise.</summary>
    public RetryPolicy Retry { get; set; } = new();

    /// <value>How long a finished job is kept where it succeeded or was cancelled; default 24 h.</value>
    public TimeSpan SuccessRetention { get; set; } = TimeSpan.FromHours(24);

    /// <value>How long a finished job is kept where it failed; default 7 days.</value>
    public TimeSpan FailureRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Crashes of silos that make a job a killer, if at the last of them it was alone on its silo: one less, but at least one, make it a suspect, which
    /// runs alone from then on. Those that are another's fault do not count. A killer fails as poison.
    /// </summary>
    /// <value>Default 3; 1 to 100.</value>
    [Range(1, 100)] public int PoisonCrashes { get; set; } = 3;

    /// <summary>Crashes that a job may be present at in company and without anybody else's fault; at the last of them it fails as poison, guilty or not.</summary>
    /// <value>Default 15; 2 to 100.</value>
    [Range(2, 100)] public int PoisonCrashesInCompany { get; set; } = 15;

    /// <summary>
    /// How long this silo takes nothing else, so that suspects can run alone. One silo of the grid at a time does so, and the same one again only after as
    /// long. Where what runs takes longer than that, one suspect at a time runs among others.
    /// </summary>
    /// <value>Default 60 s; more than zero.</value>
    public TimeSpan TrialTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Jobs that have not ended, over all partitions; beyond it submits are refused.</summary>
    /// <value>Default 100,000,000.</value>
    [Range(1, long.MaxValue)] public long MaxBacklog { get; set; } = 100_000_000;

    /// <summary>Submits that one partition holds while the store has not acknowledged them; beyond it submits are refused.</summary>
    /// <value>Default 20,000.</value>
    [Range(1, 1_000_000)] public int MaxPendingSubmits { get; set; } = 20_000;

    /// <summary>How long a submit waits for the store before it is answered as unavailable.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan SubmitDeadline { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Waiting jobs of one lane that a partition holds in memory; the rest stays in the store.</summary>
    /// <value>Default 256; 16 to 100,000.</value>
    [Range(16, 100_000)] public int WindowJobs { get; set; } = 256;

    /// <summary>Bytes of job records that one partition holds in memory for jobs that wait.</summary>
    /// <value>Default 4 MiB.</value>
    [Range(1 << 16, 1 << 30)] public int WindowBytes { get; set; } = 4 << 20;

    /// <summary>Bytes of arguments in the submits that one partition holds while the store has not acknowledged them; beyond it submits are refused.</summary>
    /// <value>Default 64 MiB. A single submit is taken however large it is.</value>
    [Range(1, 1L << 40)] public long MaxPendingSubmitBytes { get; set; } = 64 << 20;

    /// <summary>Combinations of queue, priority and type that wait in one partition at a time; a submit that would open another is refused.</summary>
    /// <value>Default 100,000.</value>
    [Range(1, 1_000_000)] public int MaxLanes { get; set; } = 100_000;

    /// <summary>How many of <see cref="MaxLanes"/> the jobs of one API key may open, since names of queues are anybody's to make up.</summary>
    /// <value>Default 25,000.</value>
    [Range(1, 1_000_000)] public int MaxLanesPerKey { get; set; } = 25_000;

    /// <summary>Rules of keys where none was put by HTTP or by a client: by prefix, or by key (<c>prefix/name</c>). The same on all silos.</summary>
    public Dictionary<string, KeyRuleOptions> Keys { get; set; } = [];

    /// <summary>Names of keys of which one partition keeps a rule or a pause; beyond it no new one is taken.</summary>
    /// <value>Default 100,000.</value>
    [Range(1, 10_000_000)] public int MaxKeyRules { get; set; } = 100_000;

    /// <summary>Limits of queues where none were put by HTTP or by a client, by queue. The same on all silos.</summary>
    public Dictionary<string, QueueLimitOptions> QueueLimits { get; set; } = [];

    /// <summary>Queues that may have limits; beyond it no others are taken.</summary>
    /// <value>Default 1,000.</value>
    [Range(1, 100_000)] public int MaxQueueLimits { get; set; } = 1000;

    /// <summary>Which application this silo is part of: schedules that its code declares are the application's. Null: the name of the program.</summary>
    public string? Application { get; set; }

    /// <summary>
    /// Which release of <see cref="Application"/> this silo is: what schedules it declares counts unless a higher one has declared them. Compared part by part, as
    /// numbers where both are some. Null: the version of the program.
    /// </summary>
    public string? Release { get; set; }

    /// <summary>Schedules, over all partitions; beyond it no new one is taken.</summary>
    /// <value>Default 1,000,000.</value>
    [Range(1, 100_000_000)] public long MaxSchedules { get; set; } = 1_000_000;

    /// <summary>How late an instant of a schedule is missed, where the schedule does not say so itself.</summary>
    /// <value>Default 60 s; more than zero.</value>
    public TimeSpan MissedAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Instants that one backfill of a schedule submits; a longer range is refused.</summary>
    /// <value>Default 1,000.</value>
    [Range(1, ScheduleLimits.MaxOpen)] public int MaxBackfill { get; set; } = 1000;

    /// <summary>
    /// How often what was told one way and has had no answer is told again, such as that there is work, that a queue is open or that a job is to be
    /// cancelled: notices may be lost.
    /// </summary>
    /// <value>Default 1 minute.</value>
    public TimeSpan NoticePeriod { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often at most the progress of a running job is carried to those who watch it.</summary>
    /// <value>Default 250 ms.</value>
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often at most the progress of a running job is written to the store, so that it outlives its silo.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan ProgressSaveInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long handlers may go on when the silo is told to stop, before they are cancelled.</summary>
    /// <value>Default 30 s. The host's shutdown time-out is raised to <see cref="ShutdownTime"/> by itself; what kills the process must wait longer.</value>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a cancelled handler may take to return before its job ends without it and its slot counts as stuck.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan CancelGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The sessions of workers outside of the silos.</summary>
    public OutsideOptions Outside { get; set; } = new();

    /// <summary>What is kept of what handlers log.</summary>
    public LogOptions Logs { get; set; } = new();

    /// <summary>Whom silos may call over HTTP.</summary>
    public HttpCallOptions Http { get; set; } = new();

    /// <summary>Bounds of what is made of events.</summary>
    public TopicOptions Topics { get; set; } = new();

    /// <summary>Who is told of jobs' ends.</summary>
    public WebhookOptions Webhooks { get; set; } = new();

    /// <summary>Share of the store's memory limit from which on submits are refused, so that running jobs can still finish.</summary>
    /// <value>Default 0.9; 0.1 to 1.</value>
    [Range(0.1, 1.0)] public double FullAt { get; set; } = 0.9;

    /// <summary>
    /// How far this silo's clock may be from the store's. Beyond it the silo is not ready, and starts, expires and purges no jobs until the two agree; a
    /// silo does not start like that. The store has to answer within half of it to be heard.
    /// </summary>
    /// <value>Default 5 s.</value>
    public TimeSpan ClockTolerance { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What stopping may take: handlers go on, are cancelled and return, then the partitions close and move.</summary>
    public TimeSpan ShutdownTime => DrainTime + CancelGrace + TimeSpan.FromSeconds(15);
}

/// <summary>Rules across options; the error names the option, the rule and the value.</summary>
internal sealed class JobGridOptionsValidator : IValidateOptions<JobGridOptions>
{
    /// <summary>Timers take 49.7 days at most, and that of an attempt is set to its timeout and the grace after it.</summary>
    private static readonly TimeSpan LongestAttempt = TimeSpan.FromDays(49);

    public ValidateOptionsResult Validate(string? name, JobGridOptions options)
    {
        var errors = new List<string>();
        CheckAttributes(options, "", errors);
        CheckAttributes(options.Limits, "Limits:", errors);
        CheckAttributes(options.Flows, "Flows:", errors);
        CheckAttributes(options.Outside, "Outside:", errors);
        Positive(options.Outside.Heartbeat, "Outside:Heartbeat");
        if (options.Outside.Heartbeat > OutsideOptions.MaxHeartbeat) Error("Outside:Heartbeat", $"must be at most {OutsideOptions.MaxHeartbeat}", options.Outside.Heartbeat);
        CheckAttributes(options.Logs, "Logs:", errors);
        Positive(options.Logs.Interval, "Logs:Interval");
        CheckAttributes(options.Http, "Http:", errors);
        Positive(options.Http.Timeout, "Http:Timeout");
        Positive(options.Http.MaxTimeout, "Http:MaxTimeout");
        if (options.Http.Timeout > options.Http.MaxTimeout) Error("Http:Timeout", $"must be at most Http:MaxTimeout ({options.Http.MaxTimeout})", options.Http.Timeout);
        if (options.Http.MaxTimeout > LongestAttempt) Error("Http:MaxTimeout", $"must be at most {LongestAttempt}", options.Http.MaxTimeout);
        Positive(options.Http.ReportWithin, "Http:ReportWithin");
        if (options.Http.ReportTo is { } reportTo && !(reportTo is { IsAbsoluteUri: true, Scheme: "http" or "https", UserInfo.Length: 0, Query.Length: 0, Fragment.Length: 0 }))
            Error("Http:ReportTo", "must be an http or https URL without user, password, query and fragment", reportTo.IsAbsoluteUri ? reportTo.GetLeftPart(UriPartial.Path) : reportTo);
        HostList.Parse(options.Http.Hosts, wrong => errors.Add($"{JobGridOptions.Section}:Http:Hosts: {wrong}"));
        AddressRules.Parse(options.Http.AllowNetworks, errors: wrong => errors.Add($"{JobGridOptions.Section}:Http:AllowNetworks: {wrong}"));
        AddressRules.Parse([], options.Http.DenyNetworks, wrong => errors.Add($"{JobGridOptions.Section}:Http:DenyNetworks: {wrong}"));
        if (options.Http.Proxy is { } proxy)
        {
            // The value is not shown: it may hold a password.
            if (proxy.IsAbsoluteUri && proxy.UserInfo.Length > 0) errors.Add($"{JobGridOptions.Section}:Http:Proxy must be a URL without user and password, which would not be used.");
            else if (!(proxy.IsAbsoluteUri && proxy.Scheme is "http" or "https")) Error("Http:Proxy", "must be an http or https URL", proxy);
        }

        CheckAttributes(options.Topics, "Topics:", errors);
        CheckAttributes(options.Webhooks, "Webhooks:", errors);
        Positive(options.Webhooks.ProgressPace, "Webhooks:ProgressPace");
        _ = new WebhookRules(options, (option, rule) => errors.Add($"{JobGridOptions.Section}:Webhooks:{option} {rule}."));
        Positive(options.SuccessRetention, nameof(options.SuccessRetention));
        Positive(options.FailureRetention, nameof(options.FailureRetention));
        Positive(options.SubmitDeadline, nameof(options.SubmitDeadline));
        Positive(options.ProgressInterval, nameof(options.ProgressInterval));
        Positive(options.ProgressSaveInterval, nameof(options.ProgressSaveInterval));
        Positive(options.NoticePeriod, nameof(options.NoticePeriod));
        Positive(options.DrainTime, nameof(options.DrainTime));
        Positive(options.CancelGrace, nameof(options.CancelGrace));
        Positive(options.ClockTolerance, nameof(options.ClockTolerance));
        Positive(options.TrialTime, nameof(options.TrialTime));
        Positive(options.MissedAfter, nameof(options.MissedAfter));
        if (options.Application is { } application && !SubmissionRules.IsName(application))
            Error(nameof(options.Application), $"must be 1 to {JobLimits.MaxNameLength} of A-Z a-z 0-9 . _ -", application);
        if (options.Release is { Length: 0 or > JobLimits.MaxNameLength } release) Error(nameof(options.Release), $"must have 1 to {JobLimits.MaxNameLength} characters", release);
        Positive(options.Limits.MaxDelay, "Limits:MaxDelay");
        Positive(options.Limits.MaxRetention, "Limits:MaxRetention");
        Positive(options.Limits.MaxTimeout, "Limits:MaxTimeout");
        if (options.Limits.MaxTimeout > LongestAttempt - options.CancelGrace)
            Error("Limits:MaxTimeout", $"and {nameof(options.CancelGrace)} ({options.CancelGrace}) together must be at most {LongestAttempt}", options.Limits.MaxTimeout);
        Positive(options.Retry.FirstDelay, "Retry:FirstDelay");
        Positive(options.Retry.Ceiling, "Retry:Ceiling");
        foreach (var (queue, slots) in options.Queues)
        {
            if (!SubmissionRules.IsName(queue)) Error($"Queues:{queue}", "is not a queue name: 1 to 64 of A-Z a-z 0-9 . _ -", queue);
            if (slots < 1 || slots > options.Slots) Error($"Queues:{queue}", $"must be 1 to Slots ({options.Slots})", slots);
        }

        foreach (var (key, rule) in options.Keys)
        {
            if (!JobKeys.IsKey(key)) Error($"Keys:{key}", "is neither a key nor a prefix of keys", key);
            foreach (var problem in rule.ToRule().Check()) errors.Add($"{JobGridOptions.Section}:Keys:{key}: {problem.Detail}");
        }

        if (options.QueueLimits.Count > options.MaxQueueLimits) Error(nameof(options.QueueLimits), $"has more queues than {nameof(options.MaxQueueLimits)} allows", options.QueueLimits.Count);
        foreach (var (queue, limits) in options.QueueLimits)
        {
            if (!SubmissionRules.IsName(queue) || SubmissionRules.IsReserved(queue)) Error($"QueueLimits:{queue}", "is not a queue name: 1 to 64 of A-Z a-z 0-9 . _ -", queue);
            foreach (var problem in limits.ToLimits().Check()) errors.Add($"{JobGridOptions.Section}:QueueLimits:{queue}: {problem.Detail}");
        }

        if (options.Retry.Attempts < 1 || options.Retry.Attempts > options.Limits.MaxAttempts)
            Error("Retry:Attempts", $"must be 1 to Limits:MaxAttempts ({options.Limits.MaxAttempts})", options.Retry.Attempts);
        if (!(options.Retry.Factor is >= 1 and <= 100)) Error("Retry:Factor", "must be 1 to 100", options.Retry.Factor);
        if (!(options.Retry.Jitter is >= 0 and <= 1)) Error("Retry:Jitter", "must be 0 to 1", options.Retry.Jitter);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Error(string option, string rule, object value) => errors.Add($"{JobGridOptions.Section}:{option} {rule}; it is {value}.");

        void Positive(TimeSpan value, string option)
        {
            if (value <= TimeSpan.Zero) Error(option, "must be more than zero", value);
        }
    }

    private static void CheckAttributes(object options, string prefix, List<string> errors)
    {
        var results = new List<ValidationResult>();
        if (Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true)) return;
        foreach (var result in results)
        {
            var member = result.MemberNames.First();
            errors.Add($"{JobGridOptions.Section}:{prefix}{member} is {options.GetType().GetProperty(member)!.GetValue(options)}: {result.ErrorMessage}");
        }
    }
}
