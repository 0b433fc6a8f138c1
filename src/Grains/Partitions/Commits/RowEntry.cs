using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>A row, or a member of a set, that is there or not, and changes as a whole.</summary>
internal abstract class ValueEntry<T>(T? stored) : Entry
    where T : class
{
    private static readonly object Nothing = new();
    private T? _stored = stored;

    /// <summary>What is to be stored; null: nothing.</summary>
    public T? Value { get; private set; } = stored;

    public override bool IsStored => _stored is not null;

    /// <returns>Itself, to be marked as changed.</returns>
    public ValueEntry<T> Set(T? value)
    {
        Value = value;
        return this;
    }

    public sealed override object? WriteTo(CommitDraft draft)
    {
        if (ReferenceEquals(_stored, Value)) return null;
        var before = _stored;
        Write(draft, before, Value);
        _stored = Value;
        return before ?? Nothing;
    }

    public override void Applied()
    {
    }

    public sealed override void Restore(object before) => _stored = before as T;

    public override void Drop() => Value = null;

    protected abstract void Write(CommitDraft draft, T? before, T? after);
}

/// <summary>A row of bytes.</summary>
internal sealed class RowEntry(RowTable table, string key, byte[]? stored = null) : ValueEntry<byte[]>(stored)
{
    protected override void Write(CommitDraft draft, byte[]? before, byte[]? after)
    {
        if (after is null) draft.Commit.Remove(table, key);
        else draft.Put(table, key, after);
    }
}

/// <summary>A member of an ordered set; its value is the member.</summary>
internal sealed class MemberEntry(SetName set, long score, string? stored = null) : ValueEntry<string>(stored)
{
    protected override void Write(CommitDraft draft, string? before, string? after)
    {
        draft.Touch(set);
        if (before is not null) draft.Commit.Remove(set, before, score);
        if (after is not null) draft.Commit.Put(set, after, score);
    }
}
