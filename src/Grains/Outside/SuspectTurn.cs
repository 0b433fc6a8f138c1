using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>What a session may take now.</summary>
/// <param name="Wish">Whether the next exchange is to bring a suspect.</param>
/// <param name="MayTake">Whether it takes other jobs.</param>
internal readonly record struct SuspectStep(SuspectWish Wish, bool MayTake);

/// <summary>
/// Suspects run alone: a session that knows of some takes nothing else until it holds nothing, and then one suspect. Where it does not come to hold nothing in its
/// time, it takes one among others. Between two turns it takes other jobs for as long as the last one took. Not thread-safe; time is milliseconds of whatever clock.
/// </summary>
internal sealed class SuspectTurn(TimeSpan turn)
{
    private readonly long _turn = (long)turn.TotalMilliseconds;
    private readonly HashSet<int> _partitions = [];

    /// <summary>Suspects that run already, and of which it is yet to be said that they do not run alone.</summary>
    private readonly Queue<HeldLease> _running = new();
    private long? _since;
    private long _restUntil;

    /// <summary>The suspect that is on trial.</summary>
    public HeldLease? Trial { get; private set; }

    /// <summary>Its partition has stored that it is alone; before that it is not to run.</summary>
    public bool IsTold { get; private set; }

    /// <summary>Others may run beside it, once its partition has stored that.</summary>
    public bool IsOver { get; private set; }

    /// <summary>What is to be said to the partition of the suspect; null: nothing.</summary>
    public TrialWord? Word => Trial is { } lease && (IsOver || !IsTold) ? new TrialWord(lease.Name, IsOver) : null;

    /// <summary>A partition that has suspects for the session; null: none that is known.</summary>
    public int? Partition => _partitions.Count == 0 ? null : _partitions.First();

    /// <summary>The next moment at which <see cref="Next"/> says something else by itself.</summary>
    public long? NextAt => Trial is not null && !IsOver ? _since + _turn : Trial is null && _partitions.Count > 0 ? (_since ?? _restUntil) + (_since is null ? 0 : _turn) : null;

    public void Heard(int partition, bool suspects)
    {
        if (suspects) _partitions.Add(partition);
        else _partitions.Remove(partition);
    }

    /// <param name="isEmpty">The worker holds nothing, and nothing is on its way to it.</param>
    public SuspectStep Next(bool isEmpty, long now)
    {
        if (Trial is not null)
        {
            if (!IsOver && now >= _since + _turn) IsOver = true;
            return new(SuspectWish.None, MayTake: false);
        }

        if (_partitions.Count == 0 || now < _restUntil) return new(SuspectWish.None, MayTake: true);
        _since ??= now;
        if (isEmpty) return new(SuspectWish.OneAlone, MayTake: false);
        return now >= _since + _turn ? new(SuspectWish.OneInCompany, MayTake: true) : new(SuspectWish.None, MayTake: false);
    }

    /// <summary>A suspect has come, alone.</summary>
    public void Begin(HeldLease lease)
    {
        Trial = lease;
        (IsTold, IsOver) = (false, false);
    }

    /// <summary>
    /// A suspect that another activation of the session took. Its partition may have stored that it is alone, and nobody here knows whether it is: nothing is
    /// taken until it has stored that the trial is over, or the suspect would be convicted of what those beside it do.
    /// </summary>
    public void Adopt(HeldLease lease)
    {
        if (Trial is null) BeginOver(lease);
        else _running.Enqueue(lease);
    }

    private void BeginOver(HeldLease lease)
    {
        Trial = lease;
        (IsTold, IsOver) = (true, true);
    }

    /// <summary>The partition has answered to the word.</summary>
    /// <returns>Whether the suspect may run now.</returns>
    public bool Said(TrialWord word, bool stored, long now)
    {
        if (Trial is not { } lease || lease.Name != word.Lease) return false;
        if (word.IsOver || !stored)
        {
            End(now);
            return false;
        }

        IsTold = true;
        return true;
    }

    /// <summary>The attempt has ended, and its partition knows.</summary>
    public void Ended(HeldLease lease, long now)
    {
        if (Trial == lease) End(now);
    }

    /// <summary>One was taken among others, or none came.</summary>
    public void Rest(long now)
    {
        _restUntil = now + Math.Clamp(now - (_since ?? now), 0, _turn);
        _since = null;
    }

    private void End(long now)
    {
        Trial = null;
        (IsTold, IsOver) = (false, false);
        while (Trial is null && _running.TryDequeue(out var next))
        {
            if (!next.IsSettled) BeginOver(next);
        }

        if (Trial is null) Rest(now);
    }
}
