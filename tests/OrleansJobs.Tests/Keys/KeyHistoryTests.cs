using OrleansJobs.Hosting;
using OrleansJobs.Keys;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Keys;

/// <summary>
/// Drawn histories of a partition: submits, leases, ends of all kinds, crashes of silos, lost activations with what they had not stored, cancels, other queues, and rules that
/// change. Whatever happens, limits hold, orders are not broken, and every permit comes back once.
/// </summary>
public class KeyHistoryTests
{
    [Fact]
    public void WhateverHappens_LimitsHold_AndEverythingEnds()
    {
        for (var seed = 1; seed <= 1500; seed++)
        {
            var world = new World(seed);
            try
            {
                world.Play(120);
                world.End();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
            }
        }
    }

    private sealed class World(int seed)
    {
        private static readonly string[] Keys = ["tenant/1", "tenant/2", "service"];
        private static readonly WorkerProfile A = CoreDriver.Worker(CoreDriver.SiloA, "work", "other"), B = CoreDriver.Worker(CoreDriver.SiloB, "work", "other");

        private readonly Random _random = new(seed);
        private readonly MemoryPartitionStore _store = new(GridLayout.Layout);
        private readonly CoreDriver _driver = new(new JobGridOptions { Partitions = 1, WindowJobs = 16, ClockTolerance = TimeSpan.FromMilliseconds(1), PoisonCrashes = 100, PoisonCrashesInCompany = 100 });
        private readonly Dictionary<string, KeyRule?> _rules = [];
        private readonly Dictionary<string, List<long>> _starts = [];
        private readonly List<Lease> _running = [];

        /// <summary>Attempts that have ended without their handlers, with their silos.</summary>
        private readonly List<(Lease Lease, string Silo)> _stuck = [];
        private readonly Dictionary<string, Known> _jobs = [];
        private int _count;

        public void Play(int steps)
        {
            foreach (var key in Keys) ChangeRule(key);
            for (var step = 0; step < steps; step++)
            {
                Step();
                Agree();
            }
        }

        /// <summary>Nothing more comes, and all that is there ends.</summary>
        public void End()
        {
            foreach (var key in Keys)
            {
                if (Setting(key) is { Paused: not null }) Put(key, _rules[key], isPaused: false);
            }

            for (var turn = 0; _driver.Core.Jobs.Unfinished > 0; turn++)
            {
                Assert.True(turn < 5000, $"{_driver.Core.Jobs.Unfinished} jobs never end: {string.Join("; ", _driver.Core.Keys.Lines.Select(line => $"{line.Key} {line.Limits} running {line.Running} waiting {line.Waiting}"))}.");
                Take(5);
                while (_running.Count > 0) Report(_running[0], ReportKind.Succeeded);
                while (_stuck.Count > 0) Return(_stuck[0]);
                if (_driver.Core.NextDue(_driver.Now) is { } due && due > _driver.Now && _running.Count == 0) _driver.Now = due;
                Agree();
            }

            Assert.All(_driver.Core.Keys.Lines, line => Assert.Equal(0, line.Running));
        }

        private void Step()
        {
            switch (_random.Next(100))
            {
                case < 30: Submit(); break;
                case < 55: Take(_random.Next(1, 6)); break;
                case < 75 when _running.Count > 0: Report(_running[_random.Next(_running.Count)], (ReportKind)_random.Next((int)ReportKind.Succeeded, (int)ReportKind.Returned + 1)); break;
                case < 78 when _stuck.Count > 0: Return(_stuck[_random.Next(_stuck.Count)]); break;
                case < 82: _driver.Now += _random.Next(0, 400); break;
                case < 86: ChangeRule(Keys[_random.Next(Keys.Length)]); break;
                case < 89: Cancel(); break;
                case < 91: Transfer(); break;
                case < 93: Crash(_random.Next(2) == 0 ? A : B); break;
                case < 96: LoseAnswer(); break;
                default: Reopen(); break;
            }
        }

        private void Submit()
        {
            for (var more = _random.Next(1, 5); more > 0; more--)
            {
                var number = _count++;
                var id = $"{_random.Next(1000):000}-{number}";
                string? key = _random.Next(5) == 0 ? null : Keys[_random.Next(Keys.Length)];
                long? countdown = _random.Next(6) == 0 ? _random.Next(1, 500) : null;
                _driver.Submit(id, job => job with
                {
                    Key = key, Countdown = countdown, Type = _random.Next(3) == 0 ? "other" : "work", Priority = _random.Next(3) == 0 ? 9 : 4, Queue = _random.Next(4) == 0 ? "side" : "default",
                });
                _jobs.Add(id, new(id, key, number) { IsPlainlyDue = countdown is null });
            }

            _driver.Commit();
        }

