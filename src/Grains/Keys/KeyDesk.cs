using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Keys;

/// <summary>What is asked of a partition's keys from outside, with its store and the other partitions.</summary>
internal sealed class KeyDesk(IPartitionShell shell, IGrainFactory grains) : ILetterReader
{
    private static readonly KeyAnswer Unavailable = new(KeyOutcome.Unavailable)
    {
        Reason = "Not every partition has stored it in time: it may hold in some by now, and will in all that have taken it. Send it again to be sure.",
    };

    private KeyBook Book => shell.Core.Keys;

    /// <summary>Decides of a name, tells the partitions that it concerns, and answers when all have stored it.</summary>
    public async Task<KeyAnswer> ChangeAsync(string name, KeyChange change)
    {
        if (!JobKeys.IsKey(name)) return Rejected(new SubmissionProblem("/key", "That is neither a key nor a prefix of keys."));
        if (change.Put is { } rule && rule.Check() is { Length: > 0 } problems) return Rejected(problems);
        var (known, now) = (Book.Rules.Find(name), shell.Now);
        if (change.Delete && known?.Rule is null || change.Resume && known?.Paused is null)
        {
            // It may have been answered as unavailable: others are asked again whether they have it by now.
            if (name.Contains('/') || Book.Rules.Last(name) is not { } last) return new(change.Delete ? KeyOutcome.NotFound : KeyOutcome.Done);
            return await AskAllAsync(name, last) ? new(KeyOutcome.Done) : Unavailable;
        }

        if (known is null && (Book.Rules.IsFull || shell.IsStoreFull))
            return new(KeyOutcome.Full) { Reason = shell.IsStoreFull ? "The store is nearly full." : $"As many names of keys have a rule as may ({shell.Options.MaxKeyRules} in a partition)." };
        var setting = Book.Rules.Next(
            name, change.Delete ? null : change.Put ?? known?.Rule,
            change.Pause is { } order ? new(order.By, DateTimeOffset.FromUnixTimeMilliseconds(now), order.Reason) : change.Resume ? null : known?.Paused, now);
        var isOfAll = !name.Contains('/');
        using (shell.Core.Changes.Together())
        {
            Take(name, setting);
            // Whatever happens to this activation, and to those who ask: all will know in the end.
            if (isOfAll) SendToAll(name, setting);
        }

        shell.Pump();
        if (!await AskAllAsync(name, setting)) return Unavailable;
        return new(known?.Rule is null && change.Put is not null ? KeyOutcome.Created : KeyOutcome.Done);
    }

    /// <summary>Done when all whom it concerns have stored it; false: not all have in time.</summary>
    private async Task<bool> AskAllAsync(string name, KeySetting setting)
    {
        try
        {
            await shell.CommittedInTimeAsync();
            if (!name.Contains('/')) await Task.WhenAll(Others().Select(partition => grains.GetGrain<IPartitionKeys>(partition).ApplyKey(name, setting)));
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or Orleans.Runtime.OrleansException)
        {
            return false;
        }
    }

    public async Task ApplyAsync(string name, KeySetting setting)
    {
        Take(name, setting);
        shell.Pump();
        await shell.Commits.Committed();
    }

    public ValueTask<Action> PrepareAsync(Letter letter, List<string> pins)
    {
        var (name, setting) = KeyLetter.Decode(letter.Body);
        return new(() => Take(name, setting));
    }

    public KeyInfo Get(string name)
    {
        var now = shell.Now;
        if (name.Contains('/')) return Describe(name, now);
        var lines = Book.Lines.Where(line => line.Prefix == name && IsBusy(line)).ToList();
        return Describe(name, now) with { Waiting = lines.Sum(line => line.Waiting), Running = lines.Sum(line => (long)line.Running), Stuck = lines.Sum(line => (long)line.Stuck), Keys = lines.Count };
    }

