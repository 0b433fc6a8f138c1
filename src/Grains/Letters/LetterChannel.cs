using System.Globalization;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Letters;

/// <summary>The letters to one receiver that have not been delivered: the first of them in memory, the rest in the store.</summary>
internal sealed class LetterChannel(int receiver, long count, RowEntry delivered, long lastDelivered)
{
    /// <summary>Letters of a channel that memory holds.</summary>
    public const int Window = 512;

    /// <summary>Bytes of letters of a channel that memory holds, unless a single one has more.</summary>
    private const int WindowBytes = 4 << 20;

    /// <summary>Letters that go together: applied by one commit.</summary>
    public const int MostTogether = 256;

    /// <summary>Decisions that letters which go together ask for, beyond which no other is added.</summary>
    private const int MostParts = 1024;

    /// <summary>Bytes of letters that go together, beyond which no other is added.</summary>
    private const int MostBytes = 1 << 20;

    /// <summary>Ends of children wait for others for so many milliseconds, unless there are so many that a batch is worth its call.</summary>
    private const long EndsTogether = 20;

    /// <inheritdoc cref="EndsTogether"/>
    private const int EnoughEnds = 64;

    private readonly LinkedList<OutLetter> _window = [];
    private bool _isBeyond = count > 0;
    private bool _isReading;
    private bool _missesSome;

    /// <summary>The store has none of those beyond the window yet: to be read when it has.</summary>
    private bool _waitsForStore;

    /// <summary>Letters beyond the window that the store does not have yet.</summary>
    private int _unstoredBeyond;

    /// <summary>What letters of the window ask for beyond one thing each.</summary>
    private long _moreParts;

    /// <summary>Bytes of the letters of the window.</summary>
    private long _bytes;
    private SetPlace _end = SetPlace.Start;

    public int Receiver { get; } = receiver;

    /// <summary>Letters that have not been delivered.</summary>
    public long Count { get; private set; } = count;

    /// <summary>What they ask of the receiver, as far as is known.</summary>
    public long Parts => Count + _moreParts;

    /// <summary>Since when, in Unix milliseconds, there have been letters and none was delivered; null: there are none.</summary>
    public long? Stuck { get; set; }

    /// <summary>When the first of them was written; null: there are none, or nobody knows, since they are still to be read or are of a release that did not say.</summary>
    public long? FirstWrittenAt => _window.First?.Value.Letter.WrittenAt is > 0 and var at ? at : null;

    /// <summary>The same, or else since when they are known to wait.</summary>
    public long? OldestAt => FirstWrittenAt ?? Stuck;

    public RowEntry DeliveredRow { get; } = delivered;

    public long LastDelivered { get; private set; } = lastDelivered;

    /// <summary>When letters were last carried, in Unix milliseconds.</summary>
    public long CarriedAt { get; set; }

    public SetName Set => GridLayout.Letters.Outbox[Receiver.ToString(CultureInfo.InvariantCulture)];

    /// <summary>A page is to be read before anything can be carried.</summary>
    public bool NeedsPage => _isBeyond && _window.Count == 0 && !_isReading && !_waitsForStore;

    public void Add(OutLetter letter)
    {
        Count++;
        if (_isReading) _missesSome = true;
        if (_isBeyond || _window.Count >= Window || _bytes >= WindowBytes)
        {
            _isBeyond = true;
            _unstoredBeyond++;
            return;
        }

        letter.InWindow = true;
        Take(letter);
        _end = letter.Place;
    }

    /// <summary>The store has it.</summary>
    public void Stored(OutLetter letter)
    {
        if (letter.InWindow) return;
        _unstoredBeyond--;
        _waitsForStore = false;
    }

    /// <summary>It was never stored.</summary>
    public void Withdraw(OutLetter letter)
    {
        Count--;
        if (letter.InWindow) Drop(letter);
        else _unstoredBeyond--;
    }

    private void Take(OutLetter letter)
    {
        _window.AddLast(letter);
        _moreParts += letter.Parts - 1;
        _bytes += letter.Size;
    }

    private void Drop(OutLetter letter)
    {
        if (!_window.Remove(letter)) return;
        _moreParts -= letter.Parts - 1;
        _bytes -= letter.Size;
    }

