using OrleansJobs.Partitions;
using OrleansJobs.Records;

namespace OrleansJobs.Tests.Faults.Model;

/// <summary>What was said to the outside so far, and what therefore must hold. Knows nothing of how the partition works.</summary>
internal sealed class ModelTruth
{
    private readonly HashSet<string> _acknowledged = [];
    private readonly Dictionary<string, long> _highestToken = [];
    private readonly Dictionary<string, long> _current = [];
    private readonly Dictionary<string, long> _lost = [];
    private readonly HashSet<long> _tokens = [];
    private readonly Dictionary<string, byte[]> _ends = [];
    private readonly HashSet<string> _unsettled = [];
    private readonly Dictionary<string, long> _due = [];
    private readonly Dictionary<string, long> _startBy = [];
    private readonly HashSet<string> _begun = [];

    public IReadOnlyCollection<string> Acknowledged => _acknowledged;

    /// <summary>Where an id was submitted more than once, either may be the one that counts.</summary>
    /// <param name="startBy">Not to be given out from then on, unless it has begun before; null: at any time.</param>
    public void Submitted(string id, long due, long? startBy)
    {
        _due[id] = Math.Min(due, _due.GetValueOrDefault(id, long.MaxValue));
        _startBy[id] = Math.Max(startBy ?? long.MaxValue, _startBy.GetValueOrDefault(id, long.MinValue));
    }

    public void Leased(string id, long now)
    {
        if (!_begun.Contains(id) && now >= _startBy[id]) throw new ModelBroken($"{id} is given out at {now}, to be started by {_startBy[id]}");
    }

    /// <summary>An attempt's handler was called, or nobody can know any more that it was not.</summary>
    public void Begun(string id) => _begun.Add(id);

    public void Acknowledge(string id) => _acknowledged.Add(id);

    /// <summary>Somebody asked that a finished job runs again or is deleted: until that is known to be stored, its end may be there or not.</summary>
    public void Unsettle(string id)
    {
        _ends.Remove(id);
        _unsettled.Add(id);
        Begun(id);
        // Run again it is due at once, whatever its submit said.
        _due[id] = 0;
    }

    public void Reopened(string id) => _unsettled.Remove(id);

    public void Deleted(string id)
    {
        _unsettled.Remove(id);
        _acknowledged.Remove(id);
    }

    /// <summary>
    /// The store lost what had been written of a job: its accept, its end, or that an attempt held it. Tokens that were given stay given: they come neither
    /// again nor do later ones fall below them.
    /// </summary>
    public void Lost(string id)
    {
        _acknowledged.Remove(id);
        _ends.Remove(id);
        _current.Remove(id);
        _lost[id] = _highestToken.GetValueOrDefault(id);
    }

    public void Started(string id, long token, long now, IEnumerable<ModelWorker> others)
    {
        Begun(id);
        if (now < _due[id]) throw new ModelBroken($"{id} starts at {now}, due {_due[id]}");
        if (!_tokens.Add(token)) throw new ModelBroken($"token {token} is given to {id} a second time");
        if (token <= _highestToken.GetValueOrDefault(id)) throw new ModelBroken($"{id} gets token {token} after {_highestToken[id]}");
        _highestToken[id] = _current[id] = token;
        foreach (var other in others)
        {
            // An attempt whose lease was lost runs on, and nothing that the store has says so.
            if (other is { IsDead: false, IsDeclaredDead: false } && other.Running.TryGetValue(id, out var running) && running > _lost.GetValueOrDefault(id)) throw new ModelBroken($"{id} is given away while {other.Name} runs it");
        }
    }

    /// <summary>A report was said to count.</summary>
    public void Taken(string id, long token)
    {
        if (token < _current.GetValueOrDefault(id)) throw new ModelBroken($"{id}: what token {token} says is taken, though {_current[id]} was given out");
    }

    /// <summary>Holds a job's stored records against what was said of it.</summary>
    public void CheckStored(string id, StoredJob? stored, bool mustHaveEnded)
    {
        if (stored is null)
        {
            if (_acknowledged.Contains(id) && !_unsettled.Contains(id)) throw new ModelBroken($"{id} was acknowledged and is not stored");
            return;
        }

        if (stored.Outcome is not null && (stored.Lease is not null || stored.Track is not null)) throw new ModelBroken($"{id} has ended and is still under way");
        if (stored.Lease is not null && stored.Track is not null) throw new ModelBroken($"{id} waits and runs");
        if (_ends.TryGetValue(id, out var end))
        {
            if (stored.Outcome is null || !stored.Outcome.AsSpan().SequenceEqual(end)) throw new ModelBroken($"{id} had ended, and its end has changed");
        }
        else if (stored.Outcome is not null && !_unsettled.Contains(id)) _ends[id] = stored.Outcome;

        if (mustHaveEnded && stored.Outcome is null) throw new ModelBroken($"{id} is stuck: {(stored.Lease is null ? "it waits" : $"leased to {JobTrack.Decode(stored.Lease).Silo}")}");
    }
}
