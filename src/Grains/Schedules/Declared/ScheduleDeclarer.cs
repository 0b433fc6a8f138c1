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
    private readonly KnownTypes _types = new(new GridConnection(grains, time, new JobClientOptions()));
    private readonly HashSet<string> _said = new(StringComparer.Ordinal);
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
        var unknown = declared.OfOthers.Count;
        for (var first = true; (first || unknown > 0) && !_stopping.IsCancellationRequested; first = false)
        {
            var (all, left) = await ResolveAsync();
            // What becomes known of types later is told then.
            if ((first || left < unknown) && !await DeclareAsync(all)) return;
            unknown = left;
            if (unknown > 0) await Task.Delay(LastRetry, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>False: a newer release has spoken, or the silo stops.</returns>
    private async Task<bool> DeclareAsync(DeclaredSchedule[] all)
    {
        var partitions = options.Value.Partitions;
        var schedules = all.ToLookup(schedule => JobIds.PartitionOf(schedule.Id, partitions));
        var left = Enumerable.Range(0, partitions).ToList();
        var (changed, removed, kept) = (0, 0, 0);
        for (var delay = FirstRetry; !_stopping.IsCancellationRequested; delay = delay * 2 < LastRetry ? delay * 2 : LastRetry)
        {
            var answers = await Task.WhenAll(left.Select(partition => TryAsync(partition, [.. schedules[partition]])));
            left = [.. left.Where((_, i) => answers[i] is null or { IsToBeRepeated: true })];
            var heard = answers.OfType<DeclarationAnswer>().ToList();
            (changed, removed, kept) = (changed + heard.Sum(answer => answer.Changed), removed + heard.Sum(answer => answer.Removed), kept + heard.Sum(answer => answer.Kept));
            foreach (var refusal in heard.SelectMany(answer => answer.Refused).Where(_said.Add)) LogRefused(refusal);
            if (heard.Find(answer => answer.SupersededBy is not null) is { } superseded)
            {
                LogSuperseded(declared.Application, declared.Release, superseded.SupersededBy!);
                return false;
            }

            if (left.Count == 0)
            {
                if (kept > 0) LogKept(declared.Application, kept);
                if (changed + removed > 0) LogDeclared(declared.Application, declared.Release, changed, removed);
                return true;
            }

            await Task.Delay(delay, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return false;
    }

    /// <summary>The schedules with the queues and keys of their types, also of those that only other silos have handlers of.</summary>
    /// <returns>Of how many nobody knows the type yet, too.</returns>
    private async Task<(DeclaredSchedule[] All, int Unknown)> ResolveAsync()
    {
        var all = new List<DeclaredSchedule>();
        var unknown = 0;
        foreach (var schedule in declared.All)
        {
            try
            {
                var isOfOthers = declared.OfOthers.ContainsKey(schedule.Id);
                var known = isOfOthers ? await DefaultsOfAsync(schedule.Spec.Type) : null;
                if (isOfOthers && known is null) unknown++;
                all.Add(isOfOthers ? declared.Resolve(schedule, known) : schedule);
            }
            catch (JobRejectedException rejected)
            {
                // What stands there stays, as of a type that nobody knows.
                var refusal = $"'{schedule.Id}': {rejected.Message}";
                if (_said.Add(refusal)) LogRefused(refusal);
                all.Add(declared.Resolve(schedule, null));
            }
        }

        return ([.. all], unknown);
    }

    /// <returns>Null: nobody has a handler of it now, or nobody can be asked.</returns>
    private async Task<TypeDefaults?> DefaultsOfAsync(string type)
    {
        try
        {
            await _types.OfAsync(type, _stopping.Token);
            return _types.Known(type);
        }
        catch (Exception exception) when (exception is GridUnavailableException or OperationCanceledException)
        {
            return null;
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
