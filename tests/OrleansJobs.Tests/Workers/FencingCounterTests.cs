using OrleansJobs.Letters;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>What is fenced by a number needs each of them once.</summary>
public class FencingCounterTests
{
    [Fact]
    public void Next_GrowsUpToTheLastNumberOfItsGeneration_AndThrowsBeyond()
    {
        var counter = new FencingCounter(7) { Given = FencingToken.MaxCounter - 2 };
        Assert.Equal(FencingToken.Make(7, FencingToken.MaxCounter - 1), counter.Next());
        var last = counter.Next();
        Assert.Equal((7, FencingToken.Make(8, 0) - 1), (FencingToken.GenerationOf(last), last));
        Assert.Throws<ArgumentOutOfRangeException>(() => counter.Next());
    }

    [Fact]
    public void APartition_IsToBeOpenedAnew_WhenItsLeasesOrItsLettersRunOut()
    {
        var driver = new CoreDriver(new() { Partitions = 2 });
        driver.Core.Letters.Numbers.Given = (FencingToken.MaxCounter / 2) - 1;
        Assert.False(driver.Core.IsExhausted);
        driver.Core.Letters.Send(1, LetterKind.Cancel, []);
        Assert.True(driver.Core.IsExhausted);

        driver.Commit();
        driver.Reopen();
        Assert.False(driver.Core.IsExhausted);
        driver.Core.Attempts.Tokens.Given = FencingToken.MaxCounter / 2;
        Assert.True(driver.Core.IsExhausted);
    }
}
