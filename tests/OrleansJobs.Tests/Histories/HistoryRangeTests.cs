namespace OrleansJobs.Tests.Histories;

public class HistoryRangeTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 31, 12, 34, 56, TimeSpan.Zero);

    [Fact]
    public void WithoutBounds_ItIsAllThatIsKept()
    {
        var minutes = Of(new());
        Assert.Equal(HistoryRange.Minutes, minutes.Count);
        Assert.Equal(new DateTimeOffset(2030, 1, 31, 12, 34, 0, TimeSpan.Zero), minutes.StartOf(minutes.Last));
        Assert.Equal(HistoryRange.Hours, Of(new() { Step = HistoryStep.Hour }).Count);
    }

    [Fact]
    public void Bounds_AreWidenedToSteps()
    {
        var range = Of(new() { From = Now.AddMinutes(-10), To = Now.AddMinutes(-5) });
        Assert.Equal(6, range.Count);
        // Up to the full minute is without the one that begins then.
        Assert.Equal(1, Of(new() { From = Now.AddSeconds(-56 - 60), To = Now.AddSeconds(-56) }).Count);
        Assert.Equal(2, Of(new() { From = Now.AddSeconds(-56 - 60), To = Now.AddSeconds(-55) }).Count);
    }

    [Fact]
    public void AsLongAsIsKept_CanBeAskedFor_WhateverSecondItIs()
    {
        Assert.Equal(HistoryRange.Minutes, Of(new() { From = Now.AddHours(-2), To = Now }).Count);
        Assert.Equal(HistoryRange.Minutes, Of(new() { From = Now.AddHours(-2) }).Count);
        Assert.Equal(HistoryRange.Hours, Of(new() { From = Now.AddDays(-30), Step = HistoryStep.Hour }).Count);
    }

    [Fact]
    public void WhatIsToCome_IsLeftOut() => Assert.Equal(new DateTimeOffset(2030, 1, 31, 12, 34, 0, TimeSpan.Zero), Of(new() { To = DateTimeOffset.MaxValue }) is var range ? range.StartOf(range.Last) : default);

    [Theory]
    [InlineData("2030-01-31T12:00:00Z", "2030-01-31T11:00:00Z", "from")]
    [InlineData("2030-01-31T10:00:00Z", "2030-01-31T12:30:00Z", "from")]
    [InlineData("2031-01-31T10:00:00Z", null, "from")]
    [InlineData("0001-01-01T00:00:00Z", null, "from")]
    [InlineData("2030-01-31T12:00:00Z", "2030-01-31T12:00:00Z", "from")]
    [InlineData(null, "0001-01-01T00:00:00Z", "to")]
    public void WhatCannotBe_IsNamed(string? from, string? to, string parameter)
    {
        HistoryRange.Of(new() { From = Parse(from), To = Parse(to) }, Now, out var wrong);
        Assert.Equal(parameter, wrong?.Parameter);
    }

    private static DateTimeOffset? Parse(string? text) => text is null ? null : DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static HistoryRange Of(HistoryQuery query)
    {
        var range = HistoryRange.Of(query, Now, out var wrong);
        Assert.Null(wrong);
        return range;
    }
}
