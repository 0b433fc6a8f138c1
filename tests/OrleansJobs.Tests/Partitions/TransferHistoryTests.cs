using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Partitions;

/// <summary>
/// Drawn histories of a partition whose jobs change queues, among all else that happens to them: each runs only where its queue is served, is found and counted under it, and leaves nothing behind.
/// </summary>
public class TransferHistoryTests
{
    [Fact]
    public void WhateverHappens_AJobIsInOneQueue_AndNowhereElse()
    {
        for (var seed = 1; seed <= 150; seed++)
        {
            var world = new World(seed);
            try
            {
                world.Play(120);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
            }
        }
    }

    private sealed class World
    {
        private static readonly string[] Queues = ["default", "slow", "mail"];
        private static readonly JobState[] States = [JobState.Pending, JobState.Progress, JobState.Success, JobState.Failure, JobState.Revoked];

        private readonly Random _random;
        private readonly MemoryPartitionStore _store = new(GridLayout.Layout);
        private readonly CoreDriver _driver;
        private readonly JobRows _rows;
        private readonly List<Lease> _running = [];

        /// <summary>Jobs that there are, in the order of their submits, with the queues that they are in.</summary>
        private readonly List<string> _order = [];
        private readonly Dictionary<string, string> _queues = [];
        private int _count;

        public World(int seed)
        {
            _random = new(seed);
            _driver = new(new JobGridOptions { Partitions = 1, WindowJobs = 16, PoisonCrashes = 100, PoisonCrashesInCompany = 100 }, _store);
            _rows = new(_store, 0);
        }

        public void Play(int steps)
        {
            for (var step = 0; step < steps; step++)
            {
                Step();
                Agree();
            }

            End();
        }

        private void Step()
        {
            switch (_random.Next(100))
            {
                case < 25: Submit(); break;
                case < 50: Transfer(); break;
                case < 65: Take(_random.Next(1, 5)); break;
                case < 78 when _running.Count > 0: Report(_running[_random.Next(_running.Count)], (ReportKind)_random.Next((int)ReportKind.Succeeded, (int)ReportKind.Returned + 1)); break;
                case < 84: _driver.Now += _random.Next(0, 400); break;
                case < 88: With(job => _driver.Core.Orders.Cancel(job, new("test"), _driver.Now)); break;
                case < 91: With(job => _driver.Core.Orders.Retry(job, new("test"), _driver.Now)); break;
                case < 94: With(job => _driver.Core.Orders.Prioritise(job, _random.Next(10), new("test"), _driver.Now)); break;
                case < 96: With(Delete); break;
                case < 98: Drop(); break;
                default: _driver.Reopen(); break;
            }
        }

        private void Submit()
        {
            // Some are put elsewhere in the commit that they come with.
            for (var more = _random.Next(1, 4); more > 0; more--)
            {
                var id = $"{_count++}";
                var queue = Queues[_random.Next(Queues.Length)];
                var job = _driver.Submit(id, job => job with { Queue = queue, Countdown = _random.Next(3) == 0 ? _random.Next(1, 500) : null, Key = _random.Next(4) == 0 ? "tenant/1" : null });
                _order.Add(id);
                if (_random.Next(4) == 0) Assert.Null(_driver.Core.Orders.Transfer(job, queue = Queues[_random.Next(Queues.Length)], new("test"), _driver.Now));
                _queues[id] = queue;
            }

            _driver.Commit();
        }

        private void Transfer() => With(job =>
        {
            var queue = Queues[_random.Next(Queues.Length)];
            var refusal = _driver.Core.Orders.Transfer(job, queue, new("test"), _driver.Now);
            Assert.Equal(job.Place switch { JobPlace.Waiting => null, JobPlace.Leased => "It runs already.", _ => "It has ended." }, refusal);
            if (refusal is null) _queues[job.Id] = queue;
        });

