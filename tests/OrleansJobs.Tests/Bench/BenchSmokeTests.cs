using System.Diagnostics;
using System.Text.Json;
using OrleansJobs.Bench.Questions;

namespace OrleansJobs.Tests.Bench;

/// <summary>Every command of the bench, tiny, so that none of them rots.</summary>
public sealed class BenchSmokeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static TheoryData<string> Commands => [.. AllQuestions.List.Select(question => question.Name)];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_Smoke_EndsWithOneJsonObjectOfItsFigures(string command)
    {
        var (exitCode, output, errors) = await RunAsync(command, "--smoke");

        Assert.True(exitCode == 0, $"{output}\n{errors}");
        var json = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement;
        Assert.Equal(command, json.GetProperty("question").GetString());
        Assert.True(json.GetProperty("settings").GetProperty("smoke").GetBoolean());
        Assert.True(double.IsFinite(json.GetProperty("ours").GetDouble()));
        Assert.NotEmpty(json.GetProperty("figures").EnumerateObject());
    }

    /// <summary>The one peer that needs nothing but Redis; it goes the way of all brokers.</summary>
    [Fact]
    public async Task Command_AgainstABroker_TellsColdFromWarm_AndCountsItsMessages()
    {
        var (exitCode, output, errors) = await RunAsync("end-to-end", "--smoke", "--against", "streams", "--alone", "--warm", "--durability", "everysec");

        Assert.True(exitCode == 0, $"{output}\n{errors}");
        var json = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement;
        Assert.True(json.GetProperty("theirs").GetDouble() > 0);
        Assert.Equal("the log once a second", json.GetProperty("synced").GetProperty("theirs").GetString());
        Assert.Equal("everysec", json.GetProperty("settings").GetProperty("durability").GetString());
        var figures = json.GetProperty("figures").EnumerateObject().Select(figure => figure.Name).ToArray();
        Assert.Contains("batches, cold", figures);
        Assert.Contains("one at a time, 200 in flight, cold over warm", figures);
    }

    [Fact]
    public async Task Command_WithADurabilityThatThePeerHasNot_SaysWhichItHas()
    {
        var (exitCode, _, errors) = await RunAsync("drain", "--against", "rabbitmq-classic", "--durability", "always");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("rabbitmq-classic has no durability that compares with always", errors);
    }

    [Fact]
    public async Task Command_WithAnUnknownPeer_SaysWhichThereAre()
    {
        var (exitCode, _, errors) = await RunAsync("drain", "--against", "nobody");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("bullmq", errors);
    }

    [Fact]
    public async Task Command_WithPeersOfWhomOneIsUnknown_OrNamedTwice_SaysSo()
    {
        var (unknown, _, which) = await RunAsync("schedules", "--against", "celery,nobody");
        var (twice, _, why) = await RunAsync("schedules", "--against", "celery", "--against", "celery");

        Assert.NotEqual(0, unknown);
        Assert.Contains("no peer 'nobody' for this question, but: bullmq, celery", which);
        Assert.NotEqual(0, twice);
        Assert.Contains("'celery' is named twice", why);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, ArgumentList = { typeof(AllQuestions).Assembly.Location } };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await output, await errors);
    }
}
