using OrleansJobs.Gateway.Grid;

namespace OrleansJobs.Tests.Gateway;

public class JobGridTests
{
    [Fact]
    public async Task Gateway_ThatHasNotMetASiloYet_IsUnavailableAndNotBroken()
    {
        var grid = new JobGrid(new Client.FakeGrid { IsMet = false }.Factory, TimeProvider.System);
        await Assert.ThrowsAsync<GridUnavailableException>(async () => await grid.InfoAsync());
        Assert.Throws<GridUnavailableException>(() => grid.Job("a"));
    }
}
