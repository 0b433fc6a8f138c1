using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;

namespace OrleansJobs.Gateway.Statuses;

/// <summary>Holds requests until their job has ended, for those who prefer to wait.</summary>
internal sealed class JobWaits(JobGrid grid, IOptions<JobGatewayOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>The partition answers by then whether there is news or not.</summary>
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);

    /// <summary>After a question that was not answered.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);
    private int _waiting;

    /// <summary>A place among those who wait, to be given back; false where there is none.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _waiting) <= options.Value.MaxWaits) return true;
        Interlocked.Decrement(ref _waiting);
        return false;
    }

    public void GiveBack() => Interlocked.Decrement(ref _waiting);

    /// <summary>Requests that wait now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public bool WasAskedFor(HttpContext context) => Preferences.Wait(context.Request) is not null;

    /// <summary>The job that was just submitted: finished, if that is what the client waits for and it happens in time.</summary>
    public async ValueTask<JobStatus> AfterSubmitAsync(HttpContext context, JobStatus status)
    {
        if (Preferences.Wait(context.Request) is not { } seconds) return status;
        try
        {
            return await WaitAsync(context, status, seconds) ?? status;
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested && GatewayErrors.IsUnavailable(exception))
        {
            // The job was accepted, which is what its submitter asked first: a grid that is away by now does not take that back.
            return status;
        }
    }

    /// <summary>The job's status, waited for if so preferred; null where there is no such job for the caller, and at once.</summary>
    public async ValueTask<JobStatus?> StatusAsync(HttpContext context, string id)
    {
        var status = await grid.Job(id).GetStatus();
        if (status is null || !Visibility.MaySee(context, status)) return null;
        if (Preferences.Wait(context.Request) is not { } seconds) return status;
        return await WaitAsync(context, status, seconds);
    }

    private async ValueTask<JobStatus?> WaitAsync(HttpContext context, JobStatus status, int seconds)
    {
        context.Response.Headers.Append("Vary", Preferences.Header);
        // Too many waiting: a preference may be ignored, memory may not.
        if (!TryTake()) return status;
        try
        {
            context.Response.Headers[Preferences.AppliedHeader] = $"wait={seconds}";
            return status.IsFinished ? status : await WaitForEndAsync(context, status, TimeSpan.FromSeconds(seconds));
        }
        finally
        {
            GiveBack();
        }
    }

    private async Task<JobStatus?> WaitForEndAsync(HttpContext context, JobStatus status, TimeSpan atMost)
    {
        // A gateway that stops answers where the job stands; whoever goes on waiting does so at another one.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            return await WaitForEndAsync(status, atMost, ending.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            return status;
        }
    }

    private async Task<JobStatus?> WaitForEndAsync(JobStatus status, TimeSpan atMost, CancellationToken cancellation)
    {
        var partition = await grid.PartitionAsync(status.Id);
        var started = time.GetTimestamp();
        var version = status.Version;
        while (true)
        {
            var left = atMost - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) break;
            JobStatus? lifecycle;
            try
            {
                lifecycle = await partition.Wait(status.Id, version, left < LongPoll ? left : LongPoll).WaitAsync(cancellation);
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested && GatewayErrors.IsUnavailable(exception))
            {
                // Its silo was lost, say; another one has the partition soon.
                await Task.Delay(left < Retry ? left : Retry, time, cancellation);
                continue;
            }

            // Another job of the same id is not the one that was waited for, which is gone.
            if (lifecycle is null || lifecycle.SubmittedAt != status.SubmittedAt) return null;
            if (lifecycle.IsFinished) return lifecycle;
            version = Math.Max(version, lifecycle.Version);
        }

        // The partition does not know the progress; the job does.
        return await grid.Job(status.Id).GetStatus();
    }
}
