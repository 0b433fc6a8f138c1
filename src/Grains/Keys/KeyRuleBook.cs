using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Keys;

/// <summary>What is said of keys: rules and pauses, of prefixes and of single keys. What was put goes before what is configured, a single key before its prefix.</summary>
internal sealed class KeyRuleBook
{
    /// <summary>
    /// How long a prefix is remembered of which nothing is said any more, in milliseconds: a word of before that is still on its way is not to count. The letters to
    /// each partition come in order, so whatever comes later than that is followed by this.
    /// </summary>
    private const long RememberedFor = 3_600_000;

    /// <summary>Versions are instants, in 1,024 parts of a millisecond.</summary>
    private const int VersionShift = 10;

    private readonly Dictionary<string, (RowEntry Row, KeySetting Setting)> _settings = new(StringComparer.Ordinal);

    /// <summary>Names that nothing is said of any more, to be forgotten.</summary>
    private readonly HashSet<string> _silent = new(StringComparer.Ordinal);
    private readonly PendingChanges _changes;
    private readonly JobGridOptions _options;

    public KeyRuleBook(PartitionOpening opening, JobGridOptions options, PendingChanges changes)
    {
        (_options, _changes) = (options, changes);
        foreach (var (name, row) in opening.Rows(GridLayout.Keys.Settings))
        {
            var setting = KeySettingRecord.Decode(row);
            _settings.Add(name, (new RowEntry(GridLayout.Keys.Settings, name, row), setting));
            if (!IsAny(setting)) _silent.Add(name);
        }
    }

    /// <summary>Names that something is said of.</summary>
    public IEnumerable<string> Names => _settings.Where(entry => IsAny(entry.Value.Setting)).Select(entry => entry.Key).Union(_options.Keys.Keys);

    /// <summary>Names without anything said of them do not count, unless somebody makes very many of them.</summary>
    public bool IsFull => _settings.Count - _silent.Count >= _options.MaxKeyRules || _silent.Count >= _options.MaxKeyRules;

    /// <summary>What was last said of a name, though it may be nothing; null: it is not remembered.</summary>
    public KeySetting? Last(string name) => _settings.TryGetValue(name, out var known) ? known.Setting : null;

    public KeySetting? Find(string name) => _settings.TryGetValue(name, out var known) && IsAny(known.Setting) ? known.Setting : null;

    /// <summary>The rule of a name, and where it is from.</summary>
    public (KeyRule? Rule, string? From) RuleOf(string key)
    {
        if (Put(key) is { } own) return (own, key);
        if (Configured(key) is { } configured) return (configured, "configuration");
        var prefix = JobKeys.PrefixOf(key);
        if (prefix.Length == key.Length) return (null, null);
        if (Put(prefix) is { } common) return (common, prefix);
        return Configured(prefix) is { } last ? (last, "configuration") : (null, null);
    }

    /// <summary>Whether something is said of how the jobs of this very name start.</summary>
    public bool HasRule(string name) => Put(name) is not null || Configured(name) is not null;

    /// <summary>The pause of a key, or that of its prefix.</summary>
    public KeyPause? PauseOf(string key) => Find(key)?.Paused ?? Find(JobKeys.PrefixOf(key))?.Paused;

    /// <summary>What a name is to have from now on; a version above all that it has had, and that it has had elsewhere.</summary>
    public KeySetting Next(string name, KeyRule? rule, KeyPause? pause, long now) =>
        new(Math.Max((_settings.TryGetValue(name, out var known) ? known.Setting.Version : 0) + 1, now << VersionShift), rule, pause);

    /// <summary>Takes what is said of a name.</summary>
    /// <returns>False where it is older than what is known.</returns>
    public bool Take(string name, KeySetting setting)
    {
        if (_settings.TryGetValue(name, out var known) && known.Setting.Version >= setting.Version) return false;
        var row = known.Row ?? new RowEntry(GridLayout.Keys.Settings, name);
        _settings[name] = (row, setting);
        if (IsAny(setting)) _silent.Remove(name);
        else _silent.Add(name);
        // A prefix that nothing is said of stays for its version, where others may still bring what is older. Of a single key nobody else knows.
        _changes.Mark(row.Set(IsAny(setting) || !name.Contains('/') ? KeySettingRecord.Encode(setting) : null));
        return true;
    }

    /// <summary>Forgets names that nothing has been said of for long enough.</summary>
    public void Sweep(long now)
    {
        foreach (var name in _silent.ToList())
        {
            var (row, setting) = _settings[name];
            if (name.Contains('/'))
            {
                if (!row.IsSettled) continue;
            }
            else
            {
                if (setting.Version >> VersionShift > now - RememberedFor) continue;
                // The row goes first, the name with the next sweep.
                if (row.Value is not null) _changes.Mark(row.Set(null));
                if (!row.IsSettled) continue;
            }

            _settings.Remove(name);
            _silent.Remove(name);
        }
    }

    private KeyRule? Put(string name) => _settings.TryGetValue(name, out var known) ? known.Setting.Rule : null;

    private KeyRule? Configured(string name) => _options.Keys.Count > 0 && _options.Keys.TryGetValue(name, out var rule) ? rule.ToRule() : null;

    private static bool IsAny(KeySetting setting) => setting.Rule is not null || setting.Paused is not null;
}
