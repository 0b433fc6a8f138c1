using System.Buffers.Text;
using System.Text;

namespace OrleansJobs.Bench.Brokers.Beanstalk;

/// <summary>What beanstalkd answers, as far as it is asked here.</summary>
internal enum BeanstalkReplyKind
{
    Inserted,
    Reserved,
    Deleted,
    TimedOut,

    /// <summary>With a text behind it.</summary>
    Ok,

    /// <summary>Any other line.</summary>
    Other,
}

/// <param name="BodyStart">Where the body begins in what was parsed; of <see cref="BeanstalkReplyKind.Other"/> the line itself.</param>
/// <param name="Length">Bytes of it all, with its line ends.</param>
internal readonly record struct BeanstalkReply(BeanstalkReplyKind Kind, ulong Id, int BodyStart, int BodyLength, int Length)
{
    private const int LongestLine = 256;

    /// <summary>Reads the first reply of <paramref name="bytes"/>, if all of it is there.</summary>
    /// <exception cref="FormatException">This is nobody who speaks beanstalkd's protocol.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out BeanstalkReply reply)
    {
        reply = default;
        var end = bytes.IndexOf("\r\n"u8);
        if (end < 0)
        {
            if (bytes.Length > LongestLine) throw new FormatException("A reply has no end.");
            return false;
        }

        var line = bytes[..end];
        if (Parameters(line, "INSERTED "u8, out var rest)) return Simple(BeanstalkReplyKind.Inserted, ReadNumber(ref rest), out reply);
        if (line.SequenceEqual("DELETED"u8)) return Simple(BeanstalkReplyKind.Deleted, 0, out reply);
        if (line.SequenceEqual("TIMED_OUT"u8)) return Simple(BeanstalkReplyKind.TimedOut, 0, out reply);
        if (Parameters(line, "RESERVED "u8, out rest)) return WithBody(bytes, BeanstalkReplyKind.Reserved, ReadNumber(ref rest), ReadNumber(ref rest), out reply);
        if (Parameters(line, "OK "u8, out rest)) return WithBody(bytes, BeanstalkReplyKind.Ok, 0, ReadNumber(ref rest), out reply);
        reply = new(BeanstalkReplyKind.Other, 0, 0, end, end + 2);
        return true;

        bool Simple(BeanstalkReplyKind kind, ulong id, out BeanstalkReply read)
        {
            read = new(kind, id, 0, 0, end + 2);
            return true;
        }

        bool WithBody(ReadOnlySpan<byte> all, BeanstalkReplyKind kind, ulong id, ulong size, out BeanstalkReply read)
        {
            read = default;
            if (size > int.MaxValue / 2) throw new FormatException($"A body of {size} bytes is none.");
            var (start, length) = (end + 2, (int)size);
            if (all.Length < start + length + 2) return false;
            read = new(kind, id, start, length, start + length + 2);
            return true;
        }
    }

    /// <summary>The number of a line of the statistics.</summary>
    /// <exception cref="FormatException">There is no such line.</exception>
    public static long Statistic(string text, string name)
    {
        foreach (var line in text.Split('\n'))
            if (line.StartsWith($"{name}: ", StringComparison.Ordinal)) return long.Parse(line.AsSpan(name.Length + 2), System.Globalization.CultureInfo.InvariantCulture);
        throw new FormatException($"beanstalkd's statistics have no {name}.");
    }

    private static bool Parameters(ReadOnlySpan<byte> line, ReadOnlySpan<byte> word, out ReadOnlySpan<byte> rest)
    {
        rest = line.StartsWith(word) ? line[word.Length..] : default;
        return line.StartsWith(word);
    }

    private static ulong ReadNumber(ref ReadOnlySpan<byte> text)
    {
        if (!Utf8Parser.TryParse(text, out ulong number, out var read)) throw new FormatException($"'{Encoding.ASCII.GetString(text)}' is no number.");
        text = text[read..].TrimStart((byte)' ');
        return number;
    }
}
