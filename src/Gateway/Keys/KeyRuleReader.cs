using System.Text.Json;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Keys;

/// <summary>
/// Reads the rule of a key: <c>{"concurrency", "rate": {"limit", "per", "burst", "on"}, "order", "weight"}</c>, or the limits of a queue, which know of no order, weight
/// and <c>on</c>.
/// </summary>
internal sealed class KeyRuleReader(bool isOfQueue)
{
    private const double MaxMilliseconds = long.MaxValue / 2;

    private readonly List<ProblemError> _errors = [];
    private KeyRule _rule = new();

    /// <exception cref="ProblemException">It is no rule.</exception>
    public static KeyRule Read(ReadOnlySpan<byte> body)
    {
        var all = new KeyRuleReader(isOfQueue: false);
        all.ReadAll(body);
        return all.Checked(all._rule.Check(), all._rule);
    }

    /// <exception cref="ProblemException">They are no limits.</exception>
    public static QueueLimits ReadLimits(ReadOnlySpan<byte> body)
    {
        var all = new KeyRuleReader(isOfQueue: true);
        all.ReadAll(body);
        var limits = new QueueLimits { Concurrency = all._rule.Concurrency, Rate = all._rule.Rate };
        return all.Checked(limits.Check(), limits);
    }

    private void ReadAll(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = StrictJson.Reader(body, StrictJson.EnvelopeDepth);
            reader.Read();
            ReadObject(ref reader, "", ReadMember);
            StrictJson.ExpectEnd(ref reader);
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    private T Checked<T>(SubmissionProblem[] problems, T read)
    {
        if (_errors.Count == 0) _errors.AddRange(problems.Select(problem => new ProblemError(problem.Pointer, problem.Detail)));
        return _errors.Count == 0 ? read : throw new ProblemException(Problem.OfMembers(ProblemTypes.InvalidMember, _errors));
    }

    private delegate bool MemberReader(ref Utf8JsonReader reader, string name);

    private void ReadObject(ref Utf8JsonReader reader, string pointer, MemberReader read)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Wrong(pointer, "It must be an object.");
            reader.Skip();
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (!seen.Add(name)) Wrong(pointer + StrictJson.Segment(name), "It is given twice.");
            if (read(ref reader, name)) continue;
            Wrong(pointer + StrictJson.Segment(name), "There is no such member.");
            reader.Skip();
        }
    }

    private bool ReadMember(ref Utf8JsonReader reader, string name)
    {
        switch (name)
        {
            case "concurrency": _rule = _rule with { Concurrency = Integer(ref reader, "/concurrency") }; return true;
            case "weight" when !isOfQueue: _rule = _rule with { Weight = Integer(ref reader, "/weight") }; return true;
            case "order" when !isOfQueue: _rule = _rule with { Order = (KeyOrder)Choice(ref reader, "/order", KeyWords.Orders) }; return true;
            case "rate":
                // What is left out is wrong by its value.
                _rule = _rule with { Rate = new(0, 0) };
                ReadObject(ref reader, "/rate", ReadRate);
                return true;
            default: return false;
        }
    }

    private bool ReadRate(ref Utf8JsonReader reader, string name)
    {
        var rate = _rule.Rate!;
        switch (name)
        {
            case "limit": rate = rate with { Limit = Integer(ref reader, "/rate/limit") ?? 0 }; break;
            case "burst": rate = rate with { Burst = Integer(ref reader, "/rate/burst") ?? 0 }; break;
            case "per": rate = rate with { Per = Seconds(ref reader, "/rate/per") }; break;
            case "on" when !isOfQueue: rate = rate with { Rejects = Choice(ref reader, "/rate/on", KeyWords.RateOn) == 1 }; break;
            default: return false;
        }

        _rule = _rule with { Rate = rate };
        return true;
    }

    private int? Integer(ref Utf8JsonReader reader, string pointer)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value)) return value;
        Wrong(pointer, reader.TokenType == JsonTokenType.Number ? "It must be an integer within 32 bits." : "It must be an integer.");
        reader.Skip();
        return null;
    }

    private long Seconds(ref Utf8JsonReader reader, string pointer)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var seconds) && Math.Abs(seconds * 1000) <= MaxMilliseconds) return (long)Math.Ceiling(seconds * 1000);
        Wrong(pointer, reader.TokenType == JsonTokenType.Number ? "The number is out of range." : "It must be a number of seconds.");
        reader.Skip();
        return 0;
    }

    private int Choice(ref Utf8JsonReader reader, string pointer, string[] words)
    {
        var index = reader.TokenType == JsonTokenType.String ? Array.IndexOf(words, reader.GetString()) : -1;
        if (index >= 0) return index;
        Wrong(pointer, words.Length == 2 ? $"It must be {words[0]} or {words[1]}." : $"It must be {string.Join(", ", words[..^1])} or {words[^1]}.");
        reader.Skip();
        return 0;
    }

    private void Wrong(string pointer, string detail)
    {
        if (_errors.Count < Problem.MaxErrors) _errors.Add(new(pointer, detail));
    }
}
