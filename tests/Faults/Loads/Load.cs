using System.Collections.Concurrent;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Loads;

/// <summary>
/// Open-loop load: jobs are sent when it is their time, whatever became of those before. Each is sent under an id of the sender's and sent
/// again under the same id until somebody says that it is accepted, as a client would that must not lose it.
/// </summary>
internal sealed class Load(GatewayClient client, Random random)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, Submitted> _submits = [];
    private readonly ConcurrentDictionary<string, ConcurrentBag<string>> _keys = [];
    private long _busy;
    private long _busyWithoutRetryAfter;
    private int _unanswered;

    public ICollection<Submitted> Submits => _submits.Values;

    /// <summary>Null: it was not sent.</summary>
    public Submitted? Find(string id) => _submits.GetValueOrDefault(id);

    public int Accepted => _submits.Values.Count(submit => submit.AcceptedAt is not null);

    /// <summary>The ids that were answered to each idempotency key.</summary>
    public IReadOnlyDictionary<string, ConcurrentBag<string>> Keys => _keys;

    /// <summary>Answers of 429 and 503, and those among them that did not say when to come again.</summary>
    public (long All, long WithoutRetryAfter) Busy => (Interlocked.Read(ref _busy), Interlocked.Read(ref _busyWithoutRetryAfter));

    /// <summary>Posts without an id of the sender's of which nobody knows whether they made a job.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>Answers that no client should ever get, such as 500.</summary>
    public ConcurrentBag<string> Wrong { get; } = [];

    /// <summary>Sends so many a second until told to stop, then waits for the answers that are still out.</summary>
    public async Task RunAsync(double perSecond, Func<Random, JobOrder> next, TimeSpan patience, CancellationToken stop)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var sent = new List<Task>();
        for (long count = 0; !stop.IsCancellationRequested; count++)
        {
            var ahead = TimeSpan.FromSeconds(count / perSecond) - clock.GetElapsedTime(started);
            if (ahead > TimeSpan.FromMilliseconds(1))
            {
                try
                {
                    await Task.Delay(ahead, clock, stop);
                }
                catch (OperationCanceledException)
                {
                    break;
                }
            }

            sent.Add(SubmitAsync(next(random), patience));
        }

        await Task.WhenAll(sent);
    }

    /// <summary>Sends so many as fast as the given number of senders can.</summary>
    public async Task SendAsync(int count, int senders, Func<Random, JobOrder> next, TimeSpan patience)
    {
        var orders = new ConcurrentQueue<JobOrder>(Enumerable.Range(0, count).Select(_ => next(random)));
        await Task.WhenAll(Enumerable.Range(0, senders).Select(async _ =>
        {
            while (orders.TryDequeue(out var order)) await SubmitAsync(order, patience);
        }));
    }

    /// <summary>A job that the grid was to submit by itself, as if it had been sent and accepted.</summary>
    public void Adopt(Submitted job) => _submits[job.Id] = job;

    /// <summary>Sends many jobs in one request, and those that were not accepted again, each under its id.</summary>
    public async Task SubmitBatchAsync(IReadOnlyList<JobOrder> orders, TimeSpan patience)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var sentAt = Monotonic.Now;
        var open = orders.Select(order => (Id: order.Id ?? NewId(), Order: order)).ToList();
        foreach (var (id, order) in open) _submits[id] = new Submitted(id, order.Type, sentAt, null, order.NotBefore(sentAt), order.Expected);
        for (var attempt = 1; open.Count > 0 && clock.GetElapsedTime(started) < patience; attempt++)
        {
            if (attempt > 1) await Task.Delay(Shorter(RetryPause * attempt, LongestPause), clock);
            try
            {
                var answer = await client.PostAsync("/jobs:batch", $"[{string.Join(',', open.Select(job => job.Order.ToJson(job.Id)))}]");
                if (answer.Status != System.Net.HttpStatusCode.OK)
                {
                    if (answer.IsBusy) Interlocked.Increment(ref _busy);
                    else Wrong.Add($"{(int)answer.Status} {System.Text.Encoding.UTF8.GetString(answer.Body)}");
                    continue;
                }

                var statuses = GatewayClient.BatchStatuses(answer.Body);
                var now = Monotonic.Now;
                for (var i = open.Count - 1; i >= 0; i--)
                {
                    if (statuses[i] is not (202 or 200)) continue;
                    _submits[open[i].Id] = _submits[open[i].Id] with { AcceptedAt = now };
                    open.RemoveAt(i);
                }
            }
            catch (HttpRequestException)
            {
                // No answer: the next try under the same ids tells.
            }
        }
    }

    /// <returns>The job's id, whether or not anybody accepted it.</returns>
    public async Task<string> SubmitAsync(JobOrder order, TimeSpan patience)
    {
        var clock = TimeProvider.System;
        var id = order.Key is null ? order.Id ?? NewId() : null;
        var json = order.ToJson(id);
        var started = clock.GetTimestamp();
        var sentAt = Monotonic.Now;
        var notBefore = order.NotBefore(sentAt);
        if (id is not null) _submits[id] = new Submitted(id, order.Type, sentAt, null, notBefore, order.Expected);
        for (var attempt = 1; ; attempt++)
        {
            var pause = RetryPause * attempt;
            try
            {
                var answer = await client.PostAsync("/jobs", json, order.Key);
                if (answer.IsAccepted)
                {
                    var accepted = GatewayClient.IdOf(answer.Body);
                    if (id is not null && id != accepted) Wrong.Add($"{id} was sent and {accepted} answered");
                    _submits.AddOrUpdate(
                        accepted, name => new Submitted(name, order.Type, sentAt, Monotonic.Now, notBefore, order.Expected),
                        // Of many posts under one key the job is that of any of them, not of the one whose answer came first.
                        (_, submit) => submit with
                        {
                            AcceptedAt = submit.AcceptedAt ?? Monotonic.Now,
                            FirstSentAt = Math.Min(submit.FirstSentAt, sentAt),
                            NotBefore = Math.Min(submit.NotBefore, notBefore),
                        });
                    if (order.Key is not null) _keys.GetOrAdd(order.Key, _ => []).Add(accepted);
                    return accepted;
                }

                if (!answer.IsBusy)
                {
                    Wrong.Add($"{(int)answer.Status} {System.Text.Encoding.UTF8.GetString(answer.Body)}");
                    return id ?? "";
                }

                Interlocked.Increment(ref _busy);
                if (answer.RetryAfter is { } after) pause = after;
                else Interlocked.Increment(ref _busyWithoutRetryAfter);
            }
            catch (HttpRequestException)
            {
                // No answer: it may be accepted or not, and the next try under the same id tells.
            }

            pause = Shorter(pause, LongestPause);
            if (clock.GetElapsedTime(started) + pause > patience) return id ?? "";
            await Task.Delay(pause, clock);
        }
    }

    /// <summary>
    /// Sends a job once, under no id: the gateway makes one, which is in no store yet and need not be looked up there. Whoever gets no answer does not
    /// learn the id.
    /// </summary>
    public async Task SubmitOnceAsync(JobOrder order)
    {
        var sentAt = Monotonic.Now;
        Answer answer;
        try
        {
            answer = await client.PostAsync("/jobs", order.ToJson(id: null));
        }
        catch (HttpRequestException)
        {
            Interlocked.Increment(ref _unanswered);
            return;
        }

        if (answer.IsAccepted)
        {
            var id = GatewayClient.IdOf(answer.Body);
            _submits[id] = new Submitted(id, order.Type, sentAt, Monotonic.Now, order.NotBefore(sentAt), order.Expected);
            return;
        }

        Interlocked.Increment(ref _unanswered);
        if (answer.IsBusy) Interlocked.Increment(ref _busy);
        else Wrong.Add($"{(int)answer.Status} {System.Text.Encoding.UTF8.GetString(answer.Body)}");
    }

    public static string NewId() => $"f-{Guid.CreateVersion7():n}";

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
