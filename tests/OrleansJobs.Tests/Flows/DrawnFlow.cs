using System.Globalization;

namespace OrleansJobs.Tests.Flows;

/// <summary>A drawn program of awaits. It says what it was given, in order, and sums it up.</summary>
internal abstract record DrawnFlow
{
    public sealed record Step(string Name, int Value, bool Fails, int Attempts) : DrawnFlow;
    public sealed record Child(string Name, int Value) : DrawnFlow;
    public sealed record Group(string Name, int Count) : DrawnFlow;
    public sealed record Each(string Name, int Count, int AtMost) : DrawnFlow;
    public sealed record Any(string Name, int Count) : DrawnFlow;
    public sealed record Delay(string Name, int Minutes) : DrawnFlow;
    public sealed record Signal(string Name, int? TimeoutMinutes) : DrawnFlow;
    public sealed record Sequence(DrawnFlow[] Parts) : DrawnFlow;
    public sealed record Loop(int Times, DrawnFlow Body) : DrawnFlow;
    public sealed record Both(DrawnFlow[] Parts) : DrawnFlow;
    public sealed record First(DrawnFlow[] Parts) : DrawnFlow;
    public sealed record Guarded(DrawnFlow Body, DrawnFlow Undo) : DrawnFlow;

    /// <summary>Whether its result depends on what comes first.</summary>
    public bool IsRace => this switch
    {
        Any or First or Signal { TimeoutMinutes: not null } => true,
        Sequence part => part.Parts.Any(static inner => inner.IsRace),
        Both part => part.Parts.Any(static inner => inner.IsRace),
        Loop loop => loop.Body.IsRace,
        Guarded guarded => guarded.Body.IsRace || guarded.Undo.IsRace,
        _ => false,
    };

    public static DrawnFlow Draw(Random random)
    {
        // What a stream gives has no place among other things, such as those that have lost a race and are waited for still.
        var (names, noEach) = (0, random.Next(3) > 0);
        return new Sequence([.. Enumerable.Range(0, random.Next(2, 5)).Select(_ => Draw(random, 3, ref names, noEach, noEach))]);
    }

    private static DrawnFlow Draw(Random random, int depth, ref int names, bool noEach, bool races)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"n{names++}");
        var value = random.Next(100);
        switch (random.Next(depth > 0 ? 13 : 8))
        {
            case 0 or 1:
                return new Step(name, value, Fails: random.Next(6) == 0, Attempts: random.Next(1, 3));
            case 2 or 3:
                return new Child(name, value);
            case 4:
                return new Group(name, random.Next(4) == 0 ? random.Next(60, 80) : random.Next(0, 6));
            case 5:
                return noEach ? new Child(name, value) : new Each(name, random.Next(0, 12), random.Next(1, 6));
            case 6:
                return new Delay(name, random.Next(1, 100));
            case 7:
                return random.Next(2) == 0 ? new Any(name, random.Next(1, 4)) : new Signal("s" + random.Next(2), random.Next(3) == 0 ? random.Next(1, 100) : null);
            case 8:
                return new Loop(random.Next(1, 4), Draw(random, depth - 1, ref names, noEach, races));
            case 9:
                return new Both(DrawParts(random, depth, ref names, noEach: true, races));
            case 10 when races:
                return new First(DrawParts(random, depth, ref names, noEach: true, races));
            case 11:
                return new Guarded(Draw(random, depth - 1, ref names, noEach, races), new Step(name + "-undo", value, Fails: false, 1));
            default:
                return new Sequence(DrawParts(random, depth, ref names, noEach, races));
        }
    }

    private static DrawnFlow[] DrawParts(Random random, int depth, ref int names, bool noEach, bool races)
    {
        var parts = new DrawnFlow[random.Next(2, 4)];
        for (var i = 0; i < parts.Length; i++) parts[i] = Draw(random, depth - 1, ref names, noEach, races);
        return parts;
    }
}

