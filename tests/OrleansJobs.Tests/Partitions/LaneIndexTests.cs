using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Partitions;

/// <summary>The index against a search through all lanes, over drawn histories.</summary>
public class LaneIndexTests
{
    private const int Histories = 1000;
    private const int Steps = 120;
    private static readonly string[] Types = ["a", "b", "c"];
    private static readonly string[] Queues = ["p", "q", "r", "s"];

    [Fact]
    public void Index_InEveryDrawnHistory_FindsWhatASearchFinds()
    {
        for (var seed = 1; seed <= Histories; seed++) new History(seed).Play();
    }

    [Fact]
    public void Lanes_WhenTheirLastJobHasGone_AreForgotten()
    {
        var index = new LaneIndex(256);
        for (var i = 0; i < 1000; i++)
        {
            var job = Job(index.Of($"queue{i}/4/t"), i, 1);
            job.Lane.Add(job);
            job.Lane.Remove(job);
            index.Forget();
        }

        Assert.InRange(index.Count, 0, 100);
        index.ForgetAll();
        Assert.Equal(0, index.Count);
    }

    [Fact]
    public void ALane_WhoseNextPageIsStillToBeRead_IsNotForgotten()
    {
        var index = new LaneIndex(4, keptEmpty: 0);
        var lane = index.Of("q/4/t");
        lane.Count = 4;
        lane.StartUnread();
        Assert.Same(lane, index.TakeLow());
        lane.BeginRead();
        // A full page says that there may be more.
        lane.EndRead([.. Enumerable.Range(0, 4).Select(number => new LaneEntry($"j{number}", number, null))], isLast: false, entry => new(entry.Id, null!) { Lane = lane, Due = entry.Score });
        foreach (var job in lane.Window.ToList()) lane.Remove(job);

        index.Forget();
        Assert.Same(lane, index.Of("q/4/t"));

        Assert.Same(lane, index.TakeLow());
        lane.BeginRead();
        lane.EndRead([], isLast: true, _ => null);
        index.Forget();
        Assert.Equal(0, index.Count);
    }

    [Fact]
    public void ALane_ThatNoJobEverWaitedIn_IsForgotten()
    {
        var index = new LaneIndex(256);
        for (var i = 0; i < 1000; i++)
        {
            index.Of($"queue{i}/4/t");
            index.Forget();
        }

        Assert.InRange(index.Count, 0, 100);
    }

    [Fact]
    public void Windows_WithManyLanes_AreSmaller()
    {
        var index = new LaneIndex(256);
        Assert.Equal(256, index.WindowLimit);
        for (var i = 0; i < 1000; i++) index.Of($"queue{i}/4/t");
        Assert.Equal(LaneIndex.SharedWindowJobs / 1000, index.WindowLimit);
        for (var i = 1000; i < 50_000; i++) index.Of($"queue{i}/4/t");
        Assert.Equal(4, index.WindowLimit);
    }

    private static LiveJob Job(Lane lane, int number, long due) => new($"j{number}", null!) { Lane = lane, Due = due };

