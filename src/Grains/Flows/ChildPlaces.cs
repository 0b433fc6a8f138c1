using System.Buffers.Binary;

namespace OrleansJobs.Flows;

/// <summary>In which partitions children of a group are that have keys, from one place in the group on: two bytes for each, and nothing is said by none.</summary>
internal sealed class ChildPlaces(int first)
{
    private const int Size = 2;

    private readonly List<ushort> _places = [];

    public int First { get; } = first;

    /// <param name="partition">Null: where its place in the group puts it.</param>
    public void Set(int index, int? partition)
    {
        while (_places.Count <= index - First) _places.Add(0);
        _places[index - First] = (ushort)(partition + 1 ?? 0);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Size * _places.Count];
        for (var i = 0; i < _places.Count; i++) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(Size * i), _places[i]);
        return bytes;
    }

    /// <summary>The partition of a child as an event says it; null: it says nothing of this child, or that it is where its place in the group puts it.</summary>
    public static int? Of(FlowEvent told, int index)
    {
        var at = Size * (index - told.Index);
        if (at < 0 || told.Value is not { } bytes || at + Size > bytes.Length) return null;
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at)) is > 0 and var place ? place - 1 : null;
    }
}
