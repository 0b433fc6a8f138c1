using System.Text.Json;

namespace OrleansJobs.Gateway.Working;

/// <summary>The body of <c>POST /work/jobs/{id}/memory</c>.</summary>
/// <param name="Step">What to remember; null: what is remembered is to be told.</param>
/// <param name="After">From where on it is.</param>
internal sealed record MemoryRequest(string Session, long Token, WorkStep? Step, long After);

/// <summary>Reads it. All mistakes are named.</summary>
internal static class MemoryReader
{
    private const int MaxName = 128;

    public static MemoryRequest Read(ReadOnlyMemory<byte> body, JobLimits limits) => MemberReader.Read(body, "A question for what is remembered", (read, root) =>
    {
        string? session = null;
        long? token = null, after = null;
        WorkStep? step = null;
        read.Object(root, "", "A question for what is remembered", (name, value, at) =>
        {
            switch (name)
            {
                case "session": session = read.Text(value, at, WorkRequestReader.LongestSession); return true;
                case "token": token = read.Token(value, at); return true;
                case "after": after = read.Integer(value, at, 0, WorkLimits.MaxSequence); return true;
                case "step": step = Step(read, value, at, limits); return true;
                default: return false;
            }
        });
        if (!read.HasErrors && session is null) read.Wrong("/session", "The session that holds the lease is to be named.");
        if (!read.HasErrors && token is null) read.Wrong("/token", "The token of the lease is to be given.");
        if (step is not null && after is not null) read.Wrong("/after", "Who has something remembered does not read on.");
        return new MemoryRequest(session!, token ?? 0, step, after ?? 0);
    });

    private static WorkStep Step(MemberReader read, JsonElement element, string pointer, JobLimits limits)
    {
        string? name = null;
        byte[]? value = null;
        read.Object(element, pointer, "A step", (member, said, at) =>
        {
            switch (member)
            {
                case "name": name = Name(read, said, at, "A step's name"); return true;
                case "value": value = read.Raw(said, at, limits.MaxResultBytes); return true;
                default: return false;
            }
        });
        if (!read.HasErrors && name is null) read.Wrong(pointer + "/name", "A step has a name.");
        if (!read.HasErrors && value is null) read.Wrong(pointer + "/value", "What the step came to is to be given.");
        return new WorkStep(name ?? "", value ?? []);
    }

    /// <param name="what">Whose name it is.</param>
    public static string? Name(MemberReader read, JsonElement element, string pointer, string what)
    {
        if (element.ValueKind is JsonValueKind.String && element.GetString() is { Length: > 0 and <= MaxName } name && name[0] != '$' && !name.AsSpan().ContainsAnyInRange('\0', '\u001f')) return name;
        read.Wrong(pointer, $"{what} is 1 to {MaxName} characters, none of them a control character, and does not begin with '$'.");
        return null;
    }
}
