using OrleansJobs.Partitions;

namespace OrleansJobs.Actions;

/// <summary>One attempt of an action: goes on where the one before has come to, page by page. What a page is, is stored before anything is done to it.</summary>
internal sealed class ActionRun
{
    /// <summary>For so long a partition may be away before the attempt gives up, to be repeated from where it was.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Pages without a job that fits after which it is stored how far it has come.</summary>
    private const int IdlePages = 16;

    private readonly ActionArgs _args;
    private readonly JobContext _job;
    private readonly IGrainFactory _grains;
    private readonly int _partitions;
    private readonly TimeProvider _time;
    private readonly CancellationToken _cancellation;
    private readonly JobAction _action;
    private readonly JobQuery? _filter;
    private readonly ChangeOrder _order;

    public ActionRun(ActionArgs args, JobContext job, IGrainFactory grains, int partitions, TimeProvider time, CancellationToken cancellation)
    {
        (_args, _job, _grains, _partitions, _time, _cancellation) = (args, job, grains, partitions, time, cancellation);
        _action = JobActions.TryParse(args.Action, out var action) ? action : throw new GiveUpException($"There is no action '{args.Action}'.");
        _filter = args.Query();
        _order = new(args.By, args.Reason)
        {
            Part = new(job.Id, _filter, args.Queues ?? []) { Submitted = job.SubmittedAt.ToUnixTimeMilliseconds(), LeavesChildren = _action == JobAction.Retry && _filter is { Parent: null } },
        };
    }

    private ActionMark Part => _order.Part!;

    private int Ids => _args.Ids?.Length ?? 0;

    public async Task<JobActionResult> RunAsync()
    {
        var known = _job.Checkpoint<ActionWalk>();
        var walk = known ?? await BeginAsync();
        var isRepeated = known is not null;
        for (var idle = 0; ;)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (walk.Page.Length > 0) walk = _args.DryRun ? walk.Counted() : walk.Acted(await ActAsync(walk, isRepeated));
            isRepeated = false;
            walk = walk.Skip();
            Report(walk);
            if (walk.IsOver(Ids)) return walk.Result();
            walk = await NextAsync(walk);
            idle = walk.Page.Length > 0 ? IdlePages : idle + 1;
            if (idle < IdlePages) continue;
            await _job.SaveCheckpointAsync(walk, _cancellation);
            idle = 0;
        }
    }

    /// <summary>What comes later is above the marks, and is not touched.</summary>
    private async Task<ActionWalk> BeginAsync()
    {
        if (_filter is null)
        {
            var homes = _args.Ids!.Select(id => JobIds.PartitionOf(id, _partitions)).ToHashSet();
            return new() { Bound = Ids, IdMarks = await MarksAsync(homes.Contains) };
        }

        var home = _filter.Key is { } key ? JobKeys.PartitionOf(key, _partitions) : (int?)null;
        var marks = await MarksAsync(partition => home is null || partition == home);
        var stats = await AskAsync(() => _grains.GetGrain<IJobGridGrain>(0).GetStats());
        return new() { Marks = marks, Bound = ActionRules.Bound(_filter, stats.Counts) };
    }

    /// <summary>Below which stamp the jobs are that are there now; 0 for partitions that it has nothing to do with.</summary>
    private Task<long[]> MarksAsync(Func<int, bool> isConcerned) => Task.WhenAll(Enumerable.Range(0, _partitions).Select(async partition =>
        isConcerned(partition) ? await AskAsync(() => _grains.GetGrain<IPartitionActions>(partition).MarkStamp()) + 1 : 0));

    private async Task<ActionWalk> NextAsync(ActionWalk walk)
    {
        if (_filter is null) return walk.Take(_args.Ids!, ActionPage.MaxJobs);
        var page = await AskAsync(() => _grains.GetGrain<IPartitionQuery>(walk.Place).ReadPage(_filter with { Limit = ActionPage.MaxJobs }, walk.BeforeNow));
        // A silo of the release before this one knows fewer filters.
        var fitting = page.Jobs.Where(job => _filter.Matches(job.Status) && ActionRules.Fits(_action, job.Status) && ActionRules.Refusal(Part, job.Status) is null);
        return walk.Read([.. fitting.Select(job => job.Status.Id)], page.LookedDownTo, page.LookedAt);
    }

    private async Task<ActedJob[]> ActAsync(ActionWalk walk, bool isRepeated)
    {
        var page = walk.Page;
        var acted = new ActedJob[page.Length];
        await Task.WhenAll(Enumerable.Range(0, page.Length).GroupBy(i => JobIds.PartitionOf(page[i], _partitions)).Select(async places =>
        {
            var left = places.ToArray();
            var order = _order with { Part = Part with { Below = walk.MarkOf(places.Key) } };
            var isAgain = isRepeated;
            // One whose store did not answer in time is asked for again: what has been done is not done twice.
            await AskAsync(async () =>
            {
                var (open, wasAgain) = (left, isAgain);
                isAgain = true;
                var answers = await _grains.GetGrain<IPartitionActions>(places.Key).Act(new(_action, order, Array.ConvertAll(open, i => page[i]), wasAgain));
                for (var i = 0; i < open.Length; i++) acted[open[i]] = answers[i];
                left = Array.FindAll(open, i => acted[i].Verdict == ActionVerdict.Unknown);
                return left.Length == 0 ? true : throw new TimeoutException($"The store did not answer in time what became of {left.Length} jobs, such as '{page[left[0]]}'.");
            });
        }));
        return acted;
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        var outage = new Outage(_time, Patience);
        while (true)
        {
            var asked = _time.GetTimestamp();
            try
            {
                return await ask().WaitAsync(_cancellation);
            }
            catch (Exception exception) when (TransientFailure.Is(exception, _cancellation) && outage.GoesOn(asked))
            {
            }

            await outage.DelayAsync(_cancellation);
        }
    }

    private void Report(ActionWalk walk)
    {
        var total = Math.Max(walk.Bound, walk.LookedAt);
        var said = _args.DryRun ? $"{walk.Done} fit" : $"{walk.Done} done, {walk.Skipped} skipped, {walk.Failed} failed";
        _job.Report(walk.IsOver(Ids) ? total : walk.LookedAt, total, said);
    }
}