        /// <summary>A full store refuses a submit, with the queue that it was put into meanwhile.</summary>
        private void Drop()
        {
            var job = _driver.Submit($"{_count++}", job => job with { Queue = "default" });
            _driver.Core.Orders.Transfer(job, "slow", new("test"), _driver.Now);
            _driver.Core.Changes.Refused(_driver.Core.Changes.Seal());
            _driver.Commit();
        }

        private void Take(int want)
        {
            var served = Queues[_random.Next(Queues.Length)];
            foreach (var lease in _driver.Take(CoreDriver.Worker() with { Queues = [served] }, want))
            {
                Assert.Equal((served, served), (lease.Queue, _queues[lease.Id]));
                _running.Add(lease);
            }
        }

        private void Report(Lease lease, ReportKind kind)
        {
            _running.Remove(lease);
            var delay = kind is ReportKind.FailedOnce or ReportKind.Postponed ? TimeSpan.FromMilliseconds(_random.Next(0, 300)) : default;
            Assert.True(_driver.Report(lease, kind, error: kind is ReportKind.Failed or ReportKind.FailedOnce ? new("error", null, "no") : null, delay: delay));
        }

        private void Delete(LiveJob job)
        {
            if (!_driver.Core.Orders.Delete(job, _driver.Now)) return;
            _order.Remove(job.Id);
            _queues.Remove(job.Id);
        }

        private void With(Action<LiveJob> change)
        {
            if (_order.Count == 0) return;
            var job = _driver.Bring(_order[_random.Next(_order.Count)]);
            change(job);
            _driver.Commit();
            // As the pin does of whoever looks at a job in vain.
            _driver.Core.Jobs.LetGo(job);
        }

        private void Agree()
        {
            Assert.Equal(0, _driver.Core.Jobs.Orphans);
            var statuses = _order.ToDictionary(id => id, id => _driver.Status(id)!);
            foreach (var queue in Queues)
            {
                var there = _order.Where(id => _queues[id] == queue).ToList();
                // In pages, so that what is merged does not end too soon.
                Assert.Equal(there.AsEnumerable().Reverse(), Listed(queue, _random.Next(1, 6)).Where(id => statuses[id].Queue == queue));
                foreach (var state in States)
                    Assert.Equal(there.Count(id => statuses[id].State == state), _driver.Core.Jobs.Counts.All().Where(count => count.Queue == queue && count.State == state).Sum(count => count.Jobs));
            }
        }

        private List<string> Listed(string queue, int chunk)
        {
            var found = new List<string>();
            for (var before = long.MaxValue; ;)
            {
                var lines = _rows.ReadLogAsync(before, 0, chunk, null, queue, _random.Next(2) == 0 ? "work" : null).AsTask().Result;
                found.AddRange(lines.Select(line => line.Member));
                if (lines.Length < chunk) return found;
                before = lines[^1].Stamp;
            }
        }

        private void End()
        {
            for (var turn = 0; _driver.Core.Jobs.Unfinished > 0; turn++)
            {
                Assert.True(turn < 5000, $"{_driver.Core.Jobs.Unfinished} jobs never end.");
                foreach (var lease in _driver.Take(want: 5)) _running.Add(lease);
                while (_running.Count > 0) Report(_running[0], ReportKind.Succeeded);
                _driver.Now += 50;
            }

            Agree();
            while (_order.Count > 0) With(Delete);
            Assert.All(Queues, queue => Assert.Empty(Listed(queue, 5)));
            Assert.Empty(_driver.Core.Jobs.Counts.All());
            var opening = _store.OpenAsync(0).AsTask().Result;
            Assert.DoesNotContain(opening.Counts(GridLayout.Jobs.Counts), count => count.Value != 0);
            foreach (var queue in Queues) Assert.Empty(_store.ReadSetAsync(0, GridLayout.Jobs.Indexes[IndexNames.Queue(queue)], new(0, long.MaxValue, 10)).AsTask().Result);
            Assert.Empty(_store.ReadLogsAsync(0, GridLayout.Jobs.Log, new(long.MaxValue, 0, 10)).AsTask().Result);
        }
    }
}
