using OrleansJobs.Failures;

namespace OrleansJobs.Tests.Failures;

/// <summary>What is kept of exceptions that were really thrown.</summary>
public class TraceReaderTests
{
    [Fact]
    public async Task TheHandlersFramesComeFirst_AndThePlaceNamesThemOnly()
    {
        var trace = TraceReader.Of(await ThrownAsync(() => ParseAsync("x")), "1.2", 4096)!;
        Assert.Equal(("1.2", "FormatException at TraceReaderTests.Parse < TraceReaderTests.ParseAsync < TraceReaderTests.ThrownAsync"), (trace.Release, trace.Place));
        var lines = trace.Text!.Split('\n');
        Assert.StartsWith("  at TraceReaderTests.Parse", lines[0], StringComparison.Ordinal);
        var libraries = Array.IndexOf(lines, "  in libraries:");
        Assert.True(libraries > 1, trace.Text);
        Assert.All(lines[..libraries], line => Assert.Contains("TraceReaderTests", line, StringComparison.Ordinal));
        Assert.DoesNotContain("MoveNext", trace.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("/", trace.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FailuresOfOnePlace_AreTheSame_WhateverTheySay()
    {
        var one = TraceReader.Of(await ThrownAsync(() => ParseAsync("x")), null, 4096)!;
        var other = TraceReader.Of(await ThrownAsync(() => ParseAsync("another")), null, 4096)!;
        var elsewhere = TraceReader.Of(await ThrownAsync(() => throw new FormatException("x")), null, 4096)!;
        Assert.Equal(one.Place, other.Place);
        Assert.NotEqual(one.Place, elsewhere.Place);
    }

    [Fact]
    public async Task Causes_AreTold()
    {
        var trace = TraceReader.Of(
            await ThrownAsync(async () =>
            {
                try
                {
                    await ParseAsync("x");
                }
                catch (FormatException exception)
                {
                    throw new InvalidDataException("The file is broken.", exception);
                }
            }),
            null, 4096)!;
        Assert.StartsWith("InvalidDataException at TraceReaderTests.", trace.Place, StringComparison.Ordinal);
        Assert.Contains("\ncaused by FormatException: ", trace.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItIsCut_AndMayBeNone()
    {
        var thrown = await ThrownAsync(() => ParseAsync("x"));
        Assert.Equal(100, TraceReader.Of(thrown, null, 100)!.Text!.Length);
        Assert.Null(TraceReader.Of(thrown, null, 0));
        var unthrown = TraceReader.Of(new InvalidDataException("never thrown"), null, 4096)!;
        Assert.Equal(("InvalidDataException", null), (unthrown.Place, unthrown.Text));
    }

    private static async Task ParseAsync(string text)
    {
        await Task.Yield();
        Parse(text);
    }

    private static void Parse(string text) => _ = int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<Exception> ThrownAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception exception)
        {
            return exception;
        }

        throw new InvalidOperationException("Nothing was thrown.");
    }
}