/// <summary>Runs a drawn flow, and keeps what it was given.</summary>
internal sealed class DrawnRun(FlowContext flow, FlowWorld world, Random random, List<string> said)
{
    private static int _stamps;

    public async Task<long> RunAsync(DrawnFlow part)
    {
        switch (part)
        {
            case DrawnFlow.Step step:
                var stamped = await flow.StepAsync(step.Name, () => StepAsync(step), new StepOptions { Attempts = step.Attempts });
                // Another run of the step would have given another stamp.
                return Say(step.Name, stamped.Value, stamped.Stamp);
            case DrawnFlow.Child child:
                return Say(child.Name, await flow.JobAsync<int>(child.Name, "work", child.Value));
            case DrawnFlow.Group group:
                var all = await flow.AllAsync(group.Name, Enumerable.Range(0, group.Count), n => flow.Job<int>("work", n));
                Say(group.Name, all.Count);
                return (await all.ToArrayAsync()).Sum();
            case DrawnFlow.Each each:
                var sum = 0L;
                await foreach (var n in flow.EachAsync(each.Name, Items(each.Count), n => flow.Job<int>("work", n), each.AtMost)) sum = (sum * 3) + Say(each.Name, n);
                return sum;
            case DrawnFlow.Any any:
                var (index, result) = await flow.AnyAsync(any.Name, [.. Enumerable.Range(0, any.Count).Select(n => flow.Job<int>("work", n))]);
                return Say(any.Name, result, index);
            case DrawnFlow.Delay delay:
                await flow.DelayAsync(delay.Name, TimeSpan.FromMinutes(delay.Minutes));
                return Say(delay.Name, 1);
            case DrawnFlow.Signal signal:
                return await SignalAsync(signal);
            case DrawnFlow.Sequence sequence:
                var total = 0L;
                foreach (var inner in sequence.Parts) total = (total * 7) + await RunAsync(inner);
                return total;
            case DrawnFlow.Loop loop:
                var turns = 0L;
                for (var i = 0; i < loop.Times; i++) turns = (turns * 5) + await RunAsync(loop.Body);
                return turns;
            case DrawnFlow.Both both:
                return (await Task.WhenAll(both.Parts.Select(RunAsync))).Sum();
            case DrawnFlow.First first:
                var tasks = first.Parts.Select(RunAsync).ToArray();
                var winner = await Task.WhenAny(tasks);
                return Say("first", await winner, Array.IndexOf(tasks, winner));
            case DrawnFlow.Guarded guarded:
                try
                {
                    return await RunAsync(guarded.Body);
                }
                catch (Exception exception) when (exception is StepFailedException or ChildFailedException)
                {
                    Say("caught " + exception.Message, 0);
                    return await RunAsync(guarded.Undo);
                }

            default:
                throw new InvalidOperationException();
        }
    }

    private async Task<Stamped> StepAsync(DrawnFlow.Step step)
    {
        // What happens while a step runs is read as it comes, or later.
        lock (random)
        {
            if (random.Next(3) == 0) world.EndChild();
        }

        await Task.Yield();
        return step.Fails ? throw new InvalidDataException(step.Name) : new Stamped(step.Value, Interlocked.Increment(ref _stamps));
    }

    private async Task<long> SignalAsync(DrawnFlow.Signal signal)
    {
        try
        {
            return Say(signal.Name, await flow.SignalAsync<int>(signal.Name, signal.TimeoutMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null));
        }
        catch (TimeoutException)
        {
            return Say(signal.Name + " late", -1);
        }
    }

    private long Say(string name, long value, long more = 0)
    {
        said.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={value}/{more}"));
        return value;
    }

    private static async IAsyncEnumerable<int> Items(int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (i % 3 == 1) await Task.Yield();
            yield return i;
        }
    }

    private sealed record Stamped(int Value, int Stamp);
}
