using System.Text.Json;
using OrleansJobs.Samples;

namespace OrleansJobs.Tests.Samples;

public class SumJobTests
{
    [Theory]
    [InlineData("[]", "0")]
    [InlineData("[42,42]", "84")]
    [InlineData("[1.5,1.5]", "3")]
    [InlineData("[0.1,0.2]", "0.3")]
    [InlineData("[-1,9007199254740993]", "9007199254740992")]
    public async Task Run_AddsExactly_AndWholeNumbersStayWhole(string values, string sum) => Assert.Equal(sum, await Run(values));

    [Fact]
    public async Task Run_BeyondWhatADecimalHolds_GivesUp() =>
        Assert.Contains("beyond", (await Assert.ThrowsAsync<GiveUpException>(() => Run($"[{decimal.MaxValue},{decimal.MaxValue}]"))).Message);

    [Fact]
    public async Task Run_WithTooManyValues_SaysHowManyMayBe() =>
        Assert.Contains("10000", (await Assert.ThrowsAsync<GiveUpException>(() => Run($"[{string.Join(',', Enumerable.Repeat(1, 10_001))}]"))).Message);

    private static async Task<string> Run(string values)
    {
        var args = JsonSerializer.Deserialize<SumArgs>($"{{\"values\":{values}}}", JobJson.Options)!;
        return JsonSerializer.Serialize(await new SumJob().RunAsync(args, new SampleJobContext(), default), JobJson.Options);
    }
}
