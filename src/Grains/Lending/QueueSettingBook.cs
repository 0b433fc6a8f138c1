using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Lending;

/// <summary>Which queues have limits, as every partition has it stored.</summary>
internal sealed class QueueSettingBook
{
    /// <summary>How long a queue is remembered whose limits were taken away, in milliseconds; see <see cref="Keys.KeyRuleBook"/>.</summary>
    private const long RememberedFor = 3_600_000;

    private const int VersionShift = 10;

    private readonly Dictionary<string, (RowEntry Row, QueueLimitSetting Setting)> _settings = new(StringComparer.Ordinal);
    private readonly PendingChanges _changes;
    private readonly JobGridOptions _options;

    public QueueSettingBook(PartitionOpening opening, JobGridOptions options, PendingChanges changes)
    {
        (_options, _changes) = (options, changes);
        foreach (var (queue, row) in opening.Rows(GridLayout.QueueLimits.Settings))
            _settings.Add(queue, (new RowEntry(GridLayout.QueueLimits.Settings, queue, row), QueueLimitSettingRecord.Decode(row)));
    }

    public IEnumerable<(string Queue, QueueLimitSetting Setting)> Limited =>
        _settings.Where(entry => entry.Value.Setting.Limits is not null).Select(entry => (entry.Key, entry.Value.Setting));

    /// <summary>What is configured is as many as were written down.</summary>
    public bool IsFull => _settings.Values.Count(static known => !known.Setting.IsConfigured) >= _options.MaxQueueLimits;

    /// <summary>What was last said of a queue is in the store.</summary>
    public bool IsStored(string queue) => !_settings.TryGetValue(queue, out var known) || known.Row.IsSettled;

    /// <summary>What was last said of a queue, though it may be nothing; null: it is not remembered.</summary>
    public QueueLimitSetting? Last(string queue) => _settings.TryGetValue(queue, out var known) ? known.Setting : null;

    public QueueLimits? ConfiguredOf(string queue) => _options.QueueLimits.TryGetValue(queue, out var limits) ? limits.ToLimits() : null;

    /// <summary>What a queue is to have from now on; a version above all that it has had, and that it has had elsewhere.</summary>
    public QueueLimitSetting Next(string queue, QueueLimits? limits, bool isConfigured, long now) =>
        new(Math.Max((Last(queue)?.Version ?? 0) + 1, now << VersionShift), limits, isConfigured);

    /// <summary>Queues of this home whose limits the configuration says otherwise than what is stored, where none were put.</summary>
    public IEnumerable<(string Queue, QueueLimits? Limits)> Undeclared(int partition) => _options.QueueLimits.Keys.Union(_settings.Keys).ToList()
        .Where(queue => QueueLimitQuestions.HomeOf(queue, _options.Partitions) == partition && Last(queue) is null or { Limits: null } or { IsConfigured: true })
        .Select(queue => (queue, ConfiguredOf(queue))).Where(one => one.Item2 != Last(one.queue)?.Limits);

    public bool Take(string queue, QueueLimitSetting setting)
    {
        if (_settings.TryGetValue(queue, out var known) && known.Setting.Version >= setting.Version) return false;
        var row = known.Row ?? new RowEntry(GridLayout.QueueLimits.Settings, queue);
        _settings[queue] = (row, setting);
        _changes.Mark(row.Set(QueueLimitSettingRecord.Encode(setting)));
        return true;
    }

    /// <summary>Forgets queues that have had no limits for long enough.</summary>
    public void Sweep(long now)
    {
        foreach (var (queue, (row, setting)) in _settings.ToList())
        {
            if (setting.Limits is not null || setting.Version >> VersionShift > now - RememberedFor) continue;
            // The row goes first, the name with the next sweep.
            if (row.Value is not null) _changes.Mark(row.Set(null));
            if (row.IsSettled) _settings.Remove(queue);
        }
    }
}
