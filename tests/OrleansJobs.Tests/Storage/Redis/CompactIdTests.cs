using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage.Redis;

public class CompactIdTests
{
    [Theory]
    [InlineData("019ac8f0-1234-7abc-8def-0123456789ab", 17)]
    [InlineData("00000000-0000-0000-0000-000000000000", 17)]
    [InlineData("019AC8F0-1234-7abc-8def-0123456789ab", 36)]
    [InlineData("0x9ac8f0-1234-7abc-8def-0123456789ab", 36)]
    [InlineData("019ac8f0.1234-7abc-8def-0123456789ab", 36)]
    [InlineData("019ac8f012347abc8def0123456789ab", 32)]
    [InlineData("aaaaaaaaaaaaaaaaa", 17)]
    [InlineData("\u0001aaaaaaaaaaaaaaaa", 17)]
    [InlineData("ÿaaaaaaaaaaaaaaa", 17)]
    [InlineData("a", 1)]
    public void Encode_IsUndoneByDecode(string id, int length)
    {
        Memory<byte> buffer = new byte[CompactId.MaxCompactLength];
        byte[] value = CompactId.Encode(id, ref buffer)!;

        Assert.Equal(length, value.Length);
        Assert.Equal(id, CompactId.Decode(value));
    }

    [Fact]
    public void Encode_OfManyIntoOneBuffer_KeepsThemApart()
    {
        var ids = Enumerable.Range(0, 100).Select(_ => JobIds.New()).ToList();
        Memory<byte> buffer = new byte[100 * CompactId.MaxCompactLength];

        var values = ids.ConvertAll(id => CompactId.Encode(id, ref buffer));

        Assert.Equal(ids, values.ConvertAll(value => CompactId.Decode((byte[])value!)));
    }
}
