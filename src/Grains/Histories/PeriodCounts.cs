using OrleansJobs.Records;

namespace OrleansJobs.Histories;

/// <summary>
/// What was counted in one minute, or one hour, by queue and type. Names are anybody's to make up, so that only so many are told apart: the first of them by themselves,
/// the others as <see cref="JobHistory.Other"/>. Where there are too many pairs, the type is told and the queue is not.
/// </summary>
/// <param name="index">Which minute, or hour, since 1970.</param>
/// <param name="names">Types that are told apart, and queues.</param>
/// <param name="pairs">Pairs of queue and type that are, beside one for each type.</param>
internal sealed class PeriodCounts(long index, int names = PeriodCounts.MaxNames, int pairs = PeriodCounts.MaxPairs)
{
    /// <summary>Types that are told apart in one partition and span, and queues.</summary>
    public const int MaxNames = 32;

    /// <summary>Pairs of queue and type that are, beside one for each type.</summary>
    public const int MaxPairs = 64;

    /// <summary>Bytes of one row; what does not fit is told together, the smallest first.</summary>
    public const int MaxRowBytes = 4096;

    private readonly Dictionary<(string Queue, string Type), SeriesCounts> _series = [];
    private readonly HashSet<string> _types = [];
    private readonly HashSet<string> _queues = [];
    private int _pairs;

    public long Index { get; } = index;

    public bool IsEmpty => _series.Count == 0;

    public IReadOnlyDictionary<(string Queue, string Type), SeriesCounts> Series => _series;

    /// <summary>Where what happens to jobs of a queue and type is counted.</summary>
    public SeriesCounts Of(string queue, string type)
    {
        if (_series.TryGetValue((queue, type), out var known)) return known;
        var told = (Queue: Name(_queues, queue), Type: Name(_types, type));
        if (told.Queue != JobHistory.Other && !_series.ContainsKey(told) && _pairs >= pairs) told.Queue = JobHistory.Other;
        if (_series.TryGetValue(told, out known)) return known;
        if (told.Queue != JobHistory.Other) _pairs++;
        return _series[told] = new SeriesCounts();
    }

    /// <summary>What was counted in the same time, elsewhere.</summary>
    public void AddBeside(PeriodCounts other)
    {
        foreach (var ((queue, type), series) in other._series) Of(queue, type).AddBeside(series);
    }

    /// <summary>What was counted before: of what waited, only what does at the end counts.</summary>
    public void AddEarlier(PeriodCounts other)
    {
        foreach (var ((queue, type), series) in other._series) Of(queue, type).AddEarlier(series);
    }

    /// <summary>What waits now, in place of what was said to wait.</summary>
    public void SetWaiting(PeriodCounts waiting)
    {
        foreach (var series in _series.Values) series.Waiting = 0;
        foreach (var ((queue, type), series) in waiting._series)
        {
            if (series.Waiting > 0) Of(queue, type).Waiting += series.Waiting;
        }
    }

    /// <summary>One hour of its minutes, in their order.</summary>
    public static PeriodCounts RollUp(long index, IEnumerable<PeriodCounts> minutes)
    {
        var hour = new PeriodCounts(index);
        PeriodCounts? last = null;
        foreach (var minute in minutes)
        {
            hour.AddEarlier(minute);
            last = minute;
        }

        if (last is not null) hour.SetWaiting(last);
        return hour;
    }

    /// <summary>The row, which is never larger than <see cref="MaxRowBytes"/>: what is small is told together until it fits.</summary>
    public byte[] ToRow()
    {
        while (true)
        {
            var row = Encode();
            if (row.Length <= MaxRowBytes || !FoldSmallest()) return row;
        }
    }

    public byte[] Encode()
    {
        var writer = new RecordWriter(1024);
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        writer.Number(1, Index);
        foreach (var (queue, type) in _series.Keys)
        {
            foreach (var name in (string[])[queue, type])
            {
                if (numbers.TryAdd(name, numbers.Count)) writer.Text(2, name);
            }
        }

        foreach (var ((queue, type), series) in _series)
        {
            var one = new RecordWriter(128);
            series.WriteTo(ref one);
            one.Number(10, numbers[queue]);
            one.Number(11, numbers[type]);
            writer.Bytes(3, one.ToArray());
        }

        return writer.ToArray();
    }

    public static PeriodCounts Decode(ReadOnlySpan<byte> row, int names = MaxNames, int pairs = MaxPairs)
    {
        var texts = new List<string>();
        var reader = new RecordReader(row);
        var period = new PeriodCounts(IndexOf(row), names, pairs);
        while (reader.Next())
        {
            if (reader.Field == 2) texts.Add(reader.Text);
            else if (reader.Field == 3) period.AddSeries(reader.Bytes, texts);
        }

        return period;
    }

    /// <summary>Of which minute, or hour, a row is.</summary>
    public static long IndexOf(ReadOnlySpan<byte> row)
    {
        var reader = new RecordReader(row);
        return reader.Next() && reader.Field == 1 ? reader.Number : 0;
    }

    private void AddSeries(ReadOnlySpan<byte> record, List<string> texts)
    {
        var (queue, type) = (0, 0);
        var series = new SeriesCounts();
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            if (reader.Field == 10) queue = (int)reader.Number;
            else if (reader.Field == 11) type = (int)reader.Number;
            else series.Read(ref reader);
        }

        Of(texts[queue], texts[type]).AddBeside(series);
    }

    /// <returns>False where there is nothing more to tell together.</returns>
    private bool FoldSmallest()
    {
        var told = _series.Where(series => series.Key != (JobHistory.Other, JobHistory.Other)).ToList();
        if (told.Count == 0) return false;
        // A queue that is not told costs less than a type that is not.
        var ((queue, type), smallest) = told.MinBy(series => series.Value.Weight);
        _series.Remove((queue, type));
        var into = queue == JobHistory.Other ? (JobHistory.Other, JobHistory.Other) : (JobHistory.Other, type);
        if (!_series.TryGetValue(into, out var others)) _series[into] = others = new SeriesCounts();
        others.AddBeside(smallest);
        return true;
    }

    private string Name(HashSet<string> told, string name)
    {
        if (name == JobHistory.Other || told.Contains(name)) return name;
        if (told.Count >= names) return JobHistory.Other;
        told.Add(name);
        return name;
    }
}
