using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Letters;

/// <summary>Somebody who acts on letters of some kinds.</summary>
internal interface ILetterReader
{
    /// <summary>Brings into memory what the decision needs; jobs that it pins are unpinned by whoever calls.</summary>
    /// <returns>The decision, which is made together with those on the other letters of the batch.</returns>
    ValueTask<Action> PrepareAsync(Letter letter, List<string> pins);
}

/// <summary>Carries the letters of a partition, and takes in those of others.</summary>
internal sealed partial class LetterCarrier
{
    private static readonly RowRead Rows = new(GridLayout.Letters.Rows);

    private readonly IPartitionShell _shell;
    private readonly LetterBook _book;
    private readonly IReadOnlyDictionary<LetterKind, ILetterReader> _readers;
    private readonly ILogger _logger;
    private readonly HashSet<int> _carrying = [];
    private readonly Dictionary<int, Task> _receiving = [];

    public LetterCarrier(IPartitionShell shell, IReadOnlyDictionary<LetterKind, ILetterReader> readers, ILogger logger)
    {
        (_shell, _book, _readers, _logger) = (shell, shell.Core.Letters, readers, logger);
        (_book.Ready, _book.Clock) = (Carry, () => shell.Now);
    }

    /// <summary>Carries what an earlier activation left.</summary>
    public void Start()
    {
        foreach (var channel in _book.Channels.Where(channel => channel.Count > 0).ToList()) Carry(channel);
    }

    /// <summary>Takes in letters, each once and in order.</summary>
    public async Task TakeInAsync(LetterBatch batch)
    {
        // One batch of a sender at a time: one that is sent again while the first is still being looked at comes to a mark that says so.
        while (_receiving.TryGetValue(batch.Sender, out var other)) await other;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiving.Add(batch.Sender, done.Task);
        try
        {
            await ApplyAsync(batch);
        }
        finally
        {
            _receiving.Remove(batch.Sender);
            done.SetResult();
        }

        _shell.Pump();
        await _shell.Commits.Committed();
    }

    private async Task ApplyAsync(LetterBatch batch)
    {
        var applied = _book.AppliedOf(batch.Sender);
        // It had said that it has stored what it says now that it never saw: its store has lost writes.
        if (applied < batch.After) LogGap(_shell.Partition, batch.Sender, applied, batch.After);
        var news = Sabotage.IsOff(Safeguard.LetterMarks) ? batch.Letters : Array.FindAll(batch.Letters, letter => letter.Number > applied);
        if (news.Length == 0) return;
        var pins = new List<string>();
        try
        {
            var decisions = new Action[news.Length];
            for (var i = 0; i < news.Length; i++)
            {
                if (_readers.TryGetValue(news[i].Kind, out var reader)) decisions[i] = await reader.PrepareAsync(news[i], pins);
                else if (news[i].MayBePassedOver) decisions[i] = static () => { };
                else throw new InvalidOperationException($"A letter of unknown kind {news[i].Kind}.");
            }

            if (_shell.Commits.IsOver) throw PartitionMoved.Exception(_shell.Partition);
            CrashPoint.Hit("letter.taken");
            _shell.Core.Changes.Decide(() =>
            {
                foreach (var decision in decisions) decision();
                _book.Apply(batch.Sender, Math.Max(applied, news[^1].Number));
            });
        }
        finally
        {
            foreach (var id in pins) _shell.Core.Jobs.Unpin(id);
        }
    }

    private void Carry(LetterChannel channel)
    {
        if (channel.Count == 0 || _shell.Commits.IsOver) return;
        channel.Stuck ??= _shell.Now;
        if (_carrying.Add(channel.Receiver)) _shell.Background(() => CarryAsync(channel), "carrying letters");
    }

    private async Task CarryAsync(LetterChannel channel)
    {
        var hasCarried = false;
        try
        {
            await CarryAllAsync(channel, () => hasCarried = true);
        }
        catch when (hasCarried)
        {
            // What fails is tried again after longer and longer, until it is done; and this may go on for days. What fails after something was delivered begins with the shortest of
            // these pauses, and at once with a first attempt.
        }

        _carrying.Remove(channel.Receiver);
        if (channel.NeedsPage || channel.Next().Count > 0) Carry(channel);
    }

    private async Task CarryAllAsync(LetterChannel channel, Action carried)
    {
        while (!_shell.Commits.IsOver)
        {
            if (channel.NeedsPage) await ReadAsync(channel);
            var letters = channel.Next();
            // What is not stored yet comes back here when it is.
            if (letters.Count == 0) break;
            if (channel.PauseBefore(letters, _shell.Now) is var pause && pause > TimeSpan.Zero)
            {
                await _shell.PauseAsync(pause);
                letters = channel.Next();
            }

            channel.CarriedAt = _shell.Now;
            var batch = new LetterBatch(_shell.Partition, channel.LastDelivered, [.. letters.Select(letter => letter.Letter)]);
            CrashPoint.Hit("letter.sent");
            if (channel.Receiver == _shell.Partition) await TakeInAsync(batch);
            else await _shell.DeliverAsync(channel.Receiver, batch);
            CrashPoint.Hit("letter.delivered");
            // Nobody waits for it: it is stored with the next commit. Should that never come, the letters are carried once more and found to be applied.
            _book.Delivered(channel, letters);
            channel.Stuck = channel.Count > 0 ? _shell.Now : null;
            carried();
        }
    }

    private async Task ReadAsync(LetterChannel channel)
    {
        var after = channel.BeginRead();
        PagedLine[]? lines = null;
        try
        {
            lines = await _shell.Store.ReadPageAsync(_shell.Partition, channel.Set, after, LetterChannel.Window, Rows with { ByteBudget = 4 << 20 });
        }
        finally
        {
            channel.EndRead(lines, LetterChannel.Window, _book);
        }
    }

    [LoggerMessage(LogLevel.Critical, "Partition {Partition} has lost letters of partition {Sender} that it had acknowledged: applied up to {Applied}, delivered up to {Delivered}. What they said is lost with the store's last writes.")]
    private partial void LogGap(int partition, int sender, long applied, long delivered);
}
