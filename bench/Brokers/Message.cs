using System.Buffers.Binary;

namespace OrleansJobs.Bench.Brokers;

/// <summary>What brokers carry here: a number, and padding up to a job's usual size.</summary>
internal static class Message
{
    /// <summary>About what a job that does nothing takes with its type and arguments.</summary>
    public const int UsualSize = 100;

    public static byte[] Create(int size) => new byte[Math.Max(sizeof(long), size)];

    public static void Number(Span<byte> message, long number) => BinaryPrimitives.WriteInt64LittleEndian(message, number);

    public static long NumberOf(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadInt64LittleEndian(message);
}
