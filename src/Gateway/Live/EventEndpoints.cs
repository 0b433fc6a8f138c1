using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Finding;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Live;

/// <summary><c>GET /jobs/{id}/events</c> for one job, <c>GET /events</c> for many.</summary>
internal sealed class EventEndpoints(
    JobGrid grid, WatchHub hub, EventStreams streams, FilterPages pages, ChangeFeed feed, IOptions<JobGatewayOptions> options, TimeProvider time,
    IHostApplicationLifetime lifetime, ILogger<FilterFollower> logger)
{
    public async Task OneAsync(HttpContext context)
    {
        var id = StatusEndpoints.IdOf(context);
        var status = await grid.Job(id).GetStatus();
        StatusEndpoints.Show(status, context);
        var seen = long.TryParse(EventReader.LastSeen(context), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
        if (status!.IsFinished && seen >= status.Version)
        {
            // To a browser that connects again, 204 means: there is no more.
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await streams.ServeAsync(context, (reader, aborted) => FollowAsync(reader, [id], withJobId: false, _ => seen, aborted));
    }

    public async Task ManyAsync(HttpContext context)
    {
        if (!context.Request.Query.ContainsKey("jobs"))
        {
            // What a filter has is read from the list, which has no longer pages.
            var query = JobQueries.Read(context, JobQueries.EventFilters) with { Limit = Math.Min(options.Value.MaxEventJobs, JobLimits.MaxPage) };
            await streams.ServeAsync(context, async (reader, aborted) =>
            {
                using var stopping = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
                await new FilterFollower(grid, hub, pages, feed, query, reader, time, logger).RunAsync(stopping.Token);
            });
            return;
        }

        var ids = ReadIds(context);
        await GuardAsync(context, ids);
        var last = EventReader.LastSeen(context);
        if (last?.StartsWith(EventReader.EndId, StringComparison.Ordinal) == true
            && long.TryParse(last.AsSpan(EventReader.EndId.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var told) && await HaveEndedAsync(ids, told))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var separator = last?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        var (seenId, seen) = separator > 0 && long.TryParse(last.AsSpan(0, separator), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? (last![(separator + 1)..], version)
            : (null, 0L);
        await streams.ServeAsync(context, (reader, aborted) => FollowAsync(reader, ids, withJobId: true, id => id == seenId ? seen : 0, aborted));
    }

    private async Task FollowAsync(EventReader reader, IReadOnlyList<string> ids, bool withJobId, Func<string, long> seen, CancellationToken aborted)
    {
        // A gateway that stops ends its streams; their readers go on with another one.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        var subscriptions = new List<JobSubscription>(ids.Count);
        try
        {
            foreach (var id in ids) subscriptions.Add(hub.Subscribe(id, reader, seen(id)));
            await reader.RunAsync(withJobId, () => subscriptions.TrueForAll(subscription => subscription.IsDone), stopping.Token);
            if (withJobId && subscriptions.TrueForAll(subscription => subscription.IsDone)) await reader.EndAsync(subscriptions.Max(subscription => subscription.Sent), aborted);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        finally
        {
            foreach (var subscription in subscriptions) hub.Unsubscribe(subscription);
        }
    }

    /// <summary>Whether all that can be told of these jobs was told: one may run again by now, or be another job of the same id.</summary>
    private async Task<bool> HaveEndedAsync(List<string> ids, long told)
    {
        var info = await grid.InfoAsync();
        var statuses = await Task.WhenAll(ids.Select(id => grid.Partition(id, info).Get(id)));
        return statuses.All(status => status is null || (status.IsFinished && status.Version <= told));
    }

    private List<string> ReadIds(HttpContext context)
    {
        foreach (var name in context.Request.Query.Keys)
        {
            if (name is not ("jobs" or EventReader.LastEventIdParameter or WatchTokens.Parameter)) throw new ProblemException(Problem.OfQuery(name, "It cannot stand together with jobs."));
        }

        var ids = context.Request.Query["jobs"].ToString().Split(',').Distinct(StringComparer.Ordinal).ToList();
        if (ids.Count > options.Value.MaxEventJobs) throw new ProblemException(Problem.OfQuery("jobs", $"At most {options.Value.MaxEventJobs} jobs in one stream."));
        if (!ids.TrueForAll(JobIds.IsValid)) throw new ProblemException(Problem.OfQuery("jobs", "It must be ids, with commas between them."));
        return ids;
    }

    /// <summary>Whose key is limited to queues is not shown what lies in others.</summary>
    private async Task GuardAsync(HttpContext context, List<string> ids)
    {
        if (WatchTokens.Of(context) is not null || !Caller.Of(context).IsLimited) return;
        var info = await grid.InfoAsync();
        var statuses = await Task.WhenAll(ids.Select(id => grid.Partition(id, info).Get(id)));
        foreach (var status in statuses) StatusEndpoints.Show(status, context);
    }
}
