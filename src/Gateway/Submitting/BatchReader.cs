using System.Text.Json;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Submitting;

/// <summary>Reads the submits of a batch. All of them are read before the first is sent, so that broken JSON stores nothing.</summary>
internal static class BatchReader
{
    /// <exception cref="ProblemException">It is not an array, is broken somewhere, or has too many items.</exception>
    public static List<BatchItem> ReadArray(ReadOnlySpan<byte> body, int maxItems)
    {
        var items = new List<BatchItem>();
        // The array is one level more.
        var reader = StrictJson.Reader(body, StrictJson.EnvelopeDepth + 1);
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray) throw new ProblemException(Problem.OfMember(ProblemTypes.InvalidMember, "", "A batch is an array of submits."));
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (items.Count == maxItems) throw TooMany(maxItems);
                items.Add(new(SubmitRequestReader.Read(ref reader), null));
            }

            StrictJson.ExpectEnd(ref reader);
            return items;
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    /// <summary>One submit a line; empty lines are nothing. A broken line is a mistake of its own and does not hold up the others.</summary>
    /// <exception cref="ProblemException">It has too many items.</exception>
    public static List<BatchItem> ReadLines(ReadOnlySpan<byte> body, int maxItems)
    {
        var items = new List<BatchItem>();
        foreach (var range in body.Split((byte)'\n'))
        {
            var line = body[range];
            if (line.Trim(" \t\r"u8).IsEmpty) continue;
            if (items.Count == maxItems) throw TooMany(maxItems);
            items.Add(ReadLine(line, range.Start.GetOffset(body.Length), items.Count));
        }

        return items;
    }

    private static BatchItem ReadLine(ReadOnlySpan<byte> line, int offset, int index)
    {
        var reader = StrictJson.Reader(line, StrictJson.EnvelopeDepth);
        try
        {
            reader.Read();
            var request = SubmitRequestReader.Read(ref reader);
            StrictJson.ExpectEnd(ref reader);
            if (request.Args is { } args) request.Args = (args.Start.Value + offset)..(args.End.Value + offset);
            return new(request, null);
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            return new(null, StrictJson.Malformed(exception, $"Item {index}"));
        }
    }

    private static ProblemException TooMany(int maxItems) => new(new(ProblemTypes.TooLarge, $"A batch has at most {maxItems} jobs."));
}

/// <summary>One of them is there.</summary>
internal readonly record struct BatchItem(SubmitRequest? Request, Problem? Problem);
