using System.Text;
using OrleansJobs.Bench.Brokers.Beanstalk;

namespace OrleansJobs.Tests.Bench;

/// <summary>What beanstalkd answers, as its protocol.txt has it.</summary>
public sealed class BeanstalkReplyTests
{
    [Theory]
    [InlineData("INSERTED 18446744073709551615\r\n", nameof(BeanstalkReplyKind.Inserted), 18446744073709551615UL, "")]
    [InlineData("RESERVED 7 5\r\na\r\nbc\r\n", nameof(BeanstalkReplyKind.Reserved), 7UL, "a\r\nbc")]
    [InlineData("RESERVED 7 0\r\n\r\n", nameof(BeanstalkReplyKind.Reserved), 7UL, "")]
    [InlineData("DELETED\r\n", nameof(BeanstalkReplyKind.Deleted), 0UL, "")]
    [InlineData("TIMED_OUT\r\n", nameof(BeanstalkReplyKind.TimedOut), 0UL, "")]
    [InlineData("OK 8\r\n---\na: 1\r\n", nameof(BeanstalkReplyKind.Ok), 0UL, "---\na: 1")]
    [InlineData("JOB_TOO_BIG\r\n", nameof(BeanstalkReplyKind.Other), 0UL, "JOB_TOO_BIG")]
    [InlineData("BURIED 7\r\n", nameof(BeanstalkReplyKind.Other), 0UL, "BURIED 7")]
    public void TryRead_ReadsItOnceAllOfItIsThere_AndNoByteOfTheNext(string text, string kind, ulong id, string body)
    {
        var bytes = Encoding.ASCII.GetBytes(text);

        for (var part = 0; part < bytes.Length; part++) Assert.False(BeanstalkReply.TryRead(bytes.AsSpan(0, part), out _), $"after {part} bytes");
        Assert.True(BeanstalkReply.TryRead([.. bytes, .. "DELETED\r\n"u8], out var reply));

        Assert.Equal(kind, reply.Kind.ToString());
        Assert.Equal(id, reply.Id);
        Assert.Equal(body, Encoding.ASCII.GetString(bytes, reply.BodyStart, reply.BodyLength));
        Assert.Equal(bytes.Length, reply.Length);
    }

    [Theory]
    [InlineData("INSERTED \r\n")]
    [InlineData("INSERTED x\r\n")]
    [InlineData("RESERVED 7\r\n")]
    [InlineData("OK -1\r\n")]
    [InlineData("RESERVED 7 18446744073709551615\r\n")]
    public void TryRead_OfSomebodyElse_IsRefused(string text) =>
        Assert.Throws<FormatException>(() => BeanstalkReply.TryRead(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void TryRead_OfALineWithoutEnd_DoesNotWaitForItForever() =>
        Assert.Throws<FormatException>(() => BeanstalkReply.TryRead(new byte[10_000], out _));

    [Fact]
    public void Statistic_IsTheNumberOfItsOwnLine()
    {
        const string Text = "---\ncurrent-jobs-ready: 12\ncurrent-jobs-reserved: 3\n";

        Assert.Equal(3, BeanstalkReply.Statistic(Text, "current-jobs-reserved"));
        Assert.Throws<FormatException>(() => BeanstalkReply.Statistic(Text, "jobs-ready"));
    }
}
