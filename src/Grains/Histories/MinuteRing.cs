namespace OrleansJobs.Histories;

/// <summary>The newest minutes of a partition, as rows. The one that takes another's place is its successor, whatever the clock did.</summary>
internal sealed class MinuteRing
{
    private readonly (long Minute, byte[] Row)[] _places = new (long, byte[])[HistoryTables.MinutePlaces];

    /// <summary>The row of a minute; null: there is none.</summary>
    public byte[]? this[long minute] => PlaceOf(minute) is var place && place.Row is not null && place.Minute == minute ? place.Row : null;

    /// <summary>All minutes that have a row.</summary>
    public IEnumerable<long> Minutes => _places.Where(place => place.Row is not null).Select(place => place.Minute);

    public void Put(long minute, byte[] row) => PlaceOf(minute) = (minute, row);

    /// <summary>Whether no minute of an hour has given its place to a later one.</summary>
    public bool IsWhole(long hour)
    {
        for (var minute = hour * 60; minute < hour * 60 + 60; minute++)
        {
            if (PlaceOf(minute) is { Row: not null } place && place.Minute > minute) return false;
        }

        return true;
    }

    /// <summary>An hour, of the minutes that have rows.</summary>
    public PeriodCounts RollUp(long hour) =>
        PeriodCounts.RollUp(hour, Enumerable.Range(0, 60).Select(i => this[hour * 60 + i]).OfType<byte[]>().Select(row => PeriodCounts.Decode(row)));

    private ref (long Minute, byte[] Row) PlaceOf(long minute) => ref _places[minute % HistoryTables.MinutePlaces];
}
