using OrleansJobs.Letters;
using OrleansJobs.Partitions;

namespace OrleansJobs.Lending;

/// <summary>What is asked of limits of queues from outside, with the store and the other partitions, and what these write of it.</summary>
internal sealed class QueueLimitDesk(IPartitionShell shell, Func<int, IPartitionQueueLimits> others) : ILetterReader
{
    private static readonly KeyAnswer Unavailable = new(KeyOutcome.Unavailable)
    {
        Reason = "Not every partition has stored it in time: it may hold in some by now, and will in all that have taken it. Send it again to be sure.",
    };

    private QueueLimitBook Book => shell.Core.QueueLimits;

    /// <summary>Decides as the home of a queue, tells all partitions, and answers when all have stored it.</summary>
    /// <param name="limits">Null: those that were put go, and those that are configured hold.</param>
    public async Task<KeyAnswer> ChangeAsync(string queue, QueueLimits? limits)
    {
        if (!SubmissionRules.IsName(queue) || SubmissionRules.IsReserved(queue)) return new(KeyOutcome.Rejected) { Problems = [new("/name", "That is no name of a queue that may have limits.")] };
        if (limits?.Check() is { Length: > 0 } problems) return new(KeyOutcome.Rejected) { Problems = problems };
        var known = Book.Settings.Last(queue);
        if (limits is null && (known is null or { IsConfigured: true, Limits: not null })) return new(KeyOutcome.NotFound);
        var wanted = limits ?? Book.Settings.ConfiguredOf(queue);
        // The same again: it may have been answered as unavailable, and others are asked whether they have it by now.
        if (known is not null && known.Limits == wanted && known.IsConfigured == (limits is null && wanted is not null))
            return await AskAllAsync(queue, known) ? new(KeyOutcome.Done) : Unavailable;
        if (known is null && (Book.Settings.IsFull || shell.IsStoreFull))
            return new(KeyOutcome.Full) { Reason = shell.IsStoreFull ? "The store is nearly full." : $"As many queues have limits as may ({shell.Options.MaxQueueLimits})." };
        var setting = Decide(queue, wanted, isConfigured: limits is null && wanted is not null);
        if (!await AskAllAsync(queue, setting)) return Unavailable;
        return new(known?.Limits is null ? KeyOutcome.Created : KeyOutcome.Done);
    }

    /// <summary>What the configuration says of queues whose home this is, where nothing was put.</summary>
    public void Declare()
    {
        foreach (var (queue, limits) in Book.Settings.Undeclared(shell.Partition)) Decide(queue, limits, isConfigured: limits is not null);
    }

    public async Task ApplyAsync(string queue, QueueLimitSetting setting)
    {
        Book.Take(queue, setting);
        shell.Pump();
        await shell.Commits.Committed();
    }

    public ValueTask<Action> PrepareAsync(Letter letter, List<string> pins)
    {
        if (letter.Kind == LetterKind.QueueSetting)
        {
            var (queue, setting) = QueueSettingLetter.Decode(letter.Body);
            return new(() => Book.Take(queue, setting));
        }

        var word = QueueWord.Decode(letter.Body);
        // A partition may lend to itself: the sender says which of the two it is.
        return new(letter.Kind == LetterKind.QueueAsk ? () => Book.Homes.Hear(word) : () => Book.Hear(word, shell.Now));
    }

    public async Task<QueueLimitInfo> GetAsync(string queue)
    {
        if (!Book.Settings.IsStored(queue)) await shell.CommittedInTimeAsync();
        var setting = Book.Settings.Last(queue);
        var stuck = shell.Core.Stuck.All.LongCount(stuck => stuck.Queue == queue);
        var info = new QueueLimitInfo
        {
            Queue = queue, Limits = setting?.Limits, IsConfigured = setting is { Limits: not null, IsConfigured: true },
            Running = shell.Core.Jobs.Leased.Where(job => job.Lane.Queue == queue).Select(static job => (object?)job.Batch ?? job).Distinct().LongCount() + stuck,
            Stuck = stuck,
            Waiting = shell.Core.Jobs.Lanes.Where(lane => lane.Queue == queue).Sum(lane => lane.Count),
        };
        if (Book.Homes.Find(queue) is not { } home || home.Setting.Limits!.Rate is not { } rate) return info;
        var now = shell.Now;
        return home.Bucket.Per == 0 || home.Bucket.Left(rate, now) > 0 ? info : info with { Next = DateTimeOffset.FromUnixTimeMilliseconds(home.Bucket.Next(rate, now)) };
    }

    /// <summary>
    /// Says of a job that waits for a slot that it waits for its queue's limits, where the home has been asked and has lent nothing. With two limits only the home knows
    /// which of them it is, and both are said.
    /// </summary>
    public JobStatus Refine(JobStatus status)
    {
        if (Book.Find(status.Queue) is not { Standing: QueueStanding.Held, Asked: > 0 } line || !Array.Exists(status.WaitingFor, reason => reason.What == WaitReasons.Slot)) return status;
        var limits = new List<WaitReason>();
        if (line.Limits.Concurrency is not null) limits.Add(Reason(LimitWords.Concurrency));
        if (line.Limits.Rate is not null) limits.Add(Reason(LimitWords.Rate));
        return status with { WaitingFor = [.. status.WaitingFor.Where(reason => reason.What != WaitReasons.Slot), .. limits] };

        WaitReason Reason(string limit) => new(WaitReasons.Limit) { Queue = status.Queue, Since = status.DueAt, Limit = limit };
    }

    private QueueLimitSetting Decide(string queue, QueueLimits? limits, bool isConfigured)
    {
        var setting = Book.Settings.Next(queue, limits, isConfigured, shell.Now);
        using (shell.Core.Changes.Together())
        {
            Book.Take(queue, setting);
            // Whatever happens to this activation, and to those who ask: all will know in the end.
            var body = QueueSettingLetter.Encode(queue, setting);
            foreach (var partition in Others()) shell.Core.Letters.Send(partition, LetterKind.QueueSetting, body);
        }

        shell.Pump();
        return setting;
    }

    /// <summary>Done when all have stored it; false: not all have in time.</summary>
    private async Task<bool> AskAllAsync(string queue, QueueLimitSetting setting)
    {
        try
        {
            await shell.CommittedInTimeAsync();
            await Task.WhenAll(Others().Select(partition => others(partition).ApplyQueueLimits(queue, setting)));
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or Orleans.Runtime.OrleansException)
        {
            return false;
        }
    }

    private IEnumerable<int> Others() => Enumerable.Range(0, shell.Options.Partitions).Where(partition => partition != shell.Partition);
}
