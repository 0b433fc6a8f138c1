using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;

namespace OrleansJobs.Schedules;

/// <summary>Once a silo runs, tells all partitions which schedules the code of its application declares, and tells those again that have not answered.</summary>
internal sealed partial class ScheduleDeclarer(
    IGrainFactory grains, DeclaredSchedules declared, IOptions<JobGridOptions> options, TimeProvider time, ILogger<ScheduleDeclarer> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(30);
    private readonly ILogger _logger = logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task _declaring = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe<ScheduleDeclarer>(ServiceLifecycleStage.Active + 1, Start, async _ =>
    {
        await _stopping.CancelAsync();
        await _declaring;
    });

    /// <summary>Nothing else waits for it: jobs run meanwhile, and so do the schedules that are there.</summary>
    private Task Start(CancellationToken cancellation)
    {
        _declaring = Task.Run(DeclareAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task DeclareAsync()
    {
        var partitions = options.Value.Partitions;
        var schedules = declared.All.ToLookup(schedule => JobIds.PartitionOf(schedule.Id, partitions));
        var left = Enumerable.Range(0, partitions).ToList();
        var said = new HashSet<string>(StringComparer.Ordinal);
        var (changed, removed, kept) = (0, 0, 0);
        for (var delay = FirstRetry; !_stopping.IsCancellationRequested; delay = delay * 2 < LastRetry ? delay * 2 : LastRetry)
        {
            var answers = await Task.WhenAll(left.Select(partition => TryAsync(partition, [.. schedules[partition]])));
            left = [.. left.Where((_, i) => answers[i] is null or { IsToBeRepeated: true })];
            var heard = answers.OfType<DeclarationAnswer>().ToList();
            (changed, removed, kept) = (changed + heard.Sum(answer => answer.Changed), removed + heard.Sum(answer => answer.Removed), kept + heard.Sum(answer => answer.Kept));
            foreach (var refusal in heard.SelectMany(answer => answer.Refused).Where(said.Add)) LogRefused(refusal);
            if (heard.Find(answer => answer.SupersededBy is not null) is { } superseded)
            {
                LogSuperseded(declared.Application, declared.Release, superseded.SupersededBy!);
                return;
            }

            if (left.Count == 0)
            {
                if (kept > 0) LogKept(declared.Application, kept);
                if (changed + removed > 0) LogDeclared(declared.Application, declared.Release, changed, removed);
                return;
            }

            await Task.Delay(delay, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>Null: to be asked again.</returns>
    private async Task<DeclarationAnswer?> TryAsync(int partition, DeclaredSchedule[] schedules)
    {
        try
        {
            return await grains.GetGrain<IPartitionSchedules>(partition).DeclareSchedules(new(declared.Application, declared.Release, declared.All.Length > 0, schedules));
        }
        catch (Exception exception)
        {
            if (!_stopping.IsCancellationRequested) LogWaiting(exception, partition);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Information, "Schedules of {Application} {Release}: {Changed} made or changed, {Removed} removed")]
    private partial void LogDeclared(string application, string release, int changed, int removed);

    [LoggerMessage(LogLevel.Information, "The schedules of {Application} stay as the release {Newer} declares them; this silo is {Release}")]
    private partial void LogSuperseded(string application, string release, string newer);

    [LoggerMessage(LogLevel.Warning, "This silo declares no schedules, and {Kept} of {Application} stay: remove those that nobody declares any more with DELETE /schedules/ID?application=NAME")]
    private partial void LogKept(string application, int kept);

    [LoggerMessage(LogLevel.Error, "A schedule that the code declares is not kept: {Reason}")]
    private partial void LogRefused(string reason);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition} has not taken the schedules that the code declares; it is told again")]
    private partial void LogWaiting(Exception exception, int partition);
}
