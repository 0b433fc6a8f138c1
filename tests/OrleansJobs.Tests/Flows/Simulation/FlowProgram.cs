using System.Globalization;
using System.Text;
using OrleansJobs.Flows;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows.Simulation;

/// <summary>
/// What a flow does, drawn from its number: steps, children that may fail, children beside each other, groups, signals, flows as children; some
/// start themselves anew halfway. It says the sum of all, so that each result that is missing, or counted twice, is seen.
/// </summary>
internal sealed class FlowProgram(World world, Lease lease, int number)
{
    private readonly Dictionary<(FlowEventKind Kind, string Name), FlowEvent> _known = [];
    private readonly List<FlowEvent> _signals = [];
    private FlowGroup[] _groups = [];
    private long _seen;
    private int _run = 1;
    private byte[]? _args;

    /// <summary>From here on numbers are those of flows that are children, which start no others and are sent no signals.</summary>
    private const int Nested = 1_000_000;

    public static Op[] OpsOf(int number)
    {
        var random = new Random(number);
        var kinds = number < Nested ? 7 : 4;
        return [.. Enumerable.Range(0, 1 + random.Next(5)).Select(i => new Op((OpKind)random.Next(kinds), i, 1 + random.Next(1000), random.Next(4) == 0, 1 + random.Next(90)))];
    }

    /// <summary>What a flow of this number comes to, whatever happens on the way.</summary>
    public static long Expected(int number) => OpsOf(number).Sum(op => op.Kind switch
    {
        OpKind.Step or OpKind.Signal => op.Value,
        OpKind.Child => op.Fails ? -1 : op.Value,
        OpKind.Pair => op.Value + (op.Fails ? -1 : op.Value + 1),
        OpKind.Flow => Expected(Nested + op.Value),
        // However many of them fail.
        OpKind.Flaky => op.Size,
        // Its children's results are theirs; the flow counts them.
        _ => op.Fails ? op.Size - 1 : op.Size,
    });

    public static int SignalsOf(int number) => OpsOf(number).Count(op => op.Kind == OpKind.Signal);

    /// <returns>The report, or null where the attempt is stale.</returns>
    public async Task<JobReport?> RunAsync()
    {
        if (!await ReadAsync()) return null;
        var sum = _args is null ? 0 : Number(_args);
        var signals = 0;
        var ops = OpsOf(number);
        var half = number % 3 == 0 ? ops.Length / 2 : 0;
        foreach (var op in ops)
        {
            if (op.Index < half && _run > 1) continue;
            if (op.Index == half && half > 0 && _run == 1)
                return new JobReport { Id = lease.Id, Token = lease.Token, Kind = ReportKind.StartedAnew, Result = Bytes(sum), Park = new FlowPark { Seen = _seen, Untaken = [.. _signals.Skip(signals)] } };
            var name = $"op{op.Index}";
            switch (op.Kind)
            {
                case OpKind.Step:
                    if (!_known.TryGetValue((FlowEventKind.Step, name), out var step))
                    {
                        if (!await ChangeAsync(new FlowChange { Steps = [new(name, Bytes(op.Value), null)] })) return null;
                        sum += op.Value;
                    }
                    else sum += Number(step.Value!);
                    break;
                case OpKind.Child or OpKind.Pair or OpKind.Flow:
                    string[] names = op.Kind == OpKind.Pair ? [name, name + "b"] : [name];
                    var missing = names.Where(child => !_known.ContainsKey((FlowEventKind.Child, child))).ToArray();
                    if (missing.Length > 0)
                    {
                        var children = names.Index().Where(child => missing.Contains(child.Item)).Select(child => op.Kind == OpKind.Flow
                            ? Child(child.Item, -1, Nested + op.Value, "flow", false)
                            : Child(child.Item, -1, op.Value + child.Index, op.Fails && (op.Kind == OpKind.Child || child.Index == 1) ? "fails" : "work", false));
                        return await StartAndParkAsync(new FlowChange { Children = [.. children] }, new FlowPark { Seen = _seen, Children = missing });
                    }

                    sum += names.Sum(child => _known[(FlowEventKind.Child, child)] is { State: JobState.Success } ended ? Number(ended.Value!) : -1);
                    break;
                case OpKind.Group or OpKind.Flaky:
                    var group = _groups.FirstOrDefault(group => group.Name == name);
                    if (group is null || group.Succeeded + group.Failed < op.Size)
                    {
                        var children = Enumerable.Range(0, op.Size)
                            .Select(i => Child(name, i, i, op.Kind == OpKind.Flaky ? "flaky" : op.Fails && i == 0 ? "fails" : "work", op.Size > FlowIds.MostAtHome));
                        var chunks = children.Chunk(16).Select(chunk => new FlowChange { Children = chunk, Totals = [new(name, op.Size)] }).ToArray();
                        foreach (var chunk in chunks[..^1])
                        {
                            if (!await ChangeAsync(chunk)) return null;
                        }

                        return await StartAndParkAsync(chunks[^1], new FlowPark { Seen = _seen, Groups = [new(name, op.Size, IgnoresFailures: true)] });
                    }

                    sum += op.Kind == OpKind.Flaky ? group.Succeeded + group.Failed : group.Succeeded;
                    break;
                case OpKind.Signal:
                    if (signals == _signals.Count) return Parked(new FlowPark { Seen = _seen, Signals = ["go"] });
                    signals++;
                    sum += op.Value;
                    break;
            }
        }

        return new JobReport { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Succeeded, Result = Bytes(sum) };
    }

