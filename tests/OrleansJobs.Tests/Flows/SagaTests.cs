using System.Text;
using System.Text.Json;
using OrleansJobs.Samples;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>The saga of the samples: parked again and again, it compensates when it fails, and at no other time.</summary>
public class SagaTests
{
    private readonly FlowTime _time = new();
    private readonly FlowWorld _world;
    private bool _isAnotherDay;

    public SagaTests() => _world = new FlowWorld(1, _time)
    {
        Ends = child => child.Type switch
        {
            "book" when JsonSerializer.Deserialize<BookArgs>(child.Args, JobJson.Options)! is var book => book.IsSoldOut && !_isAnotherDay
                ? (null, $"No {book.Part} is left.")
                : (JsonSerializer.SerializeToUtf8Bytes(book.Part + "-1"), null),
            _ => ("true"u8.ToArray(), null),
        },
    };

    [Fact]
    public async Task ASagaThatSucceeds_ParksForEachPart_AndCompensatesNothing()
    {
        using var saga = Saga();
        var ending = await saga.RunAsync("""{"to":"Rome"}""", park => park.Signals.Length == 0 ? _world.EndChild() : Signal("true"));
        Assert.Equal("""{"to":"Rome","bookings":["flight-1","hotel-1","car-1"]}""", Encoding.UTF8.GetString(ending.Result!));
        Assert.Equal(4, saga.Endings.Count(attempt => attempt.Kind is ReportKind.Parked));
        Assert.DoesNotContain(_world.Children, child => child.Job.Type == "give-back");
    }

    [Fact]
    public async Task ASagaThatFailsAfterThreeParks_GivesBackWhatItHas_InTurn()
    {
        using var saga = Saga();
        var ending = await saga.RunAsync("""{"to":"Rome","soldOut":"car"}""", _ =>
        {
            // Until the third part fails, nothing is given back, however often the flow was parked.
            var given = _world.Children.Count(child => child.Job.Type == "give-back");
            Assert.True(given == 0 || saga.Endings.Count(attempt => attempt.Kind is ReportKind.Parked) > 3);
            return _world.EndChild();
        });
        Assert.Equal((ReportKind.Failed, nameof(GiveUpException)), (ending.Kind, ending.Error?.Type));
        Assert.Contains("No car is left.", ending.Error!.Message);
        Assert.Equal(["flight", "hotel", "car", "give back hotel", "give back flight"], _world.Children.Select(child => child.Name));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("false")]
    public async Task ASagaWithoutTheWordItWaitsFor_GivesEverythingBack(string? word)
    {
        using var saga = Saga();
        var ending = await saga.RunAsync("""{"to":"Rome"}""", park => park.Signals.Length == 0 ? _world.EndChild() : word is not null && Signal(word));
        Assert.Equal(ReportKind.Failed, ending.Kind);
        Assert.Equal(["give back car", "give back hotel", "give back flight"], _world.Children.Skip(3).Select(child => child.Name));
    }

    [Fact]
    public async Task ASagaThatHasGivenBack_AndIsRetried_DoesNotGoOnAsIfItHadNot()
    {
        using var saga = Saga();
        const string Rome = """{"to":"Rome","soldOut":"car"}""";
        Assert.Equal(ReportKind.Failed, (await saga.RunAsync(Rome)).Kind);
        // By now the car can be had.
        _isAnotherDay = true;
        _world.Retry();
        var ending = await saga.RunAsync(Rome, park => park.Signals.Length == 0 ? _world.EndChild() : Signal("true"));
        Assert.Equal(ReportKind.Failed, ending.Kind);
        Assert.Contains("No car is left.", ending.Error!.Message);
        Assert.Equal(["flight", "hotel", "car", "give back hotel", "give back flight", "give back car"], _world.Children.Select(child => child.Name));
    }

    [Fact]
    public async Task ASagaThatIsDrainedOrCancelled_CompensatesNothing()
    {
        using var saga = Saga();
        foreach (var reason in (StopReason[])[StopReason.Drain, StopReason.Timeout, StopReason.Cancel])
        {
            var job = saga.Begin("""{"to":"Rome"}""", "trip");
            job.Stop(reason);
            await saga.EndAsync();
            _world.EndChild();
        }

        Assert.DoesNotContain(_world.Children, child => child.Job.Type == "give-back");
    }

    private bool Signal(string word)
    {
        _world.Signal("confirmed", word);
        return true;
    }

    private FlowHarness Saga() => new(grid => grid.AddFlow<TripFlow>().AddFlow("flow", (TripArgs args, FlowContext flow, CancellationToken cancellation) => new TripFlow().RunAsync(args, flow, cancellation)), _world, _time);
}