        private void Take(int want)
        {
            var before = _running.Count;
            foreach (var lease in _driver.Take(_random.Next(2) == 0 ? A : B, want))
            {
                Started(lease);
                _running.Add(lease);
                if (_jobs[lease.Id].Key is { } key && _rules[key]?.Concurrency is { } most)
                    Assert.True(_running.Concat(_stuck.Select(stuck => stuck.Lease)).Count(other => _jobs[other.Id].Key == key) <= most, $"{key} runs more than {most}.");
            }

            if (_running.Count == before) return;
            foreach (var key in Keys)
            {
                if (_rules[key]?.Rate is { } rate) KeyBucketTests.Check(_starts[key], rate);
            }
        }

        private void Started(Lease lease)
        {
            var job = _jobs[lease.Id];
            if (job.Key is { } key)
            {
                Assert.True(Setting(key)?.Paused is null && (!key.Contains('/') || Setting("tenant")?.Paused is null), $"{key} is paused.");
                _starts[key].Add(_driver.Now);
                var order = _rules[key]?.Order ?? KeyOrder.Any;
                // Those that were due at once when they were submitted, and whose place nothing has changed since.
                foreach (var other in _jobs.Values.Where(other => other.Key == key && other.Number < job.Number && other.IsPlainlyDue && job.IsPlainlyDue && other.Waits && !_running.Exists(running => running.Id == other.Id)))
                {
                    if (order == KeyOrder.FifoStart) Assert.True(other.HasStarted, $"{lease.Id} starts before {other.Id}.");
                    if (order == KeyOrder.Fifo && (!other.HasStarted || (other.FailedUnder == order && other.FailedIn == _epoch)))
                        Assert.Fail($"{lease.Id} starts before {other.Id}, which {(other.HasStarted ? "is to run again" : "has not started")}.");
                }
            }

            job.HasStarted = true;
            job.FailedUnder = null;
        }

        private void Report(Lease lease, ReportKind kind)
        {
            _running.Remove(lease);
            var delay = kind is ReportKind.FailedOnce or ReportKind.Postponed ? TimeSpan.FromMilliseconds(_random.Next(0, 300)) : default;
            var job = _jobs[lease.Id];
            var isStuck = kind is ReportKind.Failed or ReportKind.Cancelled && _random.Next(2) == 0;
            if (isStuck) _stuck.Add((lease, _driver.Core.Jobs.FindLeased(lease.Id)!.Track.Silo!));
            Assert.True(_driver.Report(lease, kind, error: kind is ReportKind.Failed or ReportKind.FailedOnce ? new("error", null, "no") : null, delay: delay, isStuck: isStuck));
            Look(job);
            if (kind == ReportKind.FailedOnce && job.Key is { } key) (job.FailedUnder, job.FailedIn) = (_rules[key]?.Order, _epoch);
        }

        /// <summary>A handler returns whose attempt had ended without it; its worker may say so more than once.</summary>
        private void Return((Lease Lease, string Silo) stuck)
        {
            _stuck.Remove(stuck);
            for (var times = _random.Next(1, 3); times > 0; times--) Assert.True(_driver.Report(stuck.Lease, ReportKind.HandlerReturned));
        }

        private void Cancel()
        {
            var open = _jobs.Values.Where(job => job.Waits).ToList();
            if (open.Count == 0) return;
            var job = open[_random.Next(open.Count)];
            _driver.Core.Orders.Cancel(_driver.Bring(job.Id), new("test"), _driver.Now);
            _driver.Commit();
            Look(job);
        }

        /// <summary>Another queue, or another priority: it stays in its place of the key's line.</summary>
        private void Transfer()
        {
            var open = _jobs.Values.Where(job => job.Waits && !_running.Exists(lease => lease.Id == job.Id)).ToList();
            if (open.Count == 0) return;
            var job = _driver.Bring(open[_random.Next(open.Count)].Id);
            var (queue, seat) = (_random.Next(3) == 0 ? "side" : "default", job.Seat);
            Assert.Null(_driver.Core.Orders.Transfer(job, queue, new("test"), _driver.Now));
            if (_random.Next(3) == 0) Assert.Null(_driver.Core.Orders.Prioritise(job, _random.Next(10), new("test"), _driver.Now));
            Assert.Equal((queue, seat), (job.Lane.Queue, job.Seat));
            _driver.Commit();
            Assert.Equal(queue, _driver.Status(job.Id)!.Queue);
            // As the pin does of whoever looks at a job in vain.
            _driver.Core.Jobs.LetGo(job);
        }

