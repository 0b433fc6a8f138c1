using OrleansJobs.Partitions;
using OrleansJobs.Records;

namespace OrleansJobs.Keys;

/// <summary>
/// Which job has a unique value. The row stands in the store, written in the commit that holds the job itself, or its start, or its end; memory has those that are
/// not stored yet.
/// </summary>
internal sealed class UniqueBook(PendingChanges changes)
{
    private readonly Dictionary<string, UniqueEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>Values that somebody reads, or decides about: what becomes of them meanwhile stays here, since what is read may be older.</summary>
    private readonly Dictionary<string, int> _pinned = new(StringComparer.Ordinal);

    /// <summary>Values that memory knows of.</summary>
    public int Count => _entries.Count;

    /// <summary>What a value is kept under: it is one of its key.</summary>
    public static string NameOf(string? key, string value) => $"{key}\n{value}";

    public UniqueEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>Until as many times <see cref="Unpin"/> memory does not let go of what it comes to know of a value.</summary>
    public void Pin(string name) => _pinned[name] = _pinned.GetValueOrDefault(name) + 1;

    public void Unpin(string name)
    {
        if (_pinned[name] > 1)
        {
            _pinned[name]--;
            return;
        }

        _pinned.Remove(name);
        if (Find(name) is { } entry) LetGo(entry);
    }

    /// <summary>Who has a value that is pinned and was read from the store, unless memory knows better.</summary>
    public UniqueEntry Resolve(string name, byte[]? row)
    {
        if (_entries.TryGetValue(name, out var known)) return known;
        var entry = new UniqueEntry(name, this, row is null ? null : UniqueHolder.Decode(row));
        _entries.Add(name, entry);
        return entry;
    }

    /// <summary>A job has the value from now on, and its submit is stored with that.</summary>
    public void Take(UniqueEntry entry, LiveJob job, long since)
    {
        Free(entry);
        Put(entry, new UniqueHolder(job.Id, since, null));
        if (!entry.IsStored) entry.Origin = job.Origin;
    }

    /// <summary>A job that has its value has started, or has ended: whether it keeps the value for some time.</summary>
    /// <param name="mayShare">It has started, or ended well.</param>
    public JobTrack Release(LiveJob job, JobTrack track, bool mayShare, long now)
    {
        var unique = job.Spec!.Unique!;
        var name = NameOf(job.Spec.Key, unique.Value!);
        var entry = _entries.GetValueOrDefault(name) ?? new UniqueEntry(name, this, new UniqueHolder(job.Id, 0, null));
        if (mayShare && unique.For is { } span)
        {
            Put(entry, new UniqueHolder(job.Id, 0, now + span));
            changes.Mark(new MemberEntry(GridLayout.Keys.Frees.Only, now + span).Set(name));
        }
        else Put(entry, null);

        return track with { IsUniqueOver = true };
    }

    /// <summary>A value that was kept for some time is free.</summary>
    public void Strike(UniqueEntry entry)
    {
        Free(entry);
        Put(entry, null);
    }

    /// <summary>A submit is taken back that had taken its value. The row may be there already, of one that had kept the value for some time: it goes with the submit.</summary>
    public void Abandon(LiveJob job)
    {
        var name = NameOf(job.Spec!.Key, job.Spec.Unique!.Value!);
        if (Find(name) is { IsStored: true } entry && entry.Value?.Job == job.Id) Put(entry, null);
    }

    public void LetGo(UniqueEntry entry)
    {
        // One that was withdrawn may still be among what is to be sent, and will be found to be nothing.
        if ((entry.IsSettled || entry.IsWithdrawn) && !_pinned.ContainsKey(entry.Name) && _entries.GetValueOrDefault(entry.Name) == entry) _entries.Remove(entry.Name);
    }

    private void Free(UniqueEntry entry)
    {
        if (entry.Value?.FreeAt is { } free) changes.Mark(new MemberEntry(GridLayout.Keys.Frees.Only, free, entry.Name).Set(null));
    }

    private void Put(UniqueEntry entry, UniqueHolder? holder)
    {
        _entries[entry.Name] = entry;
        changes.Mark(entry.Set(holder));
    }
}

/// <summary>Who has a unique value.</summary>
/// <param name="Since">When the first of those was submitted that took each other's place.</param>
/// <param name="FreeAt">It has started, or ended, and keeps the value until then; null: until it does.</param>
internal sealed record UniqueHolder(string Job, long Since, long? FreeAt)
{
    public byte[] Encode()
    {
        var writer = new RecordWriter(64);
        writer.Text(1, Job);
        writer.Number(2, Since);
        writer.Signed(3, FreeAt);
        return writer.ToArray();
    }

    public static UniqueHolder Decode(ReadOnlySpan<byte> record)
    {
        var (job, since, free) = ("", 0L, (long?)null);
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: job = reader.Text; break;
                case 2: since = reader.Number; break;
                case 3: free = reader.Signed; break;
            }
        }

        return new(job, since, free);
    }
}

/// <summary>The row of a unique value.</summary>
internal sealed class UniqueEntry(string name, UniqueBook book, UniqueHolder? stored) : ValueEntry<UniqueHolder>(stored)
{
    public string Name { get; } = name;

    /// <summary>It was never stored and will not be.</summary>
    public bool IsWithdrawn => InFlight == 0 && Value is null && !IsStored;

    public override void Applied()
    {
        if (IsStored) Origin = null;
        book.LetGo(this);
    }

    public override void Drop()
    {
        base.Drop();
        book.LetGo(this);
    }

    protected override void Write(CommitDraft draft, UniqueHolder? before, UniqueHolder? after)
    {
        if (after is null) draft.Commit.Remove(GridLayout.Keys.Uniques, Name);
        else draft.Put(GridLayout.Keys.Uniques, Name, after.Encode());
    }
}
