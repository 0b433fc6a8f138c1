using System.Globalization;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Sinks;
using OrleansJobs.Hosting;

namespace OrleansJobs.Faults.Silos;

/// <param name="Fan">Children of each step; 0: none.</param>
/// <param name="Ms">How long a child takes at most.</param>
internal sealed record StepFlowArgs(int Steps, int Fan, int Ms = 0, int Signals = 0);

/// <param name="Flow">Whose child it is, and as what.</param>
internal sealed record PartArgs(string Flow, string Name, int Index, int Ms);

/// <summary>What a child gives.</summary>
/// <param name="Value">Its place in its group, from 1.</param>
internal sealed record PartResult(string Id, long Token, int Attempt, long Value);

internal sealed record StepFlowResult(string[] Values, long Sum, string[] Taken);

/// <summary>Flows that write to the sink what they are given whenever they run, and children that write whose they are.</summary>
internal static class FaultFlows
{
    private const int LongMs = 150_000;

    public static void Add(JobGridBuilder jobs, SinkWriter sink)
    {
        jobs.AddJob<PartArgs, PartResult>("part", async (args, job, cancellation) =>
        {
            await sink.MarkAsync(new FlowMark(FlowMarkKind.Child, args.Flow, args.Name, args.Index, job.Id, job.Token, "", 0, ""));
            var result = await FaultHandlers.RunAsync(sink, job, () => Task.Delay(TimeSpan.FromMilliseconds(args.Ms), TimeProvider.System, cancellation));
            return new PartResult(result.Id, result.Token, result.Attempt, args.Index + 1);
        });
        jobs.AddFlow<StepFlowArgs, StepFlowResult>("step-flow", (args, flow, _) => RunAsync(args, new Sink(sink, flow), flow));
        // The first of its children fails, which is to end all others, wherever they are: they take longer than that may take.
        jobs.AddFlow<StepFlowArgs, int>("failing-flow", async (args, flow, _) =>
        {
            await flow.AllAsync(FlowPlan.Group(1), Enumerable.Range(0, args.Fan), index => index == 0
                ? flow.Job<PartResult>("fail", new MillisecondsArgs(args.Ms), new ChildOptions { Attempts = 1, Priority = JobLimits.MaxPriority })
                : flow.Job<PartResult>("part", new PartArgs(flow.Id, FlowPlan.Group(1), index, LongMs)));
            return 0;
        });
    }

    private static async Task<StepFlowResult> RunAsync(StepFlowArgs args, Sink sink, FlowContext flow)
    {
        var values = new List<string>();
        var taken = new List<string>();
        var sum = 0L;
        for (var number = 1; number <= args.Steps; number++)
        {
            // Never the same twice, so that it shows which run's result is used.
            values.Add(await sink.StepAsync(FlowPlan.Step(number), () => Task.FromResult(Guid.NewGuid().ToString("n"))));
            var group = FlowPlan.Group(number);
            var parts = await flow.AllAsync(group, Enumerable.Range(0, args.Fan), index => flow.Job<PartResult>("part", new PartArgs(flow.Id, group, index, TakesOf(args.Ms, index))));
            await sink.GivenAsync(group, "joined");
            sum += long.Parse(await sink.StepAsync(FlowPlan.Sum(number), async () =>
            {
                var of = 0L;
                await foreach (var part in parts) of += part.Value;
                return of.ToString(CultureInfo.InvariantCulture);
            }), CultureInfo.InvariantCulture);
            var next = FlowPlan.Next(number);
            var after = await flow.JobAsync<PartResult>(next, "part", new PartArgs(flow.Id, next, -1, 0));
            await sink.GivenAsync(next, after.Token.ToString(CultureInfo.InvariantCulture));
        }

        for (var number = 1; number <= args.Signals; number++)
        {
            taken.Add(await flow.SignalAsync<string>("go"));
            await sink.GivenAsync(FlowPlan.Signal(number), taken[^1]);
        }

        return new StepFlowResult([.. values], sum, [.. taken]);
    }

    /// <summary>From nothing, which ends before its flow has parked, to all of it.</summary>
    private static int TakesOf(int ms, int index) => ms == 0 ? 0 : index * 7919 % (ms + 1);

    /// <summary>Of one attempt of a flow.</summary>
    private sealed class Sink(SinkWriter sink, FlowContext flow)
    {
        public Task GivenAsync(string name, string value) => MarkAsync(FlowMarkKind.Given, name, value);

        public async Task<string> StepAsync(string name, Func<Task<string>> run)
        {
            var value = await flow.StepAsync(name, async () =>
            {
                var result = await run();
                await MarkAsync(FlowMarkKind.Ran, name, result);
                return result;
            });
            await GivenAsync(name, value);
            return value;
        }

        private Task MarkAsync(FlowMarkKind kind, string name, string value) =>
            sink.MarkAsync(new FlowMark(kind, flow.Id, name, -1, "", flow.Token, value, 0, ""));
    }
}
