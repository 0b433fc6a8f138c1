using System.Net;
using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

/// <summary>An action is a job, and has its bounds.</summary>
public class ActLimitTests
{
    [Fact]
    public async Task MoreIdsThanArgumentsHaveRoomFor_AreRefusedByTheName_ThatTheyWereGivenUnder()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Grid.Limits = new() { MaxArgsBytes = 1000 };
        using var answer = await host.Http.PostJsonAsync("/jobs:act", JsonSerializer.Serialize(new { action = "cancel", ids = Enumerable.Range(1000, 200).Select(i => $"{i}") }));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "/ids"), (answer.StatusCode, (await answer.JsonAsync()).GetProperty("errors")[0].Text("pointer")));
    }
}
