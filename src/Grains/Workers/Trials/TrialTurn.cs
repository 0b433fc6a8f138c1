namespace OrleansJobs.Workers;

/// <summary>
/// A silo's turn to stand empty. It takes nothing in until nothing runs, then suspects, one at a time: before one starts, its partition stores that
/// it is alone, and before anything starts beside it, its partition stores that it no longer is, or how it ended. So nobody else was there when a
/// silo is lost with a job that is stored as alone. Not thread-safe.
/// </summary>
internal sealed class TrialTurn
{
    public TrialStage Stage { get; private set; }

    /// <summary>The suspect that has come in for this.</summary>
    public LeaseName? Lease { get; private set; }

    /// <summary>No other suspect is taken in.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether it came to stand empty at all.</summary>
    public bool WasEmpty { get; private set; }

    private int _partition;
    private bool _hasNews;

    /// <summary>Nothing may start here but what this says.</summary>
    public bool IsOn => Stage is not TrialStage.Off;

    public void Begin() => (Stage, IsOver, WasEmpty) = (TrialStage.Emptying, false, false);

    /// <summary>No handler runs, and none is stuck.</summary>
    public void NothingRuns()
    {
        if (Stage is not TrialStage.Emptying) return;
        Stage = TrialStage.Empty;
        WasEmpty = true;
    }

    /// <summary>Nobody has a suspect that could run here.</summary>
    public void NothingLeft()
    {
        if (Stage is TrialStage.Emptying or TrialStage.Empty) Stage = TrialStage.Off;
    }

    /// <summary>A suspect has come in. It does not start yet.</summary>
    public void Received(int partition, LeaseName lease)
    {
        (_partition, Lease) = (partition, lease);
        Say(TrialStage.Claiming);
    }

    /// <summary>The partition that is to be told something it has not been told yet; null: none. Once for each word.</summary>
    public int? TakeNews()
    {
        if (!_hasNews) return null;
        _hasNews = false;
        return _partition;
    }

    /// <summary>What is to be said to a partition with the next exchange, until it is answered.</summary>
    public TrialWord? WordTo(int partition) => Lease is not { } lease || partition != _partition ? null : Stage switch
    {
        TrialStage.Claiming => new TrialWord(lease, IsOver: false),
        TrialStage.Leaving => new TrialWord(lease, IsOver: true),
        _ => null,
    };

    /// <summary>The partition has answered, and what it made of the word is in the store.</summary>
    public void Answered(TrialWord word, bool stored)
    {
        if (Lease != word.Lease) return;
        if (word.IsOver && Stage is TrialStage.Leaving) Next();
        else if (!word.IsOver && Stage is TrialStage.Claiming && !stored) Next();
        else if (!word.IsOver && Stage is TrialStage.Claiming) Stage = TrialStage.Alone;
    }

    /// <summary>The partition has been told how the attempt ended.</summary>
    /// <param name="taken">What it was told is in the store. If not, the lease is not theirs any more, or they are not the partition any more.</param>
    public void Delivered(LeaseName lease, bool taken)
    {
        if (Lease != lease) return;
        if (taken) Next();
        else Say(TrialStage.Leaving);
    }

    /// <summary>Others are to be let in, as soon as that is safe.</summary>
    public void TimeIsOver()
    {
        IsOver = true;
        if (Stage is TrialStage.Emptying or TrialStage.Empty) Stage = TrialStage.Off;
        else if (Stage is TrialStage.Claiming or TrialStage.Alone) Say(TrialStage.Leaving);
    }

    /// <summary>A job that ended without its handler is company for the next: so whether the silo is empty is to be seen again.</summary>
    private void Next() => (Lease, Stage, _hasNews) = (null, IsOver ? TrialStage.Off : TrialStage.Emptying, false);

    private void Say(TrialStage stage) => (Stage, _hasNews) = (stage, true);
}

internal enum TrialStage : byte
{
    Off,

    /// <summary>Nothing is taken in; what runs goes on.</summary>
    Emptying,

    /// <summary>Nothing runs: a suspect may come in.</summary>
    Empty,

    /// <summary>A suspect is here; its partition is being told that it will be alone.</summary>
    Claiming,

    /// <summary>That is stored, and the suspect runs, or has ended and its partition does not know yet.</summary>
    Alone,

    /// <summary>Its partition is being told that it will not be alone any more.</summary>
    Leaving,
}
