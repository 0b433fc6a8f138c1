using OrleansJobs.Records;

namespace OrleansJobs.Tests.Storage;

public class RecordWriterTests
{
    /// <summary>Around the lengths at which their own length takes a byte more.</summary>
    [Theory]
    [InlineData(0), InlineData(1), InlineData(120), InlineData(121), InlineData(122), InlineData(123), InlineData(126), InlineData(127), InlineData(128), InlineData(129)]
    [InlineData(16_370), InlineData(16_381), InlineData(16_382), InlineData(16_383), InlineData(16_384), InlineData(2_097_150), InlineData(2_097_152), InlineData(3_000_000)]
    public void ARecordWithinARecord_IsWhatItWouldBeWrittenApart(int length)
    {
        var text = new string('x', length);
        var apart = new RecordWriter(16);
        Fill(ref apart);
        var inner = apart.ToArray();
        var outer = new RecordWriter(16);
        outer.Text(1, "before");
        outer.Bytes(2, inner);
        outer.Number(3, 7);

        var writer = new RecordWriter(16);
        writer.Text(1, "before");
        var start = writer.Open(2);
        Fill(ref writer);
        writer.Close(start);
        writer.Number(3, 7);
        Assert.Equal(outer.ToArray(), writer.ToArray());

        void Fill(ref RecordWriter record)
        {
            if (length > 200) record.Number(1, length);
            record.Text(2, text);
        }
    }

    [Fact]
    public void RecordsWithinRecords_AreClosedFromWithin()
    {
        var writer = new RecordWriter(16);
        var outer = writer.Open(1);
        writer.Text(1, new string('a', 100));
        var inner = writer.Open(2);
        writer.Text(1, new string('b', 150));
        writer.Close(inner);
        writer.Close(outer);

        var reader = new RecordReader(writer.ToArray());
        Assert.True(reader.Next());
        var within = new RecordReader(reader.Bytes);
        Assert.True(within.Next());
        Assert.Equal(new string('a', 100), within.Text);
        Assert.True(within.Next());
        var innermost = new RecordReader(within.Bytes);
        Assert.True(innermost.Next());
        Assert.Equal(new string('b', 150), innermost.Text);
        Assert.False(reader.Next());
    }
}
