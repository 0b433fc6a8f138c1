using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Working;

/// <summary>The body of <c>POST /work/jobs/{id}/children</c>.</summary>
internal sealed record ChildrenRequest(string Session, long Token, ChildRequest[] Children);

/// <summary>A child that is asked for.</summary>
/// <param name="Job">What a submit of it would say.</param>
/// <param name="Body">What <see cref="SubmitRequest.Args"/> points into.</param>
internal sealed record ChildRequest(string Name, int Weight, SubmitRequest Job, byte[] Body);

/// <summary>Reads it. All mistakes are named.</summary>
internal static class ChildrenReader
{
    private const int MaxWeight = 1_000_000;

    /// <summary>Within how many objects and arrays the arguments of a child stand.</summary>
    private const int Levels = 4;

    public static ChildrenRequest Read(ReadOnlyMemory<byte> body) => MemberReader.Read(body, "A call that starts children", static (read, root) =>
    {
        string? session = null;
        long? token = null;
        ChildRequest[]? children = null;
        read.Object(root, "", "A call that starts children", (name, value, at) =>
        {
            switch (name)
            {
                case "session": session = read.Text(value, at, WorkRequestReader.LongestSession); return true;
                case "token": token = read.Token(value, at); return true;
                case "children": children = read.Array(value, at, WorkLimits.MaxChildren, (item, place) => Child(read, item, place)); return true;
                default: return false;
            }
        });
        if (!read.HasErrors && session is null) read.Wrong("/session", "The session that holds the lease is to be named.");
        if (!read.HasErrors && token is null) read.Wrong("/token", "The token of the lease is to be given.");
        if (!read.HasErrors && children is not { Length: > 0 }) read.Wrong("/children", "At least one child is to be started.");
        return new ChildrenRequest(session!, token ?? 0, children ?? []);
    }, Levels);

    private static ChildRequest Child(MemberReader read, JsonElement element, string pointer)
    {
        string? name = null;
        long? weight = null;
        (SubmitRequest Request, byte[] Body)? job = null;
        read.Object(element, pointer, "A child", (member, value, at) =>
        {
            switch (member)
            {
                case "name": name = MemoryReader.Name(read, value, at, "A child's name"); return true;
                case "weight": weight = read.Integer(value, at, 0, MaxWeight); return true;
                case "job": job = Job(read, value, at); return true;
                default: return false;
            }
        });
        if (!read.HasErrors && name is null) read.Wrong(pointer + "/name", "A child has a name, by which its parent knows it.");
        if (!read.HasErrors && job is null) read.Wrong(pointer + "/job", "What is to be run is to be said, as in a submit.");
        return new ChildRequest(name ?? "", (int)(weight ?? 1), job?.Request ?? new SubmitRequest(), job?.Body ?? []);
    }

    private static (SubmitRequest Request, byte[] Body)? Job(MemberReader read, JsonElement element, string pointer)
    {
        var body = JsonMarshal.GetRawUtf8Value(element).ToArray();
        var reader = StrictJson.Reader(body, StrictJson.EnvelopeDepth);
        reader.Read();
        var request = SubmitRequestReader.Read(ref reader);
        if (element.ValueKind is JsonValueKind.Object)
        {
            // Its id follows from its parent and its name, its deadline is its parent's, its delay counts from its start, and nothing else decides whether it runs.
            foreach (var member in (string[])["id", "unique", "after", "onUnmet", "deadline", "expires", "eta"])
                if (element.TryGetProperty(member, out _)) request.Wrong("/" + member, "A child has none of its own.");
        }

        foreach (var error in request.Errors) read.Wrong(pointer + error.Pointer, error.Detail);
        return (request, body);
    }
}
