using System.Net;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Where jobs are kept, and copies of it.</summary>
public sealed class StoreEndpointTests(GridHost grid) : IClassFixture<GridHost>
{
    [Fact]
    public async Task TheStore_IsNamed()
    {
        var store = await (await grid.Http.GetAsync("/store")).JsonAsync();
        Assert.Equal("memory", store.GetProperty("kind").GetString());
        Assert.Contains("memory of this process", store.GetProperty("where").GetString());
    }

    [Fact]
    public async Task ACopy_OfAStoreThatIsNoFile_IsRefused_AndSaysWhy()
    {
        using var answer = await grid.Http.PostAsync(new Uri("/store/backup", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        var problem = await answer.JsonAsync();
        Assert.Equal("urn:orleansjobs:problem:no-copy", problem.GetProperty("type").GetString());
        Assert.Contains("memory", problem.GetProperty("detail").GetString());
    }
}
