using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Live;

/// <summary>
/// What is known of one job that somebody watches, and who does. There is one for each job in this process, however many watch: the grid
/// is asked once, the JSON is written once, and each reader takes the newest when it is ready for it. Once all have, it is not kept.
/// </summary>
/// <param name="memory">Null: its events are small.</param>
internal sealed class JobWatch(string id, EventMemory? memory = null)
{
    private readonly Lock _lock = new();
    private readonly HashSet<JobSubscription> _readers = [];
    private JobEvent? _latest;

    public string Id => id;

    /// <summary>Ends the asking once nobody watches any more.</summary>
    public CancellationTokenSource Stopped { get; } = new();

    /// <summary>Null: nothing is known yet.</summary>
    public JobEvent? Latest => Volatile.Read(ref _latest);

    /// <summary>There is no such job, or it cannot be followed; there will be no more events.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The job's end is not the last that will be told: it may be run again.</summary>
    public bool OutlivesEnd { get; init; }

    public void Add(JobSubscription reader)
    {
        lock (_lock)
        {
            _readers.Add(reader);
        }

        if (Latest is not null || IsOver) reader.Signal();
    }

    /// <returns>Whether it was the last one.</returns>
    public bool Remove(JobSubscription reader)
    {
        lock (_lock)
        {
            if (!_readers.Remove(reader) || _readers.Count > 0) return false;
            // Who comes now reads it from the grid.
            if (_latest is { } latest) Become(latest with { Json = null });
            return true;
        }
    }

    public void Tell(JobStatus status) => Tell(status, EventJson.Write(status));

    /// <summary>For a status that came without a result.</summary>
    public void TellListed(JobStatus status) => Tell(status, EventJson.WriteListed(status));

    public void End()
    {
        IsOver = true;
        SignalAll();
    }

    private void Tell(JobStatus status, byte[] json)
    {
        lock (_lock)
        {
            Become(new(status with { Result = null }, _readers.Count > 0 && memory?.TryKeep(json.Length) != false ? json : null));
        }

        SignalAll();
    }

    private void Become(JobEvent latest)
    {
        if (_latest?.Json is { } json && json != latest.Json) memory?.Release(json.Length);
        Volatile.Write(ref _latest, latest);
    }

    private void SignalAll()
    {
        lock (_lock)
        {
            foreach (var reader in _readers) reader.Signal();
        }
    }
}

/// <summary>A status and its JSON, written once for all who read it.</summary>
/// <param name="Status">Without its result.</param>
/// <param name="Json">Null: too large to be kept; to be read from the grid.</param>
internal sealed record JobEvent(JobStatus Status, byte[]? Json)
{
    public long Version => Status.Version;
    public bool IsFinished => Status.IsFinished;
}

/// <summary>The JSON of an event.</summary>
internal static class EventJson
{
    public static byte[] Write(JobStatus status) => Write(status, withResult: true);

    /// <summary>Without a result, of which a list does not know whether there is one.</summary>
    public static byte[] WriteListed(JobStatus status) => Write(status, withResult: false);

    private static byte[] Write(JobStatus status, bool withResult)
    {
        var json = JsonBuffer.Rent();
        if (withResult) StatusJson.Write(json.Writer, status);
        else StatusJson.WriteListed(json.Writer, status);
        var bytes = json.ToArray();
        // A handler's result may have line breaks between its tokens; in an event they would end the line.
        bytes.AsSpan().Replace((byte)'\n', (byte)' ');
        bytes.AsSpan().Replace((byte)'\r', (byte)' ');
        return bytes;
    }
}