    public KeyInfo[] List(string? prefix, int limit, KeyRank rank)
    {
        var now = shell.Now;
        return [.. Book.Lines.Where(line => (prefix is null || line.Prefix == prefix) && IsBusy(line) && (rank != KeyRank.Held || IsHeld(line, now)))
            .OrderByDescending(line => KeyQuestions.Place(rank, line.Running, line.Waiting)).ThenBy(line => line.Key, StringComparer.Ordinal).Take(limit).Select(line => Describe(line.Key, now))];
    }

    public string[] Names(int limit) => [.. Book.Rules.Names.Order(StringComparer.Ordinal).Take(limit)];

    /// <summary>Says of a job that waits for a slot that it waits for its key, where that is so.</summary>
    /// <param name="withPlace">Whether to say its place in line: that is a look at all that stand before it, for one job and not for each of a list.</param>
    public JobStatus Refine(JobStatus status, bool withPlace)
    {
        if (status.Key is not { } key || Book.Find(key) is not { } line || !Array.Exists(status.WaitingFor, reason => reason.What == WaitReasons.Slot)) return status;
        Book.Look(line, shell.Now);
        var job = shell.Core.Jobs.Find(status.Id);
        var word = WordOf(line.Limits.Hold) ?? (line.IsOrdered && (job is null || line.FindHead()?.First != job) ? LimitWords.Order : null);
        if (word is null) return status;
        var limit = new WaitReason(WaitReasons.Limit)
        {
            Name = key, Limit = word, Position = withPlace && job is not null ? KeyPosition.Of(line, job) : null, Since = status.DueAt,
            Until = line.Limits.Next is { } next ? DateTimeOffset.FromUnixTimeMilliseconds(next) : null,
            Stuck = line is { Stuck: > 0, Limits.Hold: KeyHold.Concurrency } ? line.Stuck : null,
        };
        return status with { WaitingFor = Array.ConvertAll(status.WaitingFor, reason => reason.What == WaitReasons.Slot ? limit : reason) };
    }

    private void Take(string name, KeySetting setting)
    {
        if (Book.Rules.Take(name, setting)) Book.Changed(name, shell.Now);
    }

    private void SendToAll(string name, KeySetting setting)
    {
        var body = KeyLetter.Encode(name, setting);
        foreach (var partition in Others()) shell.Core.Letters.Send(partition, LetterKind.KeySetting, body);
    }

    private IEnumerable<int> Others() => Enumerable.Range(0, shell.Options.Partitions).Where(partition => partition != shell.Partition);

    private KeyInfo Describe(string name, long now)
    {
        var (rule, from) = Book.Rules.RuleOf(name);
        var info = new KeyInfo { Key = name, Rule = rule, From = from, Paused = Book.Rules.PauseOf(name) };
        if (Book.Find(name) is not { } line) return rule?.Rate is { } idle ? info with { Left = idle.Burst } : info;
        Book.Look(line, now);
        info = info with { Waiting = line.Waiting, Running = line.Running, Stuck = line.Stuck, Held = WordOf(line.Limits.Hold) };
        if (rule?.Rate is not { } rate) return info;
        var left = line.Bucket.Left(rate, now);
        return info with { Left = left, Next = left > 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(line.Bucket.Next(rate, now)) };
    }

    private bool IsHeld(KeyLine line, long now)
    {
        Book.Look(line, now);
        return line.Limits.Hold != KeyHold.None;
    }

    private static string? WordOf(KeyHold hold) => hold switch
    {
        KeyHold.Paused => LimitWords.Paused,
        KeyHold.Concurrency => LimitWords.Concurrency,
        KeyHold.Rate => LimitWords.Rate,
        _ => null,
    };

    private static bool IsBusy(KeyLine line) => line.Running > 0 || line.Waiting > 0;

    private static KeyAnswer Rejected(params SubmissionProblem[] problems) => new(KeyOutcome.Rejected) { Problems = problems };
}
