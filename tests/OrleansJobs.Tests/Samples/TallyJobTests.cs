using OrleansJobs.Samples;

namespace OrleansJobs.Tests.Samples;

public class TallyJobTests
{
    [Fact]
    public async Task Run_CountsThemTogether_AndFailsThoseThatCannotBe()
    {
        BatchItem<TallyArgs, TallyResult>[] items = [.. new[] { 3, -1, 4 }.Select(points => new BatchItem<TallyArgs, TallyResult>(new("a", points), new SampleJobContext()))];
        await new TallyJob().RunAsync(items, CancellationToken.None);
        Assert.IsType<GiveUpException>(items[1].Failure);
        Assert.All([items[0], items[2]], item => Assert.Equal(new TallyResult(2, 7), item.Result));
        Assert.Null(items[0].Failure);
    }
}
