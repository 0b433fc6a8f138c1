using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Keys;

/// <summary>Submits of unique jobs: one of a value at a time looks who has it, and decides.</summary>
internal sealed class UniqueDesk(IPartitionShell shell)
{
    private const int FreesPerSweep = 500;

    private static readonly RowRead Rows = new(GridLayout.Keys.Uniques);

    private readonly Dictionary<string, Task> _busy = new(StringComparer.Ordinal);

    private UniqueBook Book => shell.Core.Keys.Uniques;

    /// <summary>Whoever decides about a value does so alone.</summary>
    public async Task<T> WithAsync<T>(string? key, string value, Func<UniqueEntry, Task<T>> decide)
    {
        var name = UniqueBook.NameOf(key, value);
        while (_busy.TryGetValue(name, out var other)) await other;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _busy.Add(name, done.Task);
        Book.Pin(name);
        try
        {
            return await decide(await FindAsync(name));
        }
        finally
        {
            Book.Unpin(name);
            _busy.Remove(name);
            done.SetResult();
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