    /// <summary>What is to be started goes before the park, or with it.</summary>
    private async Task<JobReport?> StartAndParkAsync(FlowChange change, FlowPark park)
    {
        if (IsOdd) return Parked(park with { Change = change });
        return await ChangeAsync(change) ? Parked(park) : null;
    }

    /// <summary>Every other attempt goes by the shorter ways.</summary>
    private bool IsOdd => lease.Token % 2 != 0;

    private async Task<bool> ReadAsync()
    {
        while (true)
        {
            var page = _seen == 0 && IsOdd && lease.Flow is { } known ? known : await world.CallAsync(lease.Partition, partition => partition.Flows.ReadAsync(new(lease.Id, lease.Token), _seen));
            if (page.IsStale) return false;
            foreach (var told in page.Events)
            {
                if (told.Kind == FlowEventKind.Signal) _signals.Add(told);
                else _known.TryAdd((told.Kind, told.Name), told);
            }

            (_groups, _seen, _run, _args) = (page.Groups, page.Seen, page.Run, page.Args);
            if (!page.HasMore) return true;
        }
    }

    private async Task<bool> ChangeAsync(FlowChange change)
    {
        var again = false;
        while (true)
        {
            var asked = again ? change with { Children = [.. change.Children.Select(child => child with { Job = child.Job with { MayExist = true } })] } : change;
            try
            {
                var answer = await world.CallOnceAsync(lease.Partition, partition => partition.Flows.ChangeAsync(new(lease.Id, lease.Token), asked));
                if (answer.Kind != FlowAnswerKind.Busy) return answer.Kind == FlowAnswerKind.Stored;
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                again = true;
            }

            await world.Turns.Sometime();
        }
    }

    /// <summary>Every third has a key, and is where that is.</summary>
    private ChildOrder Child(string name, int index, long value, string type, bool isSpread)
    {
        var id = FlowIds.Child(lease.Id, lease.SubmittedAt.ToUnixTimeMilliseconds(), _run, name, index, isSpread, world.Options.Partitions);
        var key = (name.Length + index + value) % 3 == 0 ? $"key/{value % 7}" : null;
        return new()
        {
            Name = name, Index = index,
            Job = new JobSubmission
            {
                Id = key is null ? id : FlowIds.In(id, JobKeys.PartitionOf(key, world.Options.Partitions), world.Options.Partitions),
                Type = type, Args = Bytes(value), Key = key,
            },
        };
    }

    private JobReport Parked(FlowPark park) => new()
    {
        Id = lease.Id, Token = lease.Token, Kind = ReportKind.Parked,
        Park = world.Mutation == SimulationMutation.NoParkCheck ? park with { Seen = long.MaxValue, Groups = [.. park.Groups.Select(wait => wait with { Ended = int.MaxValue })] } : park,
    };

    public static byte[] Bytes(long number) => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    public static long Number(byte[] bytes) => long.Parse(bytes, CultureInfo.InvariantCulture);

    internal enum OpKind
    {
        Step,
        Child,
        Pair,
        Group,
        Signal,
        Flow,
        Flaky,
    }

    internal readonly record struct Op(OpKind Kind, int Index, int Value, bool Fails, int Size);
}
