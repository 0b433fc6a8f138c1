namespace OrleansJobs.Histories;

/// <summary>What is kept of what happened to the grid.</summary>
internal sealed class ChronicleMemory
{
    /// <summary>Oldest first.</summary>
    public List<HistoryEvent> Events { get; set; } = [];

    /// <summary>The release of each application whose silo joined last.</summary>
    public Dictionary<string, string> Releases { get; set; } = [];
}

/// <summary>
/// What happened to the silos: the newest few hundred, for 30 days. All silos say what they see, and say it again where they had no answer; what is known already changes nothing.
/// A silo is named with its generation, so that it joins once and ends once.
/// </summary>
internal sealed class Chronicle(ChronicleMemory memory)
{
    public const int MaxEvents = 300;
    public const int MaxReleases = 100;
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    /// <returns>False where that is known.</returns>
    public bool Joined(string silo, string name, string application, string release, DateTimeOffset now)
    {
        if (memory.Events.Exists(known => known.Name == silo)) return false;
        if (memory.Releases.TryGetValue(application, out var before) && before != release)
            Add(new(now, HistoryEvents.ReleaseChanged, application, null, release));
        if (memory.Releases.ContainsKey(application) || memory.Releases.Count < MaxReleases) memory.Releases[application] = release;
        Add(new(now, HistoryEvents.SiloJoined, silo, null, name));
        return true;
    }

    /// <summary>It said that it goes; so it is not lost.</summary>
    public bool Left(string silo, string name, DateTimeOffset now) => End(HistoryEvents.SiloLeft, silo, name, now);

    /// <summary>It is dead, and had not said that it goes.</summary>
    public bool Lost(string silo, string name, DateTimeOffset now) => End(HistoryEvents.SiloLost, silo, name, now);

    private bool End(string what, string silo, string name, DateTimeOffset now)
    {
        if (memory.Events.Exists(known => known.Name == silo && known.What is (HistoryEvents.SiloLeft or HistoryEvents.SiloLost))) return false;
        Add(new(now, what, silo, null, name));
        return true;
    }

    private void Add(HistoryEvent happening) => Keep(memory.Events, happening, MaxEvents);

    /// <summary>Adds what happened, and drops what is too old or too much.</summary>
    public static void Keep(List<HistoryEvent> events, HistoryEvent happening, int most)
    {
        events.Add(happening);
        events.RemoveAll(old => happening.At - old.At > KeptFor);
        if (events.Count > most) events.RemoveRange(0, events.Count - most);
    }
}
