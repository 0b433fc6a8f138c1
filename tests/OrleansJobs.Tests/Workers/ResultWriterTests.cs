using System.Text;
using System.Text.Json;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class ResultWriterTests
{
    [Fact]
    public void Write_GivesTheJsonOfTheValue()
    {
        for (var i = 0; i < 3; i++) Assert.Equal("""{"name":"ü","items":[1,2]}""", Write(new { Name = "ü", Items = new[] { 1, 2 } }, 100).Replace("\\u00FC", "ü"));
    }

    [Fact]
    public void Write_UpToTheLimit_IsTaken_AndOneByteMoreIsNot()
    {
        Assert.Equal(1000, Write(new string('x', 998), 1000).Length);
        Assert.Throws<ResultTooLargeException>(() => Write(new string('x', 999), 1000));
    }

    [Fact]
    public void Write_StopsBeyondTheLimit_InsteadOfGoingThroughAll()
    {
        var taken = 0;
        IEnumerable<int> Endless()
        {
            while (true) yield return taken++;
        }

        Assert.Throws<ResultTooLargeException>(() => Write(Endless(), 10_000));
        Assert.InRange(taken, 1, 20_000);
    }

    [Fact]
    public void Write_OfManyMegabytes_DoesNotBuildThem()
    {
        var large = new byte[50 << 20];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ResultTooLargeException>(() => Write(large, 1 << 20));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 << 20);
    }

    [Fact]
    public void Write_AfterAFailure_IsWholeAgain()
    {
        Assert.Throws<ResultTooLargeException>(() => Write(Enumerable.Range(0, 10_000), 100));
        Assert.ThrowsAny<Exception>(() => Write(new Cycle(), 1000));
        Assert.Equal("[1]", Write(new[] { 1 }, 100));
    }

    [Fact]
    public void Write_WhileAnotherIsBeingWritten_MixesNothing()
    {
        var inner = "";
        Assert.Equal("[7]", Encoding.UTF8.GetString(ResultWriter.Write(0, (writer, _) =>
        {
            writer.WriteStartArray();
            inner = Write("inner", 100);
            writer.WriteNumberValue(7);
            writer.WriteEndArray();
        }, 100)));
        Assert.Equal("\"inner\"", inner);
    }

    private static string Write<T>(T value, int limit) =>
        Encoding.UTF8.GetString(ResultWriter.Write(value, (writer, state) => JsonSerializer.Serialize(writer, state, JobJson.Options), limit));

    private sealed class Cycle
    {
        public Cycle Self => this;
    }
}
