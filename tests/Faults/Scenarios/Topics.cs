using System.Collections.Concurrent;
using System.Text.Json;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Events while silos die and bindings change: each finds what is bound, all of its jobs are stored or none, and published again it makes nothing twice.</summary>
internal static class Topics
{
    /// <summary>Bindings that are there from the beginning to the end, of either sort of events.</summary>
    private static readonly string[] Lasting = ["#", "*.*.x", "told.#", "once.*.*"];

    private const int Publishers = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(3);

    public static readonly Scenario[] All =
    [
        new("topics-kill", "kill -9 of a silo of three every few seconds while events are published, some of them again, and bindings come and go", KillAsync, TakesCount: true),
    ];

    private static async Task KillAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string>(
            [new("JobGrid:Slots", "60"), new("JobGrid:Partitions", "6"), new("JobGrid:PoisonCrashes", "100"), new("JobGrid:PoisonCrashesInCompany", "100"), Flows.SlowProbes]), AppendFsync: "always"));
        var spans = new List<BindingSpan>();
        foreach (var pattern in Lasting) spans.Add(await BindAsync(run, $"b{Array.IndexOf(Lasting, pattern)}", pattern));
        var (told, once, unanswered) = (new ConcurrentQueue<PublishedMark>(), new ConcurrentQueue<PublishedMark>(), new ConcurrentQueue<string>());
        var left = run.CountOr(run.IsWhole ? 1500 : 200);
        using var stop = new CancellationTokenSource();
        var busy = Task.WhenAll(Enumerable.Range(0, Publishers).Select(async publisher =>
        {
            var random = new Random(unchecked(publisher * 7919));
            while (Interlocked.Decrement(ref left) >= 0)
            {
                if (publisher % 2 == 0) await TellAsync(run, told, random);
                else await TellOnceAsync(run, once, unanswered);
                await run.DelayAsync(random.NextDouble() * 0.05);
            }
        }));
        var changing = ChangeAsync(run, spans, () => busy.IsCompleted);
        if (run.IsWhole) await Flows.KillWhileAsync(run, busy, 5);
        await busy;
        await changing;
        run.Report(TopicChecker.Once(told));
        run.Report(TopicChecker.Bindings(told, [.. spans.Where(span => span.Binding is "b0" or "b1" or "b2")]));
        run.Report(TopicChecker.Bindings(once, [.. spans.Where(span => span.Binding is not "b2")]));
        await run.SettleAsync(Quiet);
        await CheckUnansweredAsync(run, unanswered);
        await CheckUnnamedAsync(run, once, spans);
        (run.Figures["told"], run.Figures["once"], run.Figures["unanswered"], run.Figures["bound"]) = (told.Count, once.Count, unanswered.Count, spans.Count);
    }

    /// <summary>An event that is published until it is answered, and once more now and then.</summary>
    private static async Task TellAsync(FaultRun run, ConcurrentQueue<PublishedMark> marks, Random random)
    {
        var id = $"e-{Guid.CreateVersion7():n}";
        for (var times = random.Next(3) == 0 ? 2 : 1; times > 0; times--)
        {
            PublishedMark? mark = null;
            await Deadlines.UntilAsync($"the event {id} is published", Patience, async () => (mark = await PublishAsync(run, "told.eu.x", id)) is not null);
            marks.Enqueue(mark!);
        }
    }

    /// <summary>An event that is published once: if it is not answered, its jobs are there all the same, or none is.</summary>
    private static async Task TellOnceAsync(FaultRun run, ConcurrentQueue<PublishedMark> marks, ConcurrentQueue<string> unanswered)
    {
        var id = $"o-{Guid.CreateVersion7():n}";
        if (await PublishAsync(run, "once.eu.x", id) is { } mark) marks.Enqueue(mark);
        else unanswered.Enqueue(id);
    }

    private static async Task<PublishedMark?> PublishAsync(FaultRun run, string key, string id)
    {
        var sentAt = Monotonic.Now;
        try
        {
            var answer = await run.Client.PostAsync($"/topics/{key}", "{}", eventId: id);
            if (!answer.IsAccepted)
            {
                run.Expect(answer.IsBusy, $"a publish was answered {(int)answer.Status}");
                return null;
            }

            var answeredAt = Monotonic.Now;
            using var json = JsonDocument.Parse(answer.Body);
            var jobs = json.RootElement.GetProperty("jobs").EnumerateArray().ToDictionary(job => job.GetProperty("binding").GetString()!, job => job.GetProperty("id").GetString()!);
            foreach (var job in jobs.Values) run.Load.Adopt(new Submitted(job, "quick", sentAt, answeredAt, 0, ExpectedEnd.Success));
            return new(id, sentAt, answeredAt, jobs);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Bindings of the events that are published once come and go.</summary>
    private static async Task ChangeAsync(FaultRun run, List<BindingSpan> spans, Func<bool> isOver)
    {
        for (var i = 0; !isOver(); i++)
        {
            var span = await BindAsync(run, $"c{i}", (i % 3) switch { 0 => "once.#", 1 => "once.*.x", _ => "once.eu.x" });
            await run.DelayAsync(0.2);
            var sent = Monotonic.Now;
            await SendAsync(run, $"the binding c{i} is deleted", async () => (int)(await run.Client.DeleteAsync($"/bindings/c{i}")).Status is 204 or 404);
            spans.Add(span with { MustUntil = sent, MayUntil = Monotonic.Now });
            await run.DelayAsync(0.1);
        }
    }

    private static async Task<BindingSpan> BindAsync(FaultRun run, string id, string pattern)
    {
        var sent = Monotonic.Now;
        await SendAsync(run, $"the binding {id} is put", async () => (int)(await run.Client.PutAsync($"/bindings/{id}", $$"""{"pattern":"{{pattern}}","type":"quick"}""")).Status is 200 or 201);
        return new(id, sent, Monotonic.Now);
    }

    private static Task SendAsync(FaultRun run, string what, Func<Task<bool>> send) => Deadlines.UntilAsync(what, Patience, async () =>
    {
        try
        {
            return await send();
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });

    /// <summary>Of an event that was not answered, the jobs of all lasting bindings are there, or none is; those of others may be beside them.</summary>
    private static async Task CheckUnansweredAsync(FaultRun run, ConcurrentQueue<string> unanswered)
    {
        // b0, b1 and b3 fit.
        const int LastingOnes = 3;
        var (made, whole) = (0, 0);
        foreach (var id in unanswered)
        {
            var answer = await run.AskAsync(() => run.Client.GetAsync($"/jobs?tag.event={id}&limit=50"));
            using var json = JsonDocument.Parse(answer.Body);
            var count = json.RootElement.GetProperty("jobs").GetArrayLength();
            run.Expect(count == 0 || count >= LastingOnes, $"of the event {id}, which was not answered, there are {count} jobs");
            made += count;
            if (count > 0) whole++;
        }

        run.Figures["unansweredButMade"] = whole;
        run.Complete(history =>
        {
            history.Unanswered += made;
            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// A gateway whose try was not answered tries again: jobs that the first try made for bindings that have gone since are there, and not named. Of no more bindings
    /// than went while it was published.
    /// </summary>
    private static async Task CheckUnnamedAsync(FaultRun run, ConcurrentQueue<PublishedMark> marks, List<BindingSpan> spans)
    {
        var unnamed = 0;
        foreach (var mark in marks)
        {
            var answer = await run.AskAsync(() => run.Client.GetAsync($"/jobs?tag.event={mark.Event}&limit=50"));
            using var json = JsonDocument.Parse(answer.Body);
            var more = json.RootElement.GetProperty("jobs").EnumerateArray().Count(job => !mark.Jobs.Values.Contains(job.GetProperty("id").GetString()));
            var gone = spans.Count(span => span.MustUntil <= mark.AnsweredAt && span.MayUntil >= mark.SentAt);
            run.Expect(more <= gone, $"of the event {mark.Event} there are {more} jobs that its answer does not name, and {gone} bindings went meanwhile");
            unnamed += more;
        }

        run.Figures["unnamed"] = unnamed;
        run.Complete(history =>
        {
            history.Unanswered += unnamed;
            return Task.CompletedTask;
        });
    }
}
