using OrleansJobs.Diagnostics;

namespace OrleansJobs.Keys;

/// <summary>
/// How the keys of one queue and priority take turns: start-time fair queueing. Each has a tag, which a turn moves on by the less the more it weighs; the lowest
/// goes first. Who comes back after a while begins at the tag that was served last, so that nobody saves turns up.
/// </summary>
internal sealed class TurnClock
{
    /// <summary>What a turn of weight 1 costs.</summary>
    private const long Turn = 1L << 20;

    public TurnClock() => Plain = new(this, null);

    /// <summary>The tag that was served last.</summary>
    public long Now { get; private set; }

    /// <summary>Jobs without a key take turns with the keys as if they were one, of weight 1.</summary>
    public KeyTurn Plain { get; }

    /// <summary>Lanes of keys that go by it.</summary>
    public int Lanes { get; set; }

    /// <summary>Those of them that are ready.</summary>
    public int Ready { get; set; }

    public void Serve(KeyTurn turn)
    {
        if (Sabotage.IsOff(Safeguard.FairTurns)) return;
        Now = Math.Max(Now, turn.Tag);
        turn.Tag = Math.Max(turn.Tag, Now) + Turn / turn.Weight;
    }

    /// <summary>It has something again.</summary>
    public void Enter(KeyTurn turn) => turn.Tag = Math.Max(turn.Tag, Now);
}

/// <summary>One key's place in the turns of a queue and priority.</summary>
internal sealed class KeyTurn(TurnClock clock, KeyLine? line)
{
    public TurnClock Clock { get; } = clock;
    public KeyLine? Line { get; } = line;

    /// <summary>Where its next turn begins.</summary>
    public long Tag { get; set; }

    /// <summary>Its lanes that are ready.</summary>
    public int Ready { get; set; }

    public int Weight => Line?.Weight ?? 1;
}
