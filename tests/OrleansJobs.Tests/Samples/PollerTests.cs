using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;

namespace OrleansJobs.Tests.Samples;

/// <summary>The pollers in other languages, against a real gateway.</summary>
public sealed class PollerTests(GridHost grid) : IClassFixture<GridHost>
{
    public static TheoryData<string, string> Pollers => new() { { "python3", "poll.py" }, { "node", "poll.mjs" } };

    [Theory]
    [MemberData(nameof(Pollers))]
    public async Task Poller_FollowsAJobToItsResult(string program, string script)
    {
        var output = await RunAsync(program, script, 0, "longtask", """{"steps":4,"stepMs":400}""");
        Assert.Matches(@"(?m)^42$", output);
        Assert.Matches(@"(?m)^ +\d+%  \S", output);
    }

    [Theory]
    [MemberData(nameof(Pollers))]
    public async Task Poller_SaysWhyAJobFailed(string program, string script) =>
        Assert.Contains("FAILURE: steps is 1 to 10000; it is 0.", await RunAsync(program, script, 1, "longtask", """{"steps":0}"""), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Pollers))]
    public async Task Poller_SaysWhyItWasRefused(string program, string script) =>
        Assert.Contains("unknown-type", await RunAsync(program, script, 6, "no-such-type"), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Pollers))]
    public async Task Poller_RefusesAWrongCommandLine(string program, string script)
    {
        await RunAsync(program, script, 2);
        await RunAsync(program, script, 2, "longtask", "{");
    }

    private Task<string> RunAsync(string program, string script, int exitCode, params string[] arguments) => Command.RunAsync(
        Repository.Root, program, new() { ["ORLEANSJOBS_URL"] = grid.Address.ToString().TrimEnd('/') }, exitCode, [Repository.PathOf($"samples/pollers/{script}"), .. arguments]);
}
