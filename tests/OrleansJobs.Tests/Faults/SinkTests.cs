using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Sinks;

namespace OrleansJobs.Tests.Faults;

public sealed class SinkTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sink").FullName;

    [Fact]
    public async Task MarkAsync_WhenItCompletes_IsInTheFile()
    {
        using var sink = new SinkWriter(Path.Combine(_directory, "s1#1.sink"), "s1#1");
        await Task.WhenAll(Enumerable.Range(1, 100).Select(token => sink.MarkAsync("a", 1, token, RunMarkKind.Started)));

        var marks = SinkFormat.ReadDirectory(_directory);

        Assert.Equal(Enumerable.Range(1, 100).Select(token => (long)token), marks.Select(mark => mark.Token).Order());
        Assert.All(marks, mark => Assert.Equal(("a", 1, RunMarkKind.Started, "s1#1"), (mark.Id, mark.Attempt, mark.Kind, mark.Silo)));
    }

    [Fact]
    public void ReadDirectory_WhenTheLastLineWasCutOff_LeavesItOut()
    {
        var whole = SinkFormat.Write(new RunMark("a", 1, 5, RunMarkKind.Returned, 10, "s1#1"));
        File.WriteAllText(Path.Combine(_directory, "s1#1.sink"), whole + whole[..^3]);

        Assert.Equal([new RunMark("a", 1, 5, RunMarkKind.Returned, 10, "s1#1")], SinkFormat.ReadDirectory(_directory));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
