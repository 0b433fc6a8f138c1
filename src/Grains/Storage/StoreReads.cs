using OrleansJobs.Records;

namespace OrleansJobs.Storage;

/// <summary>Which tables to read together, by the same keys. A key exists where the first of them has a row.</summary>
/// <param name="ByteBudget">
/// Rows come along while those before them are below it together, so that it is passed by one key's rows at most, and any budget but 0 brings the first.
/// </param>
public sealed record RowRead(RowColumn[] Columns, int ByteBudget = int.MaxValue)
{
    public RowRead(params RowTable[] tables)
        : this(Array.ConvertAll(tables, static table => new RowColumn(table)))
    {
    }

    /// <summary>All rows, whole.</summary>
    internal bool IsPlain => ByteBudget == int.MaxValue && Array.TrueForAll(Columns, static column => column.Omitted == 0);
}

/// <param name="Omitted">
/// The number of a field to leave out of rows that have the wire format of protocol buffers; 0: none. What is left out counts a 64th of its bytes, since the
/// store has to read it all the same.
/// </param>
public readonly record struct RowColumn(RowTable Table, int Omitted = 0)
{
    /// <summary>What is read of a stored row.</summary>
    /// <param name="bytes">Counts what that costs the budget.</param>
    internal byte[] Trim(byte[] row, ref long bytes)
    {
        var left = Omitted > 0 ? RecordFields.Without(row, Omitted) : row;
        bytes += left.Length + (row.Length - left.Length) / 64;
        return left;
    }
}

/// <summary>The rows of one key, in the order of the columns.</summary>
/// <param name="Values">Null: there is no such key.</param>
public readonly record struct StoredRows(byte[]?[]? Values)
{
    public bool Exist => Values is not null;

    public byte[]? this[int column] => Values?[column];
}

/// <summary>A place in the order of a set (score, member by ordinal). Everything is behind <see cref="Start"/>.</summary>
public readonly record struct SetPlace(long Score, string Member)
{
    public static readonly SetPlace Start = new(long.MinValue, "");
}

public readonly record struct SetLine(string Member, long Score);

/// <param name="Rows">The member's rows; null beyond the budget.</param>
public readonly record struct PagedLine(string Member, long Score, StoredRows? Rows);

/// <summary>Members with scores from one to another, both included.</summary>
public readonly record struct SetRange(long From, long To, int Limit, bool Descending = false);

public readonly record struct LogLine(long Stamp, string Member);

/// <summary>Lines of merged logs, newest first.</summary>
/// <param name="Before">Only stamps below.</param>
/// <param name="After">Only stamps above.</param>
/// <param name="Fits">Of which logs, by name; null: of all.</param>
public sealed record LogRange(long Before, long After, int Limit, Func<string, bool>? Fits = null)
{
    /// <summary>Nothing lies between the bounds.</summary>
    internal bool IsEmpty => Limit <= 0 || Before <= 0 || After >= Before;
}
