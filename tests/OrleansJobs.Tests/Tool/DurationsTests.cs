using OrleansJobs.Tool.Commands;

namespace OrleansJobs.Tests.Tool;

public class DurationsTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("90", 90)]
    [InlineData("1.5", 1.5)]
    [InlineData("250ms", 0.25)]
    [InlineData("2h30m", 9000)]
    [InlineData("1d1h1m1.5s", 90061.5)]
    public void Parse_ReadsWhatPeopleType(string text, double seconds)
    {
        Assert.True(Durations.TryParse(text, out var parsed));
        Assert.Equal(seconds, parsed, 9);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("5 m")]
    [InlineData("m5")]
    [InlineData("1w")]
    [InlineData("1,5")]
    [InlineData("1e3")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    public void Parse_RefusesTheRest(string text) => Assert.False(Durations.TryParse(text, out _));
}
