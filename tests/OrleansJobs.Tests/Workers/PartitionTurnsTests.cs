using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>What each key gets of slots on several silos, whose workers ask partitions of unequal weight.</summary>
public class PartitionTurnsTests
{
    private const int Window = 10_000;

    [Theory]
    [InlineData(8, 3, 50, 50)]
    [InlineData(64, 3, 50, 50)]
    [InlineData(64, 12, 20, 50)]
    [InlineData(32, 1, 100, 5)]
    public void KeysOfEqualWeight_GetTheSame_WhereverTheyLive(int partitions, int workers, int slots, int milliseconds)
    {
        for (var seed = 0; seed < 5; seed++)
        {
            var simulation = new Simulation(partitions, workers, slots, milliseconds, Keys(100, partitions, seed, static _ => 1), seed);
            var starts = simulation.Run();
            var fair = starts.Average();
            Assert.All(starts, got => Assert.InRange(got, 0.9 * fair, 1.1 * fair));
            Assert.InRange(simulation.Used, 0.6, 1);
        }
    }

    [Theory]
    [InlineData(8, 50)]
    [InlineData(64, 50)]
    [InlineData(8, 4)]
    [InlineData(8, 1)]
    public void KeysOfUnequalWeight_GetAsMuchMore(int partitions, int slots)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var keys = Keys(3, partitions, seed, static key => 1 << key);
            var starts = new Simulation(partitions, workers: 3, slots, milliseconds: 50, keys, seed).Run();
            Assert.InRange((double)starts[1] / starts[0], 1.8, 2.2);
            Assert.InRange((double)starts[2] / starts[0], 3.6, 4.4);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(50)]
    public void WhoWeighsMuch_GetsIt_HoweverFewSlotsThereAre(int slots)
    {
        var starts = new Simulation(partitions: 2, workers: 1, slots, milliseconds: 20, [(0, 1), (1, 20)], seed: 1).Run();
        Assert.InRange((double)starts[1] / starts[0], 15, 25);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(200)]
    public void APartitionThatAnswersLate_LeavesFewSlotsEmpty(int slow)
    {
        for (var seed = 0; seed < 5; seed++)
        {
            var simulation = new Simulation(8, workers: 3, slots: 50, milliseconds: 50, Keys(100, 8, seed, static _ => 1), seed, slow);
            var starts = simulation.Run();
            Assert.InRange(simulation.Used, 0.75, 1);
            Assert.All(starts, got => Assert.NotEqual(0, got));
        }
    }

    [Fact]
    public void WhoComesBack_BeginsWithTheOthers_AndHasSavedNothingUp()
    {
        var turns = new PartitionTurns(2);
        turns.Weigh(0, 1);
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(1, turns.Want(0, [Standing.MayBeAsked, Standing.Out], free: 1, slots: 10, reports: 1));
            turns.Gave(0, 1);
        }

        turns.Weigh(1, 1);
        Assert.InRange(turns.TagOf(1), turns.TagOf(0) - 2, turns.TagOf(0));
    }

    [Fact]
    public void WhoeverWasAskedBeforeItsWeightWasKnown_OwesNothingForIt()
    {
        var turns = new PartitionTurns(2);
        turns.Weigh(0, 1);
        turns.Gave(1, 500);
        turns.Weigh(1, 10);
        Assert.Equal(turns.TagOf(0), turns.TagOf(1));
    }

    [Fact]
    public void WhoHasNotAnsweredForLong_CatchesUpByOneRoundAtMost()
    {
        var turns = new PartitionTurns(2);
        turns.Weigh(0, 1);
        turns.Weigh(1, 1);
        turns.Gave(0, 1000);
        Assert.Equal(63, turns.Want(1, [Standing.MayBeAsked, Standing.MayBeAsked], free: 200, slots: 100, reports: 0));
        Assert.Equal(turns.TagOf(0) - 50, turns.TagOf(1));
    }

    [Fact]
    public void WhenNoKeyHasAnything_NothingIsRemembered()
    {
        var turns = new PartitionTurns(2);
        turns.Weigh(0, 3);
        turns.Gave(0, 30);
        turns.Weigh(0, 0);
        Assert.False(turns.IsOn);
        Assert.Equal(0, turns.TagOf(0));
    }

    [Fact]
    public void WhoIsAhead_IsAskedForNothing_WhileOthersWait()
    {
        var turns = new PartitionTurns(2);
        turns.Weigh(0, 1);
        turns.Weigh(1, 1);
        Assert.Equal(10, turns.Want(0, [Standing.MayBeAsked, Standing.MayBeAsked], free: 10, slots: 100, reports: 10));
        turns.Gave(0, 13);
        Assert.Equal(0, turns.Want(0, [Standing.MayBeAsked, Standing.MayBeAsked], free: 10, slots: 100, reports: 10));
        Assert.Equal(10, turns.Want(0, [Standing.MayBeAsked, Standing.Out], free: 10, slots: 100, reports: 10));
    }

    [Fact]
    public void ForWhoeverIsOnItsWay_WhatItIsOwedStaysFree_AndNoMore()
    {
        var turns = new PartitionTurns(2);
        turns.Weigh(0, 1);
        turns.Weigh(1, 1);
        turns.Gave(0, 13);
        Assert.Equal(0, turns.Want(0, [Standing.MayBeAsked, Standing.OnItsWay], free: 13, slots: 100, reports: 13));
        Assert.Equal(7, turns.Want(0, [Standing.MayBeAsked, Standing.OnItsWay], free: 20, slots: 100, reports: 20));
    }

    [Fact]
    public void WhatIsHeldBackByTheRoomOfItsOwnRequest_IsAskedAgain()
    {
        var plan = new AskPlan(2) { Slots = 10 };
        plan.Opened(0);
        plan.Opened(1);
        var first = plan.Next(2, 0)!.Value;
        var second = plan.Next(1, 0)!.Value;
        plan.Answered(second.Partition, second.Want, second.Want, ready: 5, heldBack: false, 0, weight: 3);
        plan.Answered(first.Partition, first.Want, first.Want, ready: 0, heldBack: true, 0, weight: 3);
        var asked = new List<int>();
        for (var free = 4; plan.Next(free, 1) is { } ask; free -= ask.Want) asked.Add(ask.Partition);
        Assert.Contains(first.Partition, asked);
    }

    private static (int Partition, int Weight)[] Keys(int count, int partitions, int seed, Func<int, int> weight)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(key => (random.Next(partitions), weight(key)))];
    }

    /// <summary>Workers that fill their slots from partitions with more than enough; an exchange takes a millisecond or two, with some partitions far longer, jobs as long as is said and a little more or less.</summary>
    private sealed class Simulation
    {
        private readonly AskPlan[] _plans;
        private readonly int[] _free;
        private readonly (int Partition, int Weight)[] _keys;
        private readonly int[] _partitionWeights;
        private readonly double[] _tags;
        private readonly int[] _starts;
        private readonly PriorityQueue<Action, double> _events = new();
        private readonly Random _random;
        private readonly int _milliseconds;
        private readonly int _slow;
        private readonly int _slots;
        private readonly double[] _timers;
        private double _now;

        public Simulation(int partitions, int workers, int slots, int milliseconds, (int Partition, int Weight)[] keys, int seed, int slow = 1)
        {
            (_slow, _slots, _timers) = (slow, slots, [.. Enumerable.Repeat(double.MaxValue, workers)]);
            (_keys, _milliseconds, _random) = (keys, milliseconds, new Random(seed));
            _partitionWeights = [.. Enumerable.Range(0, partitions).Select(partition => keys.Where(key => key.Partition == partition).Sum(key => key.Weight))];
            _tags = new double[keys.Length];
            _starts = new int[keys.Length];
            _plans = [.. Enumerable.Range(0, workers).Select(_ => new AskPlan(partitions) { Slots = slots })];
            _free = [.. Enumerable.Repeat(slots, workers)];
            foreach (var (worker, plan) in _plans.Index())
            {
                for (var partition = 0; partition < partitions; partition++)
                {
                    if (partition % workers == worker) plan.HasBacklog(partition);
                    else plan.Opened(partition);
                }
            }
        }

        public int[] Run()
        {
            for (var worker = 0; worker < _plans.Length; worker++) Pump(worker);
            RunUntil(3000);
            Array.Clear(_starts);
            RunUntil(3000 + Window);
            Used = (double)_starts.Sum() * _milliseconds / ((double)Window * _slots * _plans.Length);
            return _starts;
        }

        /// <summary>Part of the time of all slots in which jobs ran.</summary>
        public double Used { get; private set; }

        private void RunUntil(double end)
        {
            while (_events.TryPeek(out var happen, out var at) && at < end)
            {
                _events.Dequeue();
                _now = at;
                happen();
            }
        }

        private void Pump(int worker)
        {
            while (_plans[worker].Next(_free[worker], (long)_now) is { } ask)
            {
                _free[worker] -= ask.Want;
                In((1 + _random.NextDouble()) * (ask.Partition % 5 == 0 ? _slow : 1), () => Answer(worker, ask));
            }

            if (_plans[worker].NextRetry is { } retry && retry > _now && retry < _timers[worker]) _events.Enqueue(() => Fire(worker), _timers[worker] = retry);
        }

        private void Fire(int worker)
        {
            _timers[worker] = double.MaxValue;
            Pump(worker);
        }

        private void Answer(int worker, Ask ask)
        {
            var weight = _partitionWeights[ask.Partition];
            var got = weight == 0 ? 0 : ask.Want;
            _free[worker] += ask.Want - got;
            for (var i = 0; i < got; i++)
            {
                Serve(ask.Partition);
                In(_milliseconds * (0.9 + (0.2 * _random.NextDouble())), () =>
                {
                    _free[worker]++;
                    _plans[worker].Reported(ask.Partition);
                    Pump(worker);
                });
            }

            _plans[worker].Answered(ask.Partition, ask.Want, got, ready: weight == 0 ? 0 : 1000, heldBack: false, (long)_now, weight);
            Pump(worker);
        }

        /// <summary>Within a partition, turns of keys are exact.</summary>
        private void Serve(int partition)
        {
            var next = Enumerable.Range(0, _keys.Length).Where(key => _keys[key].Partition == partition).MinBy(key => _tags[key]);
            _tags[next] += 1.0 / _keys[next].Weight;
            _starts[next]++;
        }

        private void In(double milliseconds, Action happen) => _events.Enqueue(happen, _now + milliseconds);
    }
}
