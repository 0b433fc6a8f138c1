using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Sinks;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>The flows of one run: sends them and their signals, and afterwards holds them and their children against what is promised of flows.</summary>
internal sealed class FlowWatch
{
    private const int Readers = 16;
    private const int PageSize = 200;
    private static readonly TimeSpan SignalPause = TimeSpan.FromMilliseconds(100);
    /// <summary>Of those that run when their flow has failed.</summary>
    private static readonly ExpectedEnd Cancelled = new("REVOKED");
    private static readonly TimeSpan Forgetting = TimeSpan.FromSeconds(60);
    private readonly FaultRun _run;
    private readonly ConcurrentDictionary<string, FlowPlan> _plans = [];
    private readonly ConcurrentDictionary<string, bool> _deleted = [];

    public FlowWatch(FaultRun run)
    {
        _run = run;
        run.Complete(CompleteAsync);
    }

    public int Count => _plans.Count;

    /// <summary>Sends one that does so many steps, each with a fan-out and a join, and then takes signals.</summary>
    public async Task<FlowPlan> SubmitAsync(int steps, int fan, int ms, int signals, TimeSpan patience)
    {
        var order = new JobOrder("step-flow", $"{{\"steps\":{steps},\"fan\":{fan},\"ms\":{ms},\"signals\":{signals}}}", ExpectedEnd.Success);
        var id = await _run.Load.SubmitAsync(order, patience);
        return _plans[id] = new FlowPlan(id, steps, fan, [.. Enumerable.Range(1, signals).Select(number => $"{id}/{number}")]);
    }

    /// <summary>Sends one that fails, whose other children would run for longer than anybody waits.</summary>
    public async Task SubmitFailingAsync(int fan, int ms, TimeSpan patience)
    {
        var order = new JobOrder("failing-flow", $"{{\"steps\":1,\"fan\":{fan},\"ms\":{ms}}}", ExpectedEnd.Failure("error"));
        var id = await _run.Load.SubmitAsync(order, patience);
        _plans[id] = new FlowPlan(id, 1, fan, []) { Expected = order.Expected };
    }

    /// <summary>Sends one, and deletes it once it has ended: all that belongs to it is to go with it.</summary>
    public async Task DeleteOneAsync(int fan, TimeSpan atMost)
    {
        var id = await _run.DeleteUncheckedAsync(new JobOrder("step-flow", $"{{\"steps\":1,\"fan\":{fan}}}", ExpectedEnd.Any), atMost);
        if (id is not null) _deleted[id] = true;
    }

    /// <summary>Sends a flow its signals one by one, each until somebody says that it is kept, and some of them again.</summary>
    public async Task SignalAsync(FlowPlan plan, Random random, TimeSpan pause, TimeSpan patience)
    {
        foreach (var (index, signal) in plan.Signals.Index())
        {
            if (!await SendAsync(plan.Id, signal, patience)) _run.Expect(false, $"signal {signal} was not taken in for {patience.TotalSeconds:0} s");
            if (random.Next(3) == 0) await SendAsync(plan.Id, plan.Signals[random.Next(index + 1)], patience);
            await _run.DelayAsync(pause.TotalSeconds * random.NextDouble());
        }
    }

    private async Task<bool> SendAsync(string flow, string signal, TimeSpan patience)
    {
        var clock = TimeProvider.System;
        for (var from = clock.GetTimestamp(); clock.GetElapsedTime(from) < patience; await Task.Delay(SignalPause, clock))
        {
            try
            {
                var answer = await _run.Client.PostAsync($"/jobs/{flow}/signals/go", $"\"{signal}\"", $"\"{signal}\"");
                // One whose answer was lost, and that was the last: the flow has it, and has ended.
                if (answer.Status is HttpStatusCode.Accepted or HttpStatusCode.Conflict) return true;
                if (!answer.IsBusy) _run.Expect(false, $"a signal was answered {(int)answer.Status}");
            }
            catch (HttpRequestException)
            {
                // It may be kept or not; the next try under the same key tells.
            }
        }

        return false;
    }

