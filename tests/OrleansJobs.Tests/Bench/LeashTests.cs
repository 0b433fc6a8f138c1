using System.Diagnostics;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Tests.Bench;

/// <summary>Servers of the bench end with it.</summary>
public sealed class LeashTests
{
    [Theory]
    [InlineData("KILL")]
    [InlineData("TERM")]
    public async Task Dispose_EndsTheServerAndWhatItStarted_AndTakesItsFolder(string signal)
    {
        var folder = Leash.NewFolder("test");
        var leash = await Leash.StartAsync(folder, new ProcessStartInfo("sh") { ArgumentList = { "-c", "sleep 1000 & echo $! >child; wait" } }, signal);
        await leash.WaitUntilAsync(() => Task.FromResult(File.Exists(Path.Combine(folder, "child")) && new FileInfo(Path.Combine(folder, "child")).Length > 0));
        var child = int.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "child")));
        Assert.True(ProcessFacts.IsAlive(leash.ServerId));
        Assert.True(ProcessFacts.IsAlive(child));

        await leash.DisposeAsync();

        Assert.False(ProcessFacts.IsAlive(leash.ServerId));
        Assert.False(ProcessFacts.IsAlive(child));
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task WaitUntil_OfAServerThatHasEnded_SaysWhatItSaidLast()
    {
        await using var leash = await Leash.StartAsync(Leash.NewFolder("test"), new ProcessStartInfo("sh") { ArgumentList = { "-c", "echo no such port >&2; exit 3" } });

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => leash.WaitUntilAsync(() => Task.FromResult(false)));

        Assert.Contains("no such port", exception.Message);
    }
}
