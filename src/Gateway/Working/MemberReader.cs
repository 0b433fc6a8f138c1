using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Working;

/// <summary>Reads the members of a body one by one, and notes each mistake with its pointer.</summary>
internal sealed class MemberReader
{
    private readonly List<ProblemError> _errors = [];

    public bool HasErrors => _errors.Count > 0;

    /// <summary>Reads a whole body, which is an object.</summary>
    /// <exception cref="ProblemException">It is not JSON, or something in it is wrong.</exception>
    /// <param name="levels">Within which a value may stand that is as deep as values may be.</param>
    public static T Read<T>(ReadOnlyMemory<byte> body, string what, Func<MemberReader, JsonElement, T> read, int levels = 2)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = JobJson.MaxDepth + StrictJson.EnvelopeDepth + levels });
            var reader = new MemberReader();
            var root = document.RootElement;
            T value = default!;
            if (root.ValueKind is JsonValueKind.Object) value = read(reader, root);
            else reader.Wrong("", $"{what} is a JSON object.");
            if (reader.HasErrors) throw new ProblemException(Problem.OfMembers(ProblemTypes.InvalidMember, reader._errors));
            return value;
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    public void Wrong(string pointer, string detail)
    {
        if (_errors.Count < Problem.MaxErrors) _errors.Add(new(pointer, detail));
    }

    /// <summary>Hands each member to <paramref name="read"/>, which says whether there is such a one.</summary>
    public void Object(JsonElement element, string pointer, string what, Func<string, JsonElement, string, bool> read)
    {
        if (element.ValueKind is not JsonValueKind.Object)
        {
            Wrong(pointer, $"{what} is an object.");
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            var at = pointer + StrictJson.Segment(member.Name);
            if (!seen.Add(member.Name)) Wrong(at, "It is given twice.");
            else if (!read(member.Name, member.Value, at)) Wrong(at, "There is no such member.");
        }
    }

    public T[] Array<T>(JsonElement element, string pointer, int most, Func<JsonElement, string, T> read)
    {
        if (element.ValueKind is not JsonValueKind.Array)
        {
            Wrong(pointer, "It must be an array.");
            return [];
        }

        if (element.GetArrayLength() > most)
        {
            Wrong(pointer, $"It may have at most {most} elements.");
            return [];
        }

        var items = new T[element.GetArrayLength()];
        var i = 0;
        foreach (var item in element.EnumerateArray())
        {
            items[i] = read(item, $"{pointer}/{i.ToString(CultureInfo.InvariantCulture)}");
            i++;
        }

        return items;
    }

    public string? Text(JsonElement element, string pointer, int longest)
    {
        if (element.ValueKind is not JsonValueKind.String) Wrong(pointer, "It must be a string.");
        else if (element.GetString() is { } text && text.Length <= longest) return text;
        else Wrong(pointer, $"It may have at most {longest} characters.");
        return null;
    }

    public string? Name(JsonElement element, string pointer)
    {
        if (element.ValueKind is JsonValueKind.String && SubmissionRules.IsName(element.GetString())) return element.GetString();
        Wrong(pointer, $"It must be a string of 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");
        return null;
    }

    public string? Id(JsonElement element, string pointer)
    {
        if (element.ValueKind is JsonValueKind.String && JobIds.IsValid(element.GetString())) return element.GetString();
        Wrong(pointer, "It must be the id of a job, as a string.");
        return null;
    }

    public long? Token(JsonElement element, string pointer)
    {
        if (element.ValueKind is JsonValueKind.String && long.TryParse(element.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var token) && token > 0) return token;
        Wrong(pointer, "It must be the token of a lease: a string of digits, as it came.");
        return null;
    }

    public long? Integer(JsonElement element, string pointer, long least, long most)
    {
        if (element.ValueKind is JsonValueKind.Number && element.TryGetInt64(out var value) && value >= least && value <= most) return value;
        Wrong(pointer, $"It must be an integer from {least} to {most}.");
        return null;
    }

    public TimeSpan? Seconds(JsonElement element, string pointer, TimeSpan most, bool orZero = true)
    {
        if (element.ValueKind is JsonValueKind.Number && element.TryGetDouble(out var seconds) && seconds <= most.TotalSeconds && (orZero ? seconds >= 0 : seconds > 0))
            return TimeSpan.FromMilliseconds(Math.Ceiling(seconds * 1000));
        Wrong(pointer, $"It must be a number of seconds, {(orZero ? "0" : "more than 0")} to {most.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)}.");
        return null;
    }

    public bool Flag(JsonElement element, string pointer)
    {
        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False) return element.GetBoolean();
        Wrong(pointer, "It must be true or false.");
        return false;
    }

    /// <summary>A value as it was sent.</summary>
    public byte[] Raw(JsonElement element, string pointer, int most)
    {
        var raw = JsonMarshal.GetRawUtf8Value(element);
        if (raw.Length <= most) return raw.ToArray();
        Wrong(pointer, $"It has {raw.Length} bytes as JSON; at most {most} are taken.");
        return [];
    }
}
