using System.Globalization;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Letters;

/// <summary>
/// Letters to other partitions, which are stored with what causes them, and how far those of others have been applied here. A letter is applied once, because
/// the receiver stores its number with what it changes.
/// </summary>
internal sealed class LetterBook
{
    private readonly PendingChanges _changes;
    private readonly JobGridOptions _options;
    private readonly Dictionary<int, LetterChannel> _channels = [];
    private readonly Dictionary<int, (RowEntry Row, long Number)> _applied = [];

    public LetterBook(PartitionOpening opening, JobGridOptions options, PendingChanges changes)
    {
        (_changes, _options, Numbers) = (changes, options, new(opening.Generation));
        var delivered = opening.Rows(GridLayout.Letters.Delivered).ToDictionary(row => row.Key, row => row.Value);
        foreach (var (name, count, _) in opening.Sets(GridLayout.Letters.Outbox))
        {
            if (count > 0) _channels.Add(Number(name), NewChannel(Number(name), count, delivered.GetValueOrDefault(name)));
        }

        foreach (var (name, row) in delivered)
        {
            if (!_channels.ContainsKey(Number(name))) _channels.Add(Number(name), NewChannel(Number(name), 0, row));
        }

        foreach (var (name, row) in opening.Rows(GridLayout.Letters.Applied))
            _applied.Add(Number(name), (new RowEntry(GridLayout.Letters.Applied, name, row), BitConverter.ToInt64(row)));
    }

    /// <summary>Where the numbers of letters come from.</summary>
    public FencingCounter Numbers { get; }

    /// <summary>Letters to a receiver can be carried from now on. Not raised within a decision.</summary>
    public Action<LetterChannel>? Ready { get; set; }

    /// <summary>The present, in Unix milliseconds; 0: not known.</summary>
    public Func<long> Clock { get; set; } = static () => 0;

    public IReadOnlyCollection<LetterChannel> Channels => _channels.Values;

    /// <summary>Letters that have not been delivered.</summary>
    public long Waiting => _channels.Values.Sum(channel => channel.Count);

    /// <summary>Whether a letter to a receiver that was written by then may not have been delivered: where nobody knows how old the oldest is, it may be any.</summary>
    public bool MayWaitSince(int receiver, long then) =>
        _channels.TryGetValue(receiver, out var channel) && channel.Count > 0 && !(channel.FirstWrittenAt > then);

    /// <summary>How old the oldest letter is that has not been delivered, in milliseconds; 0: there is none.</summary>
    public long OldestAge(long now) => _channels.Values.Max(channel => channel.OldestAt is { } since ? Math.Max(0, now - since) : (long?)0) ?? 0;

    /// <summary>
    /// So much waits that nothing is begun that would write other letters. Ends, cancels and signals are told all the same. A letter counts as what it asks for; of those that memory does not hold nobody knows
    /// more than that they are letters.
    /// </summary>
    public bool IsFull => _channels.Values.Sum(static channel => channel.Parts) >= _options.MaxLetters;

    /// <summary>Writes a letter, as part of the decision that is under way.</summary>
    /// <param name="origin">The submit from outside without which it is not to be sent.</param>
    /// <param name="parts">How many decisions it asks of the receiver.</param>
    public void Send(int receiver, LetterKind kind, byte[] body, Entry? origin = null, int parts = 1) => Send(receiver, kind, body, null, origin, parts);

    /// <summary>Writes a letter that may say more until it is stored: see <see cref="TryAddTo"/>.</summary>
    public OutLetter Send(int receiver, LetterKind kind, ILetterDraft draft) =>
        // What is not stored with its cause is read as it is.
        Send(receiver, kind, Sabotage.IsOff(Safeguard.LetterCommit) ? draft.Encode() : [], draft, null, 1);

    /// <summary>
    /// Whether what a letter says may be added to, as part of the decision that is under way: no commit has it yet. It goes with this decision then, as with those before
    /// it.
    /// </summary>
    public bool TryAddTo(OutLetter letter)
    {
        if (!letter.IsOpen) return false;
        _changes.Mark(letter);
        return true;
    }

    private OutLetter Send(int receiver, LetterKind kind, byte[] body, ILetterDraft? draft, Entry? origin, int parts)
    {
        if (!_channels.TryGetValue(receiver, out var channel)) _channels.Add(receiver, channel = NewChannel(receiver, 0, null));
        var letter = new OutLetter(this, channel, new Letter(Numbers.Next(), kind, body, Clock()), isStored: false, draft) { Origin = origin, Parts = parts };
        channel.Add(letter);
        if (Sabotage.IsOff(Safeguard.LetterCommit)) Ready?.Invoke(channel);
        else _changes.Mark(letter);
        return letter;
    }

    /// <summary>The receiver has stored what these letters say: they are struck.</summary>
    public void Delivered(LetterChannel channel, List<OutLetter> letters)
    {
        using var together = _changes.Together();
        channel.Strike(letters);
        foreach (var letter in letters)
        {
            letter.IsStruck = true;
            _changes.Mark(letter);
        }

        _changes.Mark(channel.DeliveredRow.Set(BitConverter.GetBytes(channel.LastDelivered)));
    }

    /// <summary>The number of the last letter of a sender that was applied here; 0: none was.</summary>
    public long AppliedOf(int sender) => _applied.TryGetValue(sender, out var applied) ? applied.Number : 0;

    /// <summary>Letters of a sender up to this number are applied, as part of the decision that is under way.</summary>
    public void Apply(int sender, long number)
    {
        var row = _applied.TryGetValue(sender, out var applied) ? applied.Row : new RowEntry(GridLayout.Letters.Applied, Name(sender));
        _applied[sender] = (row, number);
        _changes.Mark(row.Set(BitConverter.GetBytes(number)));
    }

    public void Stored(LetterChannel channel) => Ready?.Invoke(channel);

    private static LetterChannel NewChannel(int receiver, long count, byte[]? delivered) =>
        new(receiver, count, new RowEntry(GridLayout.Letters.Delivered, Name(receiver), delivered), delivered is null ? 0 : BitConverter.ToInt64(delivered));

    private static string Name(int partition) => partition.ToString(CultureInfo.InvariantCulture);

    private static int Number(string name) => int.Parse(name, CultureInfo.InvariantCulture);
}
