using System.Collections.Concurrent;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Jobs of one run that follow others: sends them, and afterwards holds them against when and how they were to run.</summary>
internal sealed class FollowWatch
{
    private const int MostInFamily = 7;
    private const int OneIsABatch = 3;
    private readonly FaultRun _run;
    private readonly Random _random;
    private readonly ConcurrentDictionary<string, Follower> _followers = [];
    private readonly ConcurrentDictionary<string, ExpectedEnd> _ends = [];

    public FollowWatch(FaultRun run)
    {
        (_run, _random) = (run, new Random(run.Random.Next()));
        run.Then(Check);
    }

    public int Count => _followers.Count;

    /// <summary>Sends a drawn family of jobs of which each may follow any that were sent before it.</summary>
    public async Task SubmitAsync(TimeSpan patience)
    {
        List<JobOrder> orders;
        bool together;
        lock (_random) (orders, together) = (Draw(), _random.Next(OneIsABatch) == 0);
        if (together)
        {
            // In any order: the batch sorts them.
            var shuffled = orders.ToArray();
            lock (_random) _random.Shuffle(shuffled);
            await _run.Load.SubmitBatchAsync(shuffled, patience);
            return;
        }

        foreach (var order in orders)
        {
            await _run.Load.SubmitAsync(order, patience);
            // Nobody can follow what is not there.
            if (_run.Load.Find(order.Id!) is not { AcceptedAt: not null }) return;
        }
    }

    private List<JobOrder> Draw()
    {
        var orders = new List<JobOrder>();
        var family = new List<Follower>();
        for (var i = 0; i < 2 + _random.Next(MostInFamily - 1); i++)
        {
            var leaders = family.ToArray();
            _random.Shuffle(leaders);
            var after = leaders.Take(i == 0 ? 0 : 1 + _random.Next(Math.Min(3, i))).Select(leader => (leader.Id, (FollowOn)_random.Next(3))).ToList();
            var own = _random.Next(3) == 0 ? ExpectedEnd.Failure("error") : ExpectedEnd.Success;
            var follower = new Follower(Load.NewId(), after, _random.Next(4) == 0, own);
            family.Add(follower);
            var end = _ends[follower.Id] = FollowChecker.ExpectedOf(follower, _ends);
            if (after.Count > 0) _followers[follower.Id] = follower;
            orders.Add(OrderOf(follower, end));
        }

        return orders;
    }

    private JobOrder OrderOf(Follower follower, ExpectedEnd end)
    {
        var named = string.Join(',', follower.After.Select(after => $"{{\"job\":\"{after.Leader}\",\"on\":\"{after.On.ToString().ToLowerInvariant()}\"}}"));
        var more = follower.After.Count == 0 ? "" : $",\"after\":[{named}]{(follower.CancelIfUnmet ? ",\"onUnmet\":\"cancel\"" : "")}";
        var type = follower.OwnEnd.State == "SUCCESS" ? "sleep" : "fail";
        return new JobOrder(type, $"{{\"ms\":{_random.Next(200)}}}", end, More: $",\"attempts\":1{more}") { Id = follower.Id };
    }

    private void Check(History history)
    {
        _run.Figures["followers"] = _followers.Count;
        _run.Figures["unmet"] = _followers.Values.Count(follower => _ends[follower.Id] != follower.OwnEnd);
        var ran = history.Marks.Select(mark => mark.Id).ToHashSet();
        _run.Figures["followersRan"] = _followers.Keys.Count(ran.Contains);
        _run.Expect(_followers.IsEmpty || _followers.Keys.Any(ran.Contains), "no handler of a job that follows others has said anything, so nothing was looked at");
        _run.Report(FollowChecker.Check(_followers.Values, _ends, history.Marks));
    }
}