    private sealed class History(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly LaneIndex _index = new(256);
        private readonly List<LiveJob> _jobs = [];
        private readonly HashSet<Lane> _news = [];
        private long _now = 1000;

        public void Play()
        {
            _index.Advance(_now);
            for (var i = 0; i < Steps; i++)
            {
                switch (_random.Next(10))
                {
                    case < 4: Add(i); break;
                    case < 7: Remove(); break;
                    case < 9: Pass(_random.Next(30)); break;
                    default: Pass(-_random.Next(30)); break;
                }

                Check();
            }
        }

        private void Add(int number)
        {
            var suspects = _random.Next(5) == 0;
            var job = Job(_index.Of(Lane.NameOf(Draw(Queues), _random.Next(3), Draw(Types), suspects)), number, _now + _random.Next(-20, 40));
            job.Lane.Add(job);
            _jobs.Add(job);
            if (job.Lane.IsReady(_now)) _news.Add(job.Lane);
        }

        private void Remove()
        {
            if (_jobs.Count == 0) return;
            var job = _jobs[_random.Next(_jobs.Count)];
            _jobs.Remove(job);
            job.Lane.Remove(job);
        }

        private void Pass(long time)
        {
            var before = _index.All.Where(lane => lane.IsReady(_now)).ToHashSet();
            _now += time;
            _index.Advance(_now);
            _news.UnionWith(_index.All.Where(lane => lane.IsReady(_now) && !before.Contains(lane)));
        }

        private void Check()
        {
            var ready = _index.All.Where(lane => lane.IsReady(_now)).ToList();
            Assert.Equal(ready.ToHashSet(), _index.Ready().ToHashSet());
            var later = _index.All.Where(lane => lane.First is { } first && first.Due > _now).ToList();
            Assert.Equal(later.Count > 0 ? later.Min(lane => lane.First!.Due) : null, _index.NextDue);

            var (worker, room) = DrawWorker();
            var wish = worker.Suspects;
            var fitting = ready.Where(lane => LaneFit.Of(worker, lane) == Fit.Open && !(room?.GetValueOrDefault(lane.Queue) <= 0) && (lane.Suspects ? wish is not SuspectWish.None : wish is not SuspectWish.OneAlone)).ToList();
            var found = _index.FirstFor(worker, wish, room);
            Assert.Equal(fitting.Count > 0, found is not null);
            if (found is not null)
            {
                Assert.Contains(found, fitting);
                Assert.DoesNotContain(fitting, lane => Lane.IsAhead(lane, found));
            }

            var limit = 1 + _random.Next(20);
            var count = _index.CountFor(worker, _now, limit, room, out var heldBack);
            var open = ready.Where(lane => LaneFit.Of(worker, lane) == Fit.Open && !(room?.GetValueOrDefault(lane.Queue) <= 0)).ToList();
            Assert.Equal(Math.Min(limit, open.Where(lane => !lane.Suspects).Sum(lane => lane.CountReady(_now, int.MaxValue))), count);
            Assert.Equal(ready.Any(lane => lane.Suspects && LaneFit.Of(worker, lane) == Fit.Open), _index.HasSuspectsFor(worker, _now));
            var held = ready.Any(lane => Array.IndexOf(worker.Types, lane.Type) >= 0 && LaneFit.OfQueue(worker, lane.Queue, room) == Fit.HeldBack);
            if (count < limit && open.Where(lane => lane.Suspects).Sum(lane => lane.CountReady(_now, int.MaxValue)) < limit) Assert.Equal(held, heldBack);

            if (_random.Next(4) > 0) return;
            var news = _index.TakeNews(_now);
            // Whatever became ready or got a job since the last look is told, if it still is ready; what lost its job meanwhile is not.
            Assert.Empty(_news.Where(lane => lane.IsReady(_now)).Except(news));
            Assert.All(news, lane => Assert.True(lane.IsReady(_now)));
            _news.Clear();
        }

        private (WorkerProfile Worker, Dictionary<string, int>? Room) DrawWorker()
        {
            var queues = _random.Next(2) == 0 ? null : Queues.Where(_ => _random.Next(2) == 0).ToArray();
            var room = queues is not null && _random.Next(2) == 0 ? queues.ToDictionary(queue => queue, _ => _random.Next(2)) : null;
            return (new WorkerProfile
            {
                Silo = CoreDriver.SiloA, SiloName = "test", Types = [.. Types.Where(_ => _random.Next(3) > 0)], Queues = queues,
                Closed = [.. Queues.Where(_ => _random.Next(4) == 0)], Suspects = (SuspectWish)_random.Next(3),
            }, room);
        }

        private string Draw(string[] names) => names[_random.Next(names.Length)];
    }
}
