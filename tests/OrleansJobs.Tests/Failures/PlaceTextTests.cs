using OrleansJobs.Failures;

namespace OrleansJobs.Tests.Failures;

/// <summary>Names of code without what changes from build to build.</summary>
public class PlaceTextTests
{
    [Theory]
    [InlineData("Shop.ImportJob", "Run", "ImportJob.Run")]
    [InlineData("Shop.ImportJob+<RunAsync>d__5", "MoveNext", "ImportJob.RunAsync")]
    [InlineData("Shop.ImportJob+<RunAsync>d__17", "MoveNext", "ImportJob.RunAsync")]
    [InlineData("Shop.ImportJob+<>c__DisplayClass3_0", "<RunAsync>b__1", "ImportJob.RunAsync")]
    [InlineData("Shop.ImportJob+<>c__DisplayClass3_0+<<RunAsync>b__1>d", "MoveNext", "ImportJob.RunAsync")]
    [InlineData("Shop.ImportJob", "<RunAsync>g__Load|5_0", "ImportJob.RunAsync.Load")]
    [InlineData("Shop.ImportJob+<<RunAsync>g__Load|5_0>d", "MoveNext", "ImportJob.RunAsync.Load")]
    [InlineData("Shop.Reader`1", "Read", "Reader.Read")]
    [InlineData("Shop.Outer+Inner", "Do", "Outer.Inner.Do")]
    [InlineData("ImportJob", ".ctor", "ImportJob..ctor")]
    [InlineData("", "Main", ".Main")]
    public void AMethod_IsCalledAsItIsWritten(string type, string method, string expected) => Assert.Equal(expected, PlaceText.NameOf(type, method));

    [Fact]
    public void APlace_IsTheTypeAndTheTopmostFrames()
    {
        Assert.Equal("IOException at A.B < C.D < E.F", PlaceText.Of("IOException", ["A.B", "C.D", "E.F", "G.H"]));
        Assert.Equal("IOException", PlaceText.Of("IOException", []));
        Assert.Equal(PlaceText.MaxLength, PlaceText.Of("IOException", [new string('x', 1000)]).Length);
    }

    [Fact]
    public async Task ALineOfAnyLength_TakesNoLongerThanAShortOne()
    {
        // By the square of its length it would take hours.
        var line = "at f" + new string(' ', 2_000_000) + "b";
        var place = await Task.Run(() => PlaceText.OfText("E", $"{line}\n{line}\nat g")).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.StartsWith("E at f", place, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("at resize (pictures.py:17)\nat main (app.py:3)", "at resize (pictures.py:99)\nat main (app.py:4)")]
    [InlineData("File \"a.py\", line 3, in f", "File \"a.py\", line 77, in f")]
    [InlineData("at Object.<anonymous> (/app/x.js:10:15)", "at Object.<anonymous> (/app/x.js:20:1)")]
    [InlineData("at f 0x7ffd12", "at f 0x7aad99")]
    public void ATraceAsText_IsAPlaceWithoutItsLineNumbers(string one, string other)
    {
        Assert.Equal(PlaceText.OfText("E", one), PlaceText.OfText("E", other));
        Assert.NotEqual(PlaceText.OfText("E", one), PlaceText.OfText("E", one.Replace("resize", "rotate").Replace("in f", "in g").Replace("Object", "Other").Replace("at f", "at g")));
        Assert.NotEqual("E", PlaceText.OfText("E", one));
    }

    [Fact]
    public void WhereNothingIsKnown_ThePlaceIsTheType()
    {
        Assert.Equal("error", PlaceText.OfText(null, null));
        Assert.Equal("E", PlaceText.OfText("E", "\n \n"));
    }
}
