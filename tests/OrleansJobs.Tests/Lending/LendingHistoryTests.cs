using OrleansJobs.Keys;
using OrleansJobs.Lending;
using OrleansJobs.Partitions;
using OrleansJobs.Tests.Keys;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Lending;

/// <summary>
/// Drawn histories of partitions that share the limits of a queue: whatever happens to them and to their letters, no more run than may, and all comes to an end. 80 of
/// them, or as many as <c>LENDING_HISTORY_COUNT</c> says.
/// </summary>
public class LendingHistoryTests
{
    [Fact]
    public void WhateverHappens_TheLimitsOfAQueueHold_AndEverythingEnds()
    {
        var count = Environment.GetEnvironmentVariable("LENDING_HISTORY_COUNT") is { Length: > 0 } value ? int.Parse(value, System.Globalization.CultureInfo.InvariantCulture) : 80;
        for (var seed = 1; seed <= count; seed++)
        {
            try
            {
                new History(seed).Play(150);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
            }
        }
    }

    private sealed class History(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly LendingWorld _world = new(partitions: 1 + seed % 4);
        private QueueLimits? _limits;

        /// <summary>Starts since the limits were put that hold.</summary>
        private int _from;

        public void Play(int steps)
        {
            Put();
            for (var step = 0; step < steps; step++)
            {
                Step();
                Check();
            }

            End();
        }

        private void Step()
        {
            var partition = _random.Next(_world.Cores.Length);
            switch (_random.Next(100))
            {
                case < 25: Submit(partition); break;
                case < 45: Take(partition, _random.Next(1, 6)); break;
                case < 60 when _world.Running.Count > 0: End(_world.Running[_random.Next(_world.Running.Count)]); break;
                case < 86: _world.Deliver(partition, _random.Next(_world.Cores.Length), isAnswered: _random.Next(5) > 0); break;
                case < 92:
                    _world.Now += _random.Next(0, 600);
                    _world.Settle(partition);
                    break;
                case < 95: Reopen(partition); break;
                case < 98: _world.Transfer(partition, _random, _random.Next(2) == 0 ? LendingWorld.Queue : "elsewhere"); break;
                default: Put(); break;
            }
        }

        private void Submit(int partition)
        {
            for (var more = _random.Next(1, 4); more > 0; more--)
            {
                string? key = _random.Next(3) == 0 ? $"tenant/{_random.Next(2)}" : null;
                _world.Submit(partition, job => job with { Key = key, Type = _random.Next(3) == 0 ? "other" : "work", Priority = _random.Next(3) == 0 ? 9 : 4, Countdown = _random.Next(6) == 0 ? _random.Next(1, 500) : null });
            }
        }

        private void Take(int partition, int want)
        {
            var before = Limited();
            var leases = _world.Take(partition, want);
            if (leases.Count > 0 && _limits?.Concurrency is { } most && Limited() is var now && now > before) Assert.True(now <= most, $"{before} ran, {now - before} more started, and {most} may.");

            int Limited() => _world.Running.Count(attempt => attempt.Lease.Queue == LendingWorld.Queue);
        }

        private void End((int, Lease) attempt)
        {
            var kind = (ReportKind)_random.Next((int)ReportKind.Succeeded, (int)ReportKind.Returned + 1);
            _world.Report(attempt, kind == ReportKind.Cancelled ? ReportKind.Succeeded : kind, kind is ReportKind.FailedOnce or ReportKind.Postponed ? TimeSpan.FromMilliseconds(_random.Next(300)) : default);
        }

        private void Reopen(int partition)
        {
            // What was decided and not stored is lost; nobody has been told of it.
            if (_random.Next(2) == 0)
            {
                var core = _world.Cores[partition];
                core.Dispatch.Take(Partitions.CoreDriver.Worker(null, "work", "other"), 3, _world.Now, []);
                core.QueueLimits.Settle(_world.Now);
            }

            _world.Reopen(partition);
        }

        private void Put()
        {
            _limits = _random.Next(6) == 0 ? null : new QueueLimits
            {
                Concurrency = _random.Next(4) == 0 ? null : _random.Next(1, 6), Rate = _random.Next(3) == 0 ? new(_random.Next(1, 10), _random.NextInt64(10, 1000), _random.Next(1, 4)) : null,
            };
            if (_limits is { Concurrency: null, Rate: null }) _limits = new() { Concurrency = 2 };
            _world.PutEverywhere(_limits);
            _from = _world.Starts.Count;
        }

        /// <summary>Nobody has more than what the home has booked for all.</summary>
        private void Check()
        {
            foreach (var core in _world.Cores)
            {
                foreach (var line in core.QueueLimits.Lines) Assert.Equal(core.Jobs.Leased.Count(job => job.Track.QueueOf(job.Spec!) == line.Queue), line.Running);
                Assert.Equal(0, core.Jobs.Orphans);
                // What may be handed out is found, and nothing else.
                var (worker, ready) = (Partitions.CoreDriver.Worker(null, "work", "other"), core.Jobs.Index.Ready().ToList());
                var first = core.Jobs.Index.FirstFor(worker, SuspectWish.None, room: null);
                Assert.Equal(ready.Exists(lane => lane.Limit is null || lane.Limit.Room > 0), first is not null);
                Assert.True(first?.Limit is not { Room: 0 });
                Assert.Equal(ready.Exists(lane => lane.IsReady(_world.Now)), core.Jobs.Index.CountFor(worker, _world.Now, 1, room: null, out _) > 0);
            }

            if (_limits?.Rate is not { } rate) return;
            KeyBucketTests.Check([.. _world.Grants.Select(grant => grant.At)], rate);
            Assert.True(_world.Starts.Count - _from <= _world.Grants.Count, "More have started than were lent.");
        }

        private void End()
        {
            for (var turn = 0; _world.Waiting > 0; turn++)
            {
                Assert.True(turn < 5000, $"{_world.Waiting} jobs never end: {Describe()}");
                _world.DeliverAll();
                for (var partition = 0; partition < _world.Cores.Length; partition++) Take(partition, 5);
                while (_world.Running.Count > 0) _world.Report(_world.Running[0], ReportKind.Succeeded);
                _world.Now += 50;
                Check();
            }

            // Permits for which there are no jobs are home in the end, once all who had asked have had them: what was asked for comes one by one where one is all there is.
            for (var turn = 0; turn < 100; turn++)
            {
                _world.Now += LendingRules.KeptMost;
                _world.DeliverAll();
            }

            foreach (var core in _world.Cores) Assert.All(core.QueueLimits.Lines, line => Assert.Equal((0, 0, 0), (line.Permits, line.Running, line.Starts)));
            if (_world.Cores[_world.Home].QueueLimits.Homes.Find(LendingWorld.Queue) is { } home) Assert.Equal(0, home.Lent);
        }

        private string Describe() => string.Join("; ", _world.Cores.SelectMany(core => core.QueueLimits.Lines)
            .Select(line => $"{line.Limits.Concurrency} {line.Limits.Rate} permits {line.Permits} running {line.Running} asked {line.Asked} starts {line.Starts}"));
    }
}
