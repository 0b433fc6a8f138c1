using System.Collections.Frozen;
using OrleansJobs.Hosting;
using OrleansJobs.HttpCalls;
using OrleansJobs.Records;

namespace OrleansJobs.Webhooks;

/// <summary>Who is told of a job's end, by its submit and by the configuration.</summary>
internal sealed class WebhookRules
{
    private readonly HostList _hosts;
    private readonly bool _isOn;
    private readonly List<Rule> _rules = [];
    private readonly bool _hasProgressRules;

    /// <param name="errors">What is wrong with the options; the first is the option's name.</param>
    public WebhookRules(JobGridOptions options, Action<string, string>? errors = null)
    {
        var webhooks = options.Webhooks;
        _hosts = HostList.Parse(options.Http.Hosts);
        _isOn = webhooks.Secrets.Count > 0 && !_hosts.IsEmpty;
        for (var i = 0; i < webhooks.Secrets.Count; i++)
        {
            if (WebhookSignature.KeyOf(webhooks.Secrets[i]) is null) errors?.Invoke($"Secrets:{i}", "must be whsec_ and 24 to 64 bytes in base64");
        }

        if (webhooks.Rules.Count > 0 && !_isOn) errors?.Invoke("Rules", "need Webhooks:Secrets to sign with and Http:Hosts that may be called");
        for (var i = 0; i < webhooks.Rules.Count; i++)
        {
            var rule = webhooks.Rules[i];
            if (!NoticeWords.TryParse(rule.On, out var on)) errors?.Invoke($"Rules:{i}:On", "must be success, failure, end or progress");
            if (_isOn && _hosts.Check(rule.Url, out var wrong) is null) errors?.Invoke($"Rules:{i}:Url", $"cannot be called: {wrong}");
            _hasProgressRules |= (on & NoticeOn.Progress) != 0;
            _rules.Add(new(new JobNotice(rule.Url, on), rule.Types.ToFrozenSet(StringComparer.Ordinal), rule.Queues.ToFrozenSet(StringComparer.Ordinal)));
        }
    }

    /// <summary>There are calls that no submit asks for.</summary>
    public bool HasRules => _rules.Count > 0;

    /// <summary>What is wrong with what a submit asks for; nothing where nothing is.</summary>
    public SubmissionProblem[] Check(JobNotice[] notices)
    {
        if (notices.Length == 0) return [];
        if (!_isOn) return [new("/notify", "This grid is not configured to call anybody.")];
        var problems = new List<SubmissionProblem>();
        for (var i = 0; i < notices.Length; i++)
        {
            if (_hosts.Check(notices[i].Url, out var wrong) is null) problems.Add(new($"/notify/{i}/url", wrong!));
        }

        return [.. problems];
    }

    /// <param name="queue">The queue that it is in.</param>
    public bool IsFollowed(JobSpec spec, string queue) => spec.Type != WebhookJob.Name && _rules.Exists(rule => (rule.Notice.On & NoticeOn.End) != 0 && rule.Fits(spec, queue));

    /// <summary>Whom to call now that a job has ended; nobody is called of a call.</summary>
    public IEnumerable<string> UrlsFor(JobSpec spec, string queue, JobState state)
    {
        if (spec.Type == WebhookJob.Name) return [];
        return UrlsOf(spec, queue, state is JobState.Success ? NoticeOn.Success : NoticeOn.Failure);
    }

    /// <summary>Whom to call while a job goes on; null, as for nearly all: nobody.</summary>
    public string[]? ProgressUrlsOf(JobSpec spec, string queue)
    {
        if ((spec.Notify.Length == 0 && !_hasProgressRules) || !_isOn || spec.Type == WebhookJob.Name) return null;
        string[] urls = [.. UrlsOf(spec, queue, NoticeOn.Progress)];
        return urls.Length > 0 ? urls : null;
    }

    private IEnumerable<string> UrlsOf(JobSpec spec, string queue, NoticeOn on) =>
        spec.Notify.Concat(_rules.Where(rule => rule.Fits(spec, queue)).Select(rule => rule.Notice)).Where(notice => (notice.On & on) != 0).Select(notice => notice.Url).Distinct(StringComparer.Ordinal);

    private sealed record Rule(JobNotice Notice, FrozenSet<string> Types, FrozenSet<string> Queues)
    {
        public bool Fits(JobSpec spec, string queue) => (Types.Count == 0 || Types.Contains(spec.Type)) && (Queues.Count == 0 || Queues.Contains(queue));
    }
}