    /// <summary>How long to wait for others before these are carried, so that the ends of a large group do not each cost a call and a commit.</summary>
    public TimeSpan PauseBefore(List<OutLetter> letters, long now)
    {
        if (letters.Count >= EnoughEnds || now - CarriedAt >= EndsTogether || !letters.TrueForAll(static letter => letter.Letter.Kind is LetterKind.ChildEnded or LetterKind.GroupSucceeded)) return default;
        return TimeSpan.FromMilliseconds(Math.Clamp(CarriedAt + EndsTogether - now, 1, EndsTogether));
    }

    /// <summary>The letters that are to be carried next; empty where none is stored yet.</summary>
    public List<OutLetter> Next()
    {
        var next = new List<OutLetter>();
        var (bytes, parts) = (0, 0);
        foreach (var letter in _window)
        {
            // In order, and only what is stored.
            if (!letter.IsSettled || next.Count == MostTogether || bytes >= MostBytes || parts >= MostParts) break;
            next.Add(letter);
            bytes += letter.Letter.Body.Length;
            parts += letter.Parts;
        }

        return next;
    }

    public SetPlace BeginRead()
    {
        (_isReading, _missesSome) = (true, _unstoredBeyond > 0);
        return _end;
    }

    /// <param name="lines">What the store had behind the place; null: it could not be read.</param>
    public void EndRead(PagedLine[]? lines, int limit, LetterBook book)
    {
        _isReading = false;
        if (lines is null) return;
        foreach (var line in lines)
        {
            if (line.Rows is not { Exist: true } rows) break;
            var number = long.Parse(line.Member, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            var letter = Letter.Decode(number, rows[0]);
            Take(new OutLetter(book, this, letter, isStored: true) { InWindow = true, Parts = letter.Kind == LetterKind.StartChildren ? Flows.ChildrenLetter.CountOf(letter.Body) : 1 });
            _end = new(line.Score, line.Member);
        }

        // What was not in the store yet is to be read when it is.
        _waitsForStore = lines.Length == 0 && _unstoredBeyond > 0;
        _isBeyond = lines.Length == limit || _missesSome || lines.Any(line => line.Rows is null);
    }

    /// <summary>The receiver has stored what they say.</summary>
    public void Strike(List<OutLetter> letters)
    {
        foreach (var letter in letters)
        {
            Count--;
            Drop(letter);
        }

        LastDelivered = letters[^1].Letter.Number;
    }
}

/// <summary>A letter that has not been delivered.</summary>
/// <param name="says">What it says, where that is added to until it is stored.</param>
internal sealed class OutLetter(LetterBook book, LetterChannel channel, Letter letter, bool isStored, ILetterDraft? says = null) : Entry
{
    private static readonly object Was = new(), WasNot = new();
    private bool _isStored = isStored;

    public Letter Letter { get; private set; } = letter;

    /// <summary>How many decisions it asks of its receiver.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Bytes of what it says; of what is still added to, which is little, none.</summary>
    public int Size { get; } = letter.Body.Length;

    /// <summary>No commit has it, and what it says may be added to.</summary>
    public bool IsOpen => says is not null && IsDirty && !_isStored && !IsStruck && InFlight == 0;

    public string Key { get; } = letter.Number.ToString("x16", CultureInfo.InvariantCulture);

    public SetPlace Place => new(FencingToken.GenerationOf(Letter.Number), Key);

    /// <summary>Memory has it among the first of its channel.</summary>
    public bool InWindow { get; set; }

    /// <summary>It has been delivered, or is not to be sent: nothing of it is to be stored.</summary>
    public bool IsStruck { get; set; }

    public override bool IsStored => _isStored;

    public override bool IsOrdered => true;

    public override object? WriteTo(CommitDraft draft)
    {
        if (_isStored != IsStruck) return null;
        var (tables, place) = (GridLayout.Letters, Place);
        if (IsStruck)
        {
            draft.Counts.Strikes++;
            draft.Commit.Remove(tables.Rows, Key);
            draft.Commit.Remove(channel.Set, Key, place.Score);
        }
        else
        {
            if (says is not null) Letter = Letter with { Body = says.Encode() };
            draft.Counts.Letters++;
            draft.Put(tables.Rows, Key, Letter.Encode());
            draft.Commit.Put(channel.Set, Key, place.Score);
        }

        _isStored = !IsStruck;
        return IsStruck ? Was : WasNot;
    }

    public override void Applied()
    {
        if (!_isStored) return;
        channel.Stored(this);
        book.Stored(channel);
    }

    public override void Restore(object before) => _isStored = before == Was;

    public override void Drop()
    {
        IsStruck = true;
        channel.Withdraw(this);
    }
}
