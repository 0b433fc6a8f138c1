using OrleansJobs.Records;

namespace OrleansJobs.Letters;

/// <summary>What one partition must surely be told because of what another has decided.</summary>
/// <param name="Number">Only grows from letter to letter of a sender, also over openings and failovers: it begins with the sender's generation.</param>
/// <param name="Body">As <paramref name="Kind"/> says.</param>
/// <param name="WrittenAt">In Unix milliseconds, by the clock of the sender; 0: not known.</param>
[GenerateSerializer, Immutable, Alias("oj.letter")]
internal sealed record Letter([property: Id(0)] long Number, [property: Id(1)] LetterKind Kind, [property: Id(2)] byte[] Body, [property: Id(3)] long WrittenAt = 0)
{
    /// <summary>Kinds with this bit say what a release that does not know them may do without: it passes them over. Of others it takes none, and none behind them.</summary>
    public const byte PassedOver = 0x80;

    public bool MayBePassedOver => ((byte)Kind & PassedOver) != 0;

    public byte[] Encode()
    {
        var writer = new RecordWriter(Body.Length + 16);
        writer.Number(1, (int)Kind);
        writer.Bytes(2, Body);
        writer.Number(3, WrittenAt);
        return writer.ToArray();
    }

    public static Letter Decode(long number, ReadOnlySpan<byte> record)
    {
        var kind = default(LetterKind);
        byte[] body = [];
        long written = 0;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: kind = (LetterKind)reader.Number; break;
                case 2: body = reader.Bytes.ToArray(); break;
                case 3: written = reader.Number; break;
            }
        }

        return new Letter(number, kind, body, written);
    }
}

/// <summary>What a letter says. Stored: numbers stay. Those with <see cref="Letter.PassedOver"/> may come to a release that does not know them.</summary>
[GenerateSerializer, Alias("oj.letterKind")]
internal enum LetterKind : byte
{
    None = 0,

    /// <summary>Start this child, or find it.</summary>
    StartChild = 1,

    /// <summary>A child of a flow of yours has ended.</summary>
    ChildEnded = 2,

    /// <summary>A flow has no use any more for its children, or wants those that failed to run again.</summary>
    ChildrenOf = 3,

    /// <summary>A flow of mine does not wait any more for this child of yours: cancel it.</summary>
    Cancel = 4,

    /// <summary>A job of mine follows one of yours.</summary>
    Follow = 5,

    /// <summary>What a job of yours followed has ended.</summary>
    Followed = 6,

    /// <summary>A child of a flow of mine told of an end that counts no more: run it again.</summary>
    RetryChild = 7,

    /// <summary>What is said of a prefix of keys.</summary>
    KeySetting = 8,

    /// <summary>Start this occurrence of a schedule of mine, whose key is yours, or find it.</summary>
    StartOccurrence = 9,

    /// <summary>An occurrence of a schedule of yours has ended.</summary>
    OccurrenceEnded = 10,

    /// <summary>Another occurrence takes the place of this one.</summary>
    CancelOccurrence = 11,

    /// <summary>What is said of a queue's limits.</summary>
    QueueSetting = 12,

    /// <summary>What a partition asks a queue's home for, or gives back.</summary>
    QueueAsk = 13,

    /// <summary>What a queue's home lends, or asks back.</summary>
    QueueLot = 14,

    /// <summary>Start these children, or find them.</summary>
    StartChildren = 15,

    /// <summary>So many children of a group of a flow of yours have succeeded.</summary>
    GroupSucceeded = 16,
}

/// <summary>What a letter says that may be added to until it is stored.</summary>
internal interface ILetterDraft
{
    byte[] Encode();
}

/// <summary>Letters of one sender, in order.</summary>
/// <param name="After">The number of the last letter that was delivered before these; 0: none ever was.</param>
[GenerateSerializer, Immutable, Alias("oj.letterBatch")]
internal sealed record LetterBatch([property: Id(0)] int Sender, [property: Id(1)] long After, [property: Id(2)] Letter[] Letters);

/// <summary>Where a partition takes letters.</summary>
[Alias("oj.ILetterBox")]
internal interface ILetterBox : IGrainWithIntegerKey
{
    /// <summary>Each letter is applied once, however often it comes; what it changes is stored when this is answered.</summary>
    [Alias("deliver"), ResponseTimeout(AnswerTimeouts.Short)]
    Task Deliver(LetterBatch batch);
}