    private async Task CompleteAsync(History history)
    {
        var marks = FlowSinkFormat.ReadDirectory(_run.Directory).ToLookup(mark => _run.IsForgotten(mark.Flow));
        var children = marks[true].Where(mark => mark.Kind == FlowMarkKind.Child).ToLookup(mark => _deleted.ContainsKey(mark.Flow), mark => mark.Job);
        await UntilForgottenAsync(history, [.. children[true]]);
        // Of those whose delete nobody has answered, their children may be there or not.
        string[] apart = [.. children[true], .. children[false]];
        _run.Forget(apart);

        var flows = new FlowHistory();
        flows.Plans.AddRange(_plans.Values);
        flows.Marks.AddRange(marks[false]);
        flows.Runs.AddRange(SinkFormat.ReadDirectory(_run.Directory));
        flows.Faults.AddRange(history.Faults);
        history.Submits.AddRange(FlowChecker.ChildrenOf(flows.Marks, mark => _plans.TryGetValue(mark.Flow, out var plan) && plan.Expected == ExpectedEnd.Success ? ExpectedEnd.Success : Cancelled));
        await AddUnseenAsync(history);
        await ReadEndsAsync(history, flows);
        _run.Figures["flows"] = _plans.Count;
        _run.Figures["children"] = flows.Marks.Where(mark => mark.Kind == FlowMarkKind.Child).Select(mark => mark.Job).Distinct().Count();
        _run.Figures["flowRuns"] = flows.Marks.Where(mark => mark.Kind == FlowMarkKind.Given).Select(mark => (mark.Flow, mark.Token)).Distinct().Count();
        _run.Report(FlowChecker.Check(flows));
    }

    /// <summary>What a deleted flow has started is taken away behind its back, soon.</summary>
    private async Task UntilForgottenAsync(History history, HashSet<string> children)
    {
        if (children.Count == 0) return;
        var clock = TimeProvider.System;
        for (var from = clock.GetTimestamp(); history.Store!.Any(row => children.Contains(row.Id)) && clock.GetElapsedTime(from) < Forgetting; await _run.DelayAsync(1))
            history.Store = await _run.ReadStoreAsync();
        foreach (var row in history.Store!.Where(row => children.Contains(row.Id)))
            _run.Report([new(Rules.LeftBehind, row.Id, "is a child of a flow that was deleted, and is there")]);
    }

    /// <summary>Children of flows that failed, which may never have run.</summary>
    private async Task AddUnseenAsync(History history)
    {
        var known = history.Submits.Select(submit => submit.Id).ToHashSet();
        foreach (var plan in _plans.Values.Where(plan => plan.Expected != ExpectedEnd.Success))
        {
            string? cursor = "";
            while (cursor is not null)
            {
                var answer = await _run.AskAsync(() => _run.Client.GetAsync($"/jobs?parent={plan.Id}&limit={PageSize}{(cursor.Length > 0 ? $"&cursor={Uri.EscapeDataString(cursor)}" : "")}"));
                using var json = JsonDocument.Parse(answer.Body);
                foreach (var job in json.RootElement.GetProperty("jobs").EnumerateArray())
                {
                    var id = job.GetProperty("id").GetString()!;
                    if (known.Add(id)) history.Submits.Add(new Submitted(id, "part", FirstSentAt: 0, AcceptedAt: Monotonic.Now, NotBefore: 0, ExpectedEnd.Any));
                }

                cursor = json.RootElement.TryGetProperty("cursor", out var next) ? next.GetString() : null;
            }
        }
    }

    private async Task ReadEndsAsync(History history, FlowHistory flows)
    {
        var accepted = history.Submits.Where(submit => submit.AcceptedAt is not null).Select(submit => submit.Id).ToHashSet();
        var left = new ConcurrentQueue<FlowPlan>(_plans.Values.Where(plan => plan.Expected == ExpectedEnd.Success && accepted.Contains(plan.Id)));
        var ends = new ConcurrentDictionary<string, FlowEnd>();
        await Task.WhenAll(Enumerable.Range(0, Readers).Select(async _ =>
        {
            while (left.TryDequeue(out var plan))
            {
                var answer = await _run.AskAsync(() => _run.Client.GetAsync($"/jobs/{plan.Id}"));
                using var json = JsonDocument.Parse(answer.Body);
                if (json.RootElement.TryGetProperty("result", out var result) && result.ValueKind == JsonValueKind.Object)
                    ends[plan.Id] = new FlowEnd(TextsOf(result.GetProperty("values")), result.GetProperty("sum").GetInt64(), TextsOf(result.GetProperty("taken")));
                else _run.Report([new(Rules.Unfinished, plan.Id, $"is a flow without a result: {json.RootElement.GetRawText()}")]);
            }
        }));
        foreach (var (id, end) in ends) flows.Ends[id] = end;
    }

    private static string[] TextsOf(JsonElement array) => [.. array.EnumerateArray().Select(text => text.GetString()!)];
}
