using System.ComponentModel.DataAnnotations;

namespace OrleansJobs.Hosting;

/// <summary>How the grid tells others that jobs have ended. Section <c>JobGrid:Webhooks</c> of the configuration; whom it may call is said in <c>JobGrid:Http</c>.</summary>
public sealed class WebhookOptions
{
    /// <summary>
    /// What calls are signed with: <c>whsec_</c> and 24 to 64 bytes in base64, as Standard Webhooks has it. Two while one is replaced: calls carry a signature by each.
    /// None: there are no webhooks.
    /// </summary>
    public List<string> Secrets { get; set; } = [];

    /// <summary>Calls of a silo that run at a time; those beyond it wait without a slot. Null: a quarter of its slots, and two at least where it has them.</summary>
    [Range(1, 100_000)] public int? MaxCalls { get; set; }

    /// <summary>The same of calls to one host, port and scheme.</summary>
    /// <value>Default 4, and no more than half of <see cref="MaxCalls"/>.</value>
    [Range(1, 100_000)] public int? MaxCallsPerHost { get; set; }

    /// <summary>Calls that wait, over all partitions, of which each has its even share. An end beyond it is told nobody, and counted.</summary>
    /// <value>Default 1,000,000.</value>
    [Range(1, long.MaxValue)] public long MaxWaiting { get; set; } = 1_000_000;

    /// <summary>So long at least lies between two calls that tell one receiver how far one attempt of a job is.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan ProgressPace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Calls for jobs whose submits do not ask for them.</summary>
    public List<WebhookRule> Rules { get; set; } = [];

    /// <summary>How many calls run at a time on a silo of so many slots, and how many of them to one host.</summary>
    internal (int All, int PerHost) CallsOf(int slots)
    {
        var all = MaxCalls ?? Math.Min(slots, Math.Max(2, slots / 4));
        return (all, MaxCallsPerHost ?? Math.Clamp(all / 2, 1, 4));
    }
}

/// <summary>Which jobs' ends are told whom.</summary>
public sealed class WebhookRule
{
    public string Url { get; set; } = "";

    /// <summary><c>success</c>, <c>failure</c>, <c>end</c> or <c>progress</c>.</summary>
    /// <value>Default <c>end</c>.</value>
    public string On { get; set; } = "end";

    /// <summary>Of jobs of these types. Empty: of all.</summary>
    public List<string> Types { get; set; } = [];

    /// <summary>Of jobs in these queues. Empty: in all.</summary>
    public List<string> Queues { get; set; } = [];
}