        /// <summary>A silo dies, and the membership says so.</summary>
        private void Crash(WorkerProfile worker)
        {
            var silo = worker.Silo.ToParsableString();
            var lost = _running.Where(lease => _driver.Core.Jobs.FindLeased(lease.Id)!.Track.Silo == silo).ToList();
            _driver.Core.Suspects.Crash(silo, _driver.Now);
            _driver.Core.Stuck.Lost(silo);
            _stuck.RemoveAll(stuck => stuck.Silo == silo);
            // Nobody is convicted here.
            foreach (var conviction in _driver.Core.Suspects.TakeConvicts()) _driver.Core.Suspects.Convict(conviction, _driver.Now);
            _driver.Commit();
            foreach (var lease in lost)
            {
                _running.Remove(lease);
                Look(_jobs[lease.Id]);
            }
        }

        /// <summary>Leases are stored and never arrive; the next activation learns that their worker has none.</summary>
        private void LoseAnswer()
        {
            var leases = _driver.Take(_random.Next(2) == 0 ? A : B, 3);
            foreach (var lease in leases) Started(lease);
            _driver.Reopen();
            foreach (var lease in leases)
            {
                _driver.Core.Attempts.Undo(new(lease.Id, lease.Token), _driver.Now);
                // It never began, and was no start.
                if (_jobs[lease.Id].Key is { } key) _starts[key].Remove(_driver.Now);
            }

            _driver.Commit();
            foreach (var lease in leases) Look(_jobs[lease.Id]);
        }

        private void Reopen()
        {
            // What was decided and not stored is lost; nobody has been told of it.
            if (_random.Next(2) == 0) _driver.Core.Dispatch.Take(A, 3, _driver.Now, []);
            _driver.Reopen();
        }

        private void ChangeRule(string key)
        {
            var rule = _random.Next(5) == 0 ? null : new KeyRule
            {
                Concurrency = _random.Next(3) == 0 ? null : _random.Next(1, 4), Order = (KeyOrder)_random.Next(3), Weight = _random.Next(3) == 0 ? _random.Next(1, 5) : null,
                Rate = _random.Next(2) == 0 ? new(_random.Next(1, 10), _random.NextInt64(10, 1000), _random.Next(1, 4)) : null,
            };
            Put(key, rule, isPaused: _random.Next(8) == 0);
        }

        private int _epoch;

        private void Put(string key, KeyRule? rule, bool isPaused)
        {
            var keys = _driver.Core.Keys;
            keys.Rules.Take(key, keys.Rules.Next(key, rule, isPaused ? new("test", DateTimeOffset.UnixEpoch) : null, _driver.Now));
            keys.Changed(key, _driver.Now);
            _driver.Commit();
            _rules[key] = rule;
            _starts[key] = [];
            _epoch++;
        }

        private KeySetting? Setting(string key) => _driver.Core.Keys.Rules.Find(key);

        private void Look(Known job) => job.Waits = _driver.Status(job.Id) is { IsFinished: false };

        /// <summary>Permits are the leases and the handlers that run on without theirs, and nothing else.</summary>
        private void Agree()
        {
            foreach (var line in _driver.Core.Keys.Lines)
                Assert.Equal(_driver.Core.Jobs.Leased.Count(job => job.Spec!.Key == line.Key) + _stuck.Count(stuck => _jobs[stuck.Lease.Id].Key == line.Key), line.Running);
            Assert.Equal(0, _driver.Core.Jobs.Orphans);
        }

        private sealed class Known(string id, string? key, int number)
        {
            public string Id { get; } = id;
            public string? Key { get; } = key;
            public int Number { get; } = number;

            /// <summary>It has not ended.</summary>
            public bool Waits { get; set; } = true;
            public bool IsPlainlyDue { get; init; }
            public bool HasStarted { get; set; }
            public KeyOrder? FailedUnder { get; set; }
            public int FailedIn { get; set; }
        }
    }
}
