using System.Globalization;
using OrleansJobs.Storage;

namespace OrleansJobs.Histories;

/// <summary>
/// What is kept of history. A row's key is a place in a ring, so that a new minute takes the place of one that is three hours old, and an hour that of one of 31 days ago: nothing
/// has to be looked for to be dropped, and there are never more rows than places. A row says which minute or hour it is of.
/// </summary>
internal sealed class HistoryTables(StoreLayout layout)
{
    /// <summary>More than are told, so that an hour is made of all its minutes while they are there.</summary>
    public const int MinutePlaces = 180;

    public const int HourPlaces = 744;

    public RowTable Rows { get; } = layout.Rows("history");

    public static string MinuteKey(long minute) => "m" + (minute % MinutePlaces).ToString(CultureInfo.InvariantCulture);

    public static string HourKey(long hour) => "h" + (hour % HourPlaces).ToString(CultureInfo.InvariantCulture);
}
