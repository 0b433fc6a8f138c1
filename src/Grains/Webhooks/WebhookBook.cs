using System.Security.Cryptography;
using System.Text;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;

namespace OrleansJobs.Webhooks;

/// <summary>
/// Who is to be told of the ends of jobs. A call is a job of this partition, submitted in the decision by which the other one ends: none is lost, and none is
/// made of an end that was never stored.
/// </summary>
internal sealed class WebhookBook
{
    /// <summary>Over two and a half days.</summary>
    public static readonly RetryPolicy Retry = new() { Attempts = 14, FirstDelay = TimeSpan.FromSeconds(5), Factor = 3, Ceiling = TimeSpan.FromHours(12) };

    private static readonly string LaneName = Lane.NameOf(WebhookJob.Queue, WebhookJob.Priority, WebhookJob.Name, suspects: false, null);

    private readonly int _partition;
    private readonly JobBook _jobs;
    private readonly JobGridOptions _options;
    private readonly WebhookRules _rules;

    public WebhookBook(int partition, JobBook jobs, JobGridOptions options)
    {
        (_partition, _jobs, _options, _rules) = (partition, jobs, options, new WebhookRules(options));
        if (_rules.HasRules) jobs.IsFollowedToo = _rules.IsFollowed;
        jobs.ToldOfProgress = _rules.ProgressUrlsOf;
        jobs.Ended += OnEnded;
    }

    /// <summary>What is wrong with what a submit, or a schedule, asks for.</summary>
    public SubmissionProblem[] Check(JobNotice[] notices) => _rules.Check(notices);

    /// <summary>An end is not told, because so many calls wait already.</summary>
    public Action? Dropped { get; set; }

    /// <summary>What waits is copies of what others have ended with: one receiver that is away is not to fill the store.</summary>
    private bool IsFull => _jobs.Index.Contains(LaneName) && _jobs.Index.Of(LaneName).Count >= Math.Max(1, _options.Webhooks.MaxWaiting / _options.Partitions);

    private void OnEnded(LiveJob job, long now)
    {
        if (job.Spec!.Notify.Length == 0 && !_rules.HasRules) return;
        foreach (var url in _rules.UrlsFor(job.Spec, job.Track.QueueOf(job.Spec), job.Outcome!.State))
        {
            if (IsFull)
            {
                Dropped?.Invoke();
                continue;
            }

            var call = _jobs.SubmitInside(
                new JobSubmission
                {
                    Id = IdOf(job, url), Type = WebhookJob.Name, Queue = WebhookJob.Queue, Priority = WebhookJob.Priority, Args = WebhookEvent.ArgsOf(url, job), Retry = Retry, TraceParent = job.Spec.TraceParent,
                    Tags = [new("job", job.Id)],
                },
                now);
            // Of an end that the store may yet refuse, with the submit of the job.
            call.Origin = job.Origin is { IsStored: false } origin ? origin : null;
        }
    }

    /// <summary>One of each end of a job and each address. A job that is run again ends anew.</summary>
    private string IdOf(LiveJob job, string url)
    {
        var text = $"{job.Id}\n{JobVersion.Of(job.Spec!, job.Track)}\n{url}";
        var head = $"{JobIds.DerivedPrefix}call-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 12))}-";
        return JobIds.EndedIn(head, _partition, _options.Partitions);
    }
}
