using System.ComponentModel;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class JobRegistrationTests
{
    private static readonly JobGridOptions Grid = new();

    [Fact]
    public void Build_WhenANameIsTaken_NamesItAndBothHandlers()
    {
        var builder = new JobGridBuilder().AddJob<Resize>().AddJob("resize", (int args, JobContext job, CancellationToken ct) => Task.FromResult(args));
        var error = Assert.Throws<JobRegistrationException>(() => builder.Build(Grid));
        Assert.Contains("'resize' is registered 2 times", error.Message);
        Assert.Contains(typeof(Resize).FullName!, error.Message);
        Assert.Contains(typeof(JobRegistrationTests).FullName!, error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("ümlaut")]
    public void AddJob_WhenTheNameIsInvalid_SaysWhatANameIs(string name)
    {
        var error = Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddJob(name, (int args, JobContext job, CancellationToken ct) => Task.CompletedTask));
        Assert.Contains($"'{name}'", error.Message);
        Assert.Contains("1 to 64", error.Message);
    }

    [Fact]
    public void AddJob_WhenTheClassHasNoName_SaysSoAndNamesIt()
    {
        var error = Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddJob<Nameless>());
        Assert.Contains(typeof(Nameless).FullName!, error.Message);
        Assert.Contains("[Job(\"name\")]", error.Message);
    }

    [Fact]
    public void AddJob_WhenTheClassHasTwoContracts_NamesThem()
    {
        var error = Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddJob<TwoContracts>());
        Assert.Contains("IJob<Int32>", error.Message);
        Assert.Contains("IJob<Int32, String>", error.Message);
    }

    [Fact]
    public void AddJob_WhenTheClassHasNoContract_SaysSo() =>
        Assert.Contains("implements none", Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddJob<NoContract>()).Message);

    [Fact]
    public void AddJob_WhenTheNameIsOnTheContractInterface_TakesIt() =>
        Assert.Equal(["contract"], new JobGridBuilder().AddJob<Implementation>().Build(Grid).Types);

    [Fact]
    public void AddJobsFrom_FindsWhatCarriesAName()
    {
        var assembly = new FakeAssembly(typeof(Resize), typeof(Implementation), typeof(Nameless), typeof(string));
        Assert.Equal(["contract", "resize"], new JobGridBuilder().AddJobsFrom(assembly).Build(Grid).Types);
    }

    [Fact]
    public void Build_TakesWhatTheAttributeSays_UnlessTheRegistrationSaysOtherwise()
    {
        var attribute = Entry(new JobGridBuilder().AddJob<Resize>(), "resize").Options;
        Assert.Equal("images", attribute.Queue);
        Assert.Equal(Grid.Retry with { Attempts = 7 }, attribute.Retry);
        Assert.Equal(TimeSpan.FromSeconds(1.5), attribute.Timeout);
        Assert.Equal(TimeSpan.FromMinutes(5), attribute.StalledAfter);
        Assert.Equal("Makes it small", attribute.Description);

        var registration = Entry(new JobGridBuilder().AddJob<Resize>(options => { options.Queue = "slow"; options.Retry = new() { Attempts = 2 }; }), "resize").Options;
        Assert.Equal("slow", registration.Queue);
        Assert.Equal(2, registration.Retry.Attempts);
    }

    public static TheoryData<string, Action<JobRegistrationOptions>> WrongOptions => new()
    {
        { "Queue", options => options.Queue = "a/b" },
        { "Timeout", options => options.Timeout = TimeSpan.Zero },
        { "Timeout", options => options.Timeout = Grid.Limits.MaxTimeout + TimeSpan.FromSeconds(1) },
        { "StalledAfter", options => options.StalledAfter = TimeSpan.Zero },
        { "StalledAfter", options => options.StalledAfter = TimeSpan.FromSeconds(-1) },
        { "StalledAfter", options => options.StalledAfter = Grid.Limits.MaxTimeout + TimeSpan.FromSeconds(1) },
        { "HardTimeout", options => { options.Timeout = TimeSpan.FromSeconds(2); options.HardTimeout = TimeSpan.FromSeconds(1); } },
        { "Attempts", options => options.Attempts = 0 },
        { "Retry.Attempts", options => options.Retry = new() { Attempts = 0 } },
        { "Retry.Attempts", options => options.Retry = new() { Attempts = Grid.Limits.MaxAttempts + 1 } },
        { "Retry.FirstDelay", options => options.Retry = new() { FirstDelay = TimeSpan.FromSeconds(-1) } },
        { "Retry.Ceiling", options => options.Retry = new() { Ceiling = TimeSpan.MaxValue } },
        { "Retry.Factor", options => options.Retry = new() { Factor = double.NaN } },
        { "Retry.Jitter", options => options.Retry = new() { Jitter = 1.1 } },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public void Build_WhenAnOptionIsOutOfBounds_NamesTheJobAndTheOption(string option, Action<JobRegistrationOptions> configure)
    {
        var builder = new JobGridBuilder().AddJob("work", (int args, JobContext job, CancellationToken ct) => Task.CompletedTask, configure);
        Assert.Contains($"Job 'work' (a function of {typeof(JobRegistrationTests).FullName}): {option} must", Assert.Throws<JobRegistrationException>(() => builder.Build(Grid)).Message);
    }

    [Fact]
    public void Final_CountsDerivedExceptionsToo()
    {
        var options = Entry(new JobGridBuilder().AddJob("work", (int args, JobContext job, CancellationToken ct) => Task.CompletedTask, o => o.Final<ArgumentException>()), "work").Options;
        Assert.True(options.IsFinal(new ArgumentNullException()));
        Assert.False(options.IsFinal(new InvalidOperationException()));
    }

    [Fact]
    public void Describe_GivesTheSchemasThatTheSerializerKeepsTo()
    {
        var info = Entry(new JobGridBuilder().AddJob<Resize>(), "resize").Info;
        var args = JsonNode.Parse(info.ArgsSchema)!;
        Assert.Equal("object", (string?)args["type"]);
        Assert.Equal("In pixels", (string?)args["properties"]!["width"]!["description"]);
        Assert.Equal(100, (int?)args["properties"]!["width"]!["default"]);
        Assert.Equal("string", (string?)JsonNode.Parse(info.ResultSchema)!["type"]);
    }

    [Fact]
    public void Describe_WhenThereIsNoResult_SaysNull() =>
        Assert.Equal("""{"type":"null"}""", Entry(new JobGridBuilder().AddJob("work", (int args, JobContext job, CancellationToken ct) => Task.CompletedTask), "work").Info.ResultSchema);

    [Fact]
    public void ReadArgs_WhenNothingIsGiven_LeavesAllAtTheirDefaults() =>
        Assert.Equal(new Size(100), Entry(new JobGridBuilder().AddJob<Resize>(), "resize").ReadArgs("null"u8));

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"width\":\"wide\"}")]
    [InlineData("{\"width\":1")]
    [InlineData("{\"width\":1} x")]
    public void ReadArgs_WhenTheyDoNotFit_Throws(string json) =>
        Assert.Throws<JsonException>(() => Entry(new JobGridBuilder().AddJob<Resize>(), "resize").ReadArgs(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void ReadArgs_WhenARequiredMemberIsMissing_Throws()
    {
        var entry = Entry(new JobGridBuilder().AddJob("work", (Demanding args, JobContext job, CancellationToken ct) => Task.CompletedTask), "work");
        Assert.Throws<JsonException>(() => entry.ReadArgs("null"u8));
        Assert.Throws<JsonException>(() => entry.ReadArgs("{}"u8));
    }

    private static HandlerEntry Entry(JobGridBuilder builder, string name) =>
        builder.Build(Grid).TryGet(name, out var entry) ? entry : throw new InvalidOperationException($"no {name}");

    public sealed record Size([property: Description("In pixels")] int Width = 100);

    public sealed record Demanding
    {
        public required string Name { get; init; }
    }

    [Job("resize", Queue = "images", Attempts = 7, TimeoutSeconds = 1.5, StalledAfterSeconds = 300, Description = "Makes it small")]
    public sealed class Resize : IJob<Size, string>
    {
        public Task<string> RunAsync(Size args, JobContext job, CancellationToken cancellation) => Task.FromResult("done");
    }

    public sealed class Nameless : IJob<int>
    {
        public Task RunAsync(int args, JobContext job, CancellationToken cancellation) => Task.CompletedTask;
    }

    [Job("two")]
    public sealed class TwoContracts : IJob<int>, IJob<int, string>
    {
        public Task RunAsync(int args, JobContext job, CancellationToken cancellation) => Task.CompletedTask;

        Task<string> IJob<int, string>.RunAsync(int args, JobContext job, CancellationToken cancellation) => Task.FromResult("");
    }

    [Job("none")]
    public sealed class NoContract;

    [Job("contract")]
    public interface IContract : IJob<int>;

    public sealed class Implementation : IContract
    {
        public Task RunAsync(int args, JobContext job, CancellationToken cancellation) => Task.CompletedTask;
    }

    private sealed class FakeAssembly(params Type[] types) : Assembly
    {
        public override Type[] GetTypes() => types;
    }
}
