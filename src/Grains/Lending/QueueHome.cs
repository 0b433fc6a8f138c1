using OrleansJobs.Keys;
using OrleansJobs.Partitions;

namespace OrleansJobs.Lending;

/// <summary>A queue whose permits a partition lends.</summary>
internal sealed class QueueHome(string queue, QueueLimitSetting setting, int partitions) : IHeapItem
{
    public string Queue { get; } = queue;
    public QueueLimitSetting Setting { get; } = setting;
    public QueueBorrower[] Borrowers { get; } = [.. Enumerable.Range(0, partitions).Select(static _ => new QueueBorrower())];

    /// <summary>All partitions have said what runs of theirs since these limits were put.</summary>
    public bool IsComplete => Array.TrueForAll(Borrowers, borrower => borrower.Loan?.Version == Setting.Version);

    /// <summary>Permits that are with others.</summary>
    public int Lent => Borrowers.Sum(static borrower => borrower.Loan?.Permits ?? 0);

    /// <summary>Whose turn it is.</summary>
    public int Turn { get; set; }

    public KeyBucket Bucket { get; set; }
    public RowEntry? BucketRow { get; set; }

    /// <summary>What an earlier activation had of the rate, to be taken up.</summary>
    public KeyBucket? Stored { get; set; }

    /// <summary>Nothing is asked back before.</summary>
    public long RecallAt { get; set; }

    /// <inheritdoc/>
    public int HeapIndex { get; set; } = -1;

    public long WakeAt { get; set; }
}

/// <summary>What one partition has of a queue, as the home has booked it.</summary>
internal sealed class QueueBorrower
{
    public RowEntry? Row { get; set; }

    /// <summary>Null: it has said nothing yet.</summary>
    public Loan? Loan { get; set; }

    public void Open(RowEntry row, Loan loan) => (Row, Loan) = (row, loan);
}
