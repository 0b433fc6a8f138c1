using OrleansJobs.Records;

namespace OrleansJobs.Letters;

/// <summary>What one partition must surely be told because of what another has decided.</summary>
/// <param name="Number">Only grows from letter to letter of a sender, also over openings and failovers: it begins with the sender's generation.</param>
/// <param name="Body">As <paramref name="Kind"/> says.</param>
[GenerateSerializer, Immutable, Alias("oj.letter")]
internal sealed record Letter([property: Id(0)] long Number, [property: Id(1)] LetterKind Kind, [property: Id(2)] byte[] Body)
{
    public byte[] Encode()
    {
        var writer = new RecordWriter(Body.Length + 16);
        writer.Number(1, (int)Kind);
        writer.Bytes(2, Body);
        return writer.ToArray();
    }

    public static Letter Decode(long number, ReadOnlySpan<byte> record)
    {
        var kind = default(LetterKind);
        byte[] body = [];
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: kind = (LetterKind)reader.Number; break;
                case 2: body = reader.Bytes.ToArray(); break;
            }
        }

        return new Letter(number, kind, body);
    }
}

/// <summary>What a letter says. Stored: numbers stay.</summary>
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

    /// <summary>Cancel this job.</summary>
    Cancel = 4,

    /// <summary>A job of mine follows one of yours.</summary>
    Follow = 5,

    /// <summary>What a job of yours followed has ended.</summary>
    Followed = 6,

    /// <summary>A child of a flow of mine told of an end that counts no more: run it again.</summary>
    RetryChild = 7,
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
