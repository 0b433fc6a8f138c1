using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Keys;

/// <summary>
/// Submits of unique jobs: one of a value at a time looks who has it, and decides, in the order in which they came. Who is not served in time has been answered by then, and does nothing more.
/// </summary>
internal sealed class UniqueDesk(IPartitionShell shell)
{
    private const int FreesPerSweep = 500;

    private static readonly RowRead Rows = new(GridLayout.Keys.Uniques);

    private readonly IdTurns _turns = new(shell.Options.SubmitDeadline, shell.Time);

    /// <summary>Submits that wait for others of their value, which nothing else counts.</summary>
    private int _waiting;
    private long _waitingBytes;

    private UniqueBook Book => shell.Core.Keys.Uniques;

    /// <summary>Whoever decides about a value does so alone.</summary>
    /// <exception cref="TimeoutException">Its turn did not come, or the store did not answer.</exception>
    public async Task<T> WithAsync<T>(string? key, string value, Func<UniqueEntry, Task<T>> decide)
    {
        var name = UniqueBook.NameOf(key, value);
        // From here on, so that what is known of the value by those before need not be read again.
        Book.Pin(name);
        try
        {
            return await _turns.TakeAsync(name, async () => await decide(await FindAsync(name)));
        }
        finally
        {
            Book.Unpin(name);
        }
    }

    /// <summary>The same of a submit, which may wait for those before it while there is room for that: nobody else's submits are refused because of one value.</summary>
    /// <param name="refuse">What becomes of it where there is none.</param>
    public async Task<T> WithAsync<T>(JobSubmission submission, Func<UniqueEntry, Task<T>> decide, Func<string, T> refuse)
    {
        var (key, value, bytes) = (submission.Key, submission.Unique!.Value!, submission.Args.Length);
        if (!_turns.IsTaken(UniqueBook.NameOf(key, value))) return await WithAsync(key, value, decide);
        // Half of what may wait for the store.
        var (most, mostBytes) = (Math.Max(1, shell.Options.MaxPendingSubmits / 2), shell.Options.MaxPendingSubmitBytes / 2);
        if (_waiting >= most) return refuse($"More than {most} submits of unique jobs of one partition wait for others of their value.");
        if (_waiting > 0 && _waitingBytes + bytes > mostBytes) return refuse($"More than {mostBytes} bytes of submits of unique jobs of one partition wait for others of their value.");
        var isWaiting = true;
        _waiting++;
        _waitingBytes += bytes;
        try
        {
            return await WithAsync(key, value, entry =>
            {
                LetGo();
                return decide(entry);
            });
        }
        finally
        {
            LetGo();
        }

        void LetGo()
        {
            if (!isWaiting) return;
            isWaiting = false;
            _waiting--;
            _waitingBytes -= bytes;
        }
    }

    /// <summary>The holder of a value, with its record in memory and pinned; null where the value is free.</summary>
    public async Task<LiveJob?> BringHolderAsync(UniqueEntry entry, List<string> pins)
    {
        while (entry.Value is { } holder)
        {
            shell.Core.Jobs.Pin(holder.Job);
            pins.Add(holder.Job);
            if (await shell.BringAsync(holder.Job) is not { } job) return null;
            // What is not stored has not happened: it may yet be refused.
            await shell.Commits.Settled(job);
            if (!ReferenceEquals(entry.Value, holder)) continue;
            if (job.Place == JobPlace.Gone || job.Outcome?.RetainUntil <= shell.Now) return null;
            return UniqueRules.Holds(holder, job.Outcome is not null || job.Track.IsUniqueOver, shell.Now) ? job : null;
        }

        return null;
    }

    /// <summary>Strikes values that were kept for some time and are free by now.</summary>
    public async Task SweepAsync()
    {
        while (shell.IsClockRight && !shell.Commits.IsOver)
        {
            var free = await shell.Store.ReadSetAsync(shell.Partition, GridLayout.Keys.Frees.Only, new(long.MinValue, shell.Now, FreesPerSweep));
            foreach (var (name, score) in free)
            {
                var at = name.IndexOf('\n');
                await WithAsync(at == 0 ? null : name[..at], name[(at + 1)..], entry =>
                {
                    if (entry.Value?.FreeAt == score) Book.Strike(entry);
                    else shell.Core.Changes.Mark(new MemberEntry(GridLayout.Keys.Frees.Only, score, name).Set(null));
                    return Task.FromResult(true);
                });
            }

            await shell.Commits.Committed();
            if (free.Length < FreesPerSweep) return;
        }
    }

    private async Task<UniqueEntry> FindAsync(string name)
    {
        if (Book.Find(name) is { } known) return known;
        var rows = await shell.Store.ReadRowsAsync(shell.Partition, Rows, [name]).AsTask().WaitAsync(shell.Options.SubmitDeadline, shell.Time);
        return Book.Resolve(name, rows[0][0]);
    }
}
