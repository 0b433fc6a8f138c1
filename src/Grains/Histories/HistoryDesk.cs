using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Histories;

/// <summary>The grain's part of history: reads what was stored, and answers.</summary>
internal sealed class HistoryDesk(IPartitionShell shell)
{
    /// <summary>Bytes of one read, during which the store does nothing else.</summary>
    private const int ReadBytes = 256 << 10;

    /// <summary>Less than whoever asks waits for an answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Hours that may have to be made yet; null: what is stored has not been read.</summary>
    private Queue<long>? _hours;

    private HistoryBook Book => shell.Core.History;

    public void Start() => shell.Background(LoadAsync, "reading its history");

    public async Task<HistorySlice> ReadAsync(HistoryQuestion question)
    {
        if (question.Last - question.First is < 0 or >= HistoryRange.Hours) throw new ArgumentException($"At most {HistoryRange.Hours} steps are asked for at a time.", nameof(question));
        await _loaded.Task.WaitAsync(Patience, shell.Time);
        // The minute that goes on says what has come by now.
        Book.Advance(shell.Now, mayWrite: !shell.IsStoreFull);
        var rows = new List<byte[]>();
        var stored = new List<long>();
        var made = new List<(long Hour, List<byte[]> Minutes)>();
        for (var step = question.First; step <= question.Last; step++)
        {
            if (question.Step == HistoryStep.Minute)
            {
                if (Book.Minute(step) is { } row) rows.Add(row);
            }
            else if (Book.MinutesOf(step) is { } minutes) made.Add((step, minutes));
            else stored.Add(step);
        }

        var before = question.Step == HistoryStep.Minute ? Book.Before(question.First) : null;
        rows.AddRange(await ReadAsync(stored.ConvertAll(HistoryTables.HourKey)));
        // A month of hours is a few milliseconds of decoding, which jobs need not wait for.
        return await Task.Run(() =>
        {
            foreach (var (hour, minutes) in made) rows.Add(PeriodCounts.RollUp(hour, minutes.ConvertAll(static minute => PeriodCounts.Decode(minute))).Encode());
            return HistorySlice.Of(question, rows, before);
        });
    }

    private async Task LoadAsync()
    {
        // Should it break off, it goes on where it was.
        _hours ??= new(Book.Load(await ReadAsync([.. Enumerable.Range(0, HistoryTables.MinutePlaces).Select(place => HistoryTables.MinuteKey(place))]), shell.Now));
        while (_hours.TryPeek(out var hour))
        {
            var stored = await ReadAsync([HistoryTables.HourKey(hour)]);
            Book.MakeHour(hour, stored.FirstOrDefault());
            _hours.Dequeue();
        }

        _loaded.TrySetResult();
    }

    private async Task<List<byte[]>> ReadAsync(List<string> keys)
    {
        var rows = new List<byte[]>();
        for (var done = 0; done < keys.Count;)
        {
            var read = await shell.Store.ReadRowsAsync(shell.Partition, new RowRead(GridLayout.History.Rows) with { ByteBudget = ReadBytes }, keys[done..]);
            rows.AddRange(read.Select(row => row[0]).OfType<byte[]>());
            done += read.Length;
        }

        return rows;
    }
}
