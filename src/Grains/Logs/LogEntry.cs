using OrleansJobs.Partitions;

namespace OrleansJobs.Logs;

/// <summary>The log of one job as far as memory knows it: the page that is being written, and those that are not stored yet.</summary>
internal sealed class LogEntry(string id, LogBook book, LogPage? newest) : Entry
{
    private readonly Dictionary<int, byte[]> _toStore = [];
    private bool _isStored = newest is not null;
    private bool _isToGo;

    public string Id { get; } = id;

    /// <summary>The page that lines are added to; null: the job has logged nothing yet.</summary>
    public LogPage? Newest { get; private set; } = newest;

    /// <summary>No attempt of the job runs: memory need not keep it.</summary>
    public bool IsOver { get; set; }

    public override bool IsStored => _isStored;

    /// <summary>Adds what is new among the lines of an attempt.</summary>
    /// <returns>Whether anything was.</returns>
    public bool Append(LogLine[] lines, long token, int attempt, LogOptions options)
    {
        var told = Newest?.Token == token ? Newest.Told : 0;
        var last = Newest?.Last ?? 0;
        var added = false;
        foreach (var line in lines)
        {
            if (line.Number <= told) continue;
            // Lines that were lost on the way have numbers too, so that who reads sees that there were some.
            last += line.Number - told;
            told = line.Number;
            if (Newest is null || Newest.IsFull(options))
            {
                if (added) Keep();
                Newest = new LogPage((Newest?.Number ?? 0) + 1);
            }

            Newest.Add(new JobLogLine
            {
                Number = last, At = DateTimeOffset.FromUnixTimeMilliseconds(line.At), Level = line.Level, Attempt = attempt, Text = line.Text, ErrorType = line.ErrorType,
                ErrorMessage = line.ErrorMessage,
            });
            (Newest.Token, Newest.Told) = (token, told);
            added = true;
        }

        if (added) Keep();
        return added;
    }

    /// <summary>All of it goes, whatever is stored.</summary>
    public LogEntry Forget()
    {
        _toStore.Clear();
        (_isToGo, IsOver) = (true, true);
        return this;
    }

    public override object? WriteTo(CommitDraft draft)
    {
        var pages = GridLayout.Logs.Pages;
        if (_isToGo)
        {
            foreach (var key in LogPage.KeysOf(Id)) draft.Commit.Remove(pages, key);
            _isStored = false;
            return this;
        }

        if (_toStore.Count == 0) return null;
        var written = new Written(_isStored, [.. _toStore]);
        foreach (var (slot, row) in written.Pages) draft.Put(pages, LogPage.KeyOf(Id, slot), row);
        _toStore.Clear();
        _isStored = true;
        return written;
    }

    public override void Applied() => book.LetGo(this);

    public override void Restore(object before)
    {
        if (before is not Written written) return;
        _isStored = written.WasStored;
        foreach (var (slot, row) in written.Pages) _toStore.TryAdd(slot, row);
    }

    public override void Drop() => book.LetGo(this);

    private sealed record Written(bool WasStored, KeyValuePair<int, byte[]>[] Pages);

    private void Keep() => _toStore[(int)(Newest!.Number % LogPage.Slots)] = Newest.Encode();
}
