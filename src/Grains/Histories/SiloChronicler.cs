using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;
using OrleansJobs.Membership;
using OrleansJobs.Schedules;

namespace OrleansJobs.Histories;

/// <summary>
/// One per silo. Says that its silo has joined, that it goes, and which others it has seen die: all that are left say so, since nobody knows who lives on, and who says it first is
/// heard. What has had no answer is said again.
/// </summary>
internal sealed partial class SiloChronicler(
    IGrainFactory grains, GridSilos silos, ILocalSiloDetails silo, IOptions<JobGridOptions> options, TimeProvider time, ILogger<SiloChronicler> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    /// <summary>Tries to say something; a silo that dies unheard is one event less.</summary>
    private const int Tries = 30;

    /// <summary>What one who goes waits to be heard.</summary>
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<SiloAddress, string> _alive = [];
    private Task _watching = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe<SiloChronicler>(ServiceLifecycleStage.Active, _ =>
    {
        _watching = Task.Run(WatchAsync, CancellationToken.None);
        return Task.CompletedTask;
    }, StopAsync);

    private IChronicleGrain Chronicle => grains.GetGrain<IChronicleGrain>(0);

    private async Task StopAsync(CancellationToken cancellation)
    {
        await _stopping.CancelAsync();
        await _watching;
        // One that is killed, as by a test, says nothing.
        if (cancellation.IsCancellationRequested) return;
        try
        {
            await Chronicle.Left(silo.SiloAddress.ToParsableString(), silo.Name).WaitAsync(LastWord, time, cancellation);
        }
        catch (Exception exception)
        {
            LogUnheard(exception, HistoryEvents.SiloLeft, silo.SiloAddress);
        }
    }

    private async Task WatchAsync()
    {
        var hasJoined = false;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await foreach (var view in silos.FollowAsync(_stopping.Token))
                {
                    if (!hasJoined && view.Active.Contains(silo.SiloAddress)) hasJoined = await SayAsync(HistoryEvents.SiloJoined, silo.SiloAddress, JoinedAsync);
                    await FollowAsync(view);
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                LogBroken(exception);
            }

            await Task.Delay(Retry, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(GridView view)
    {
        foreach (var dead in _alive.Keys.Where(known => view.Members.GetSiloStatus(known) == SiloStatus.Dead).ToList())
        {
            _alive.Remove(dead, out var name);
            await SayAsync(HistoryEvents.SiloLost, dead, () => Chronicle.Lost(dead.ToParsableString(), name!));
        }

        foreach (var active in view.Active) _alive[active] = view.Members.Members.TryGetValue(active, out var member) ? member.Name : "";
    }

    private Task JoinedAsync() => Chronicle.Joined(
        silo.SiloAddress.ToParsableString(), silo.Name, ApplicationNames.Application(options.Value), ApplicationNames.Release(options.Value));

    /// <returns>False where it was not heard.</returns>
    private async Task<bool> SayAsync(string what, SiloAddress about, Func<Task> say)
    {
        for (var left = Tries; left > 0 && !_stopping.IsCancellationRequested; left--)
        {
            try
            {
                await say().WaitAsync(_stopping.Token);
                return true;
            }
            catch (Exception exception)
            {
                if (left == 1 && !_stopping.IsCancellationRequested) LogUnheard(exception, what, about);
            }

            await Task.Delay(Retry, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return false;
    }

    [LoggerMessage(LogLevel.Information, "That {Silo} is {What} could not be kept in the grid's history")]
    private partial void LogUnheard(Exception exception, string what, SiloAddress silo);

    [LoggerMessage(LogLevel.Error, "Following the membership broke off; beginning anew")]
    private partial void LogBroken(Exception exception);
}
