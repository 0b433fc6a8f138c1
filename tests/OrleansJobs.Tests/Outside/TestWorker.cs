using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Outside;

/// <summary>A worker outside, as clients are to be written: it says all with each call, and goes on where a call fails.</summary>
internal sealed class TestWorker(TestGrid grid, string type = "outside")
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);
    private long _sequence;

    public string Session { get; } = WorkSession.New("tests");
    public string[] Types { get; init; } = [type];
    public List<WorkLeaseName> Holds { get; } = [];
    public IWorkSessionGrain Grain => grid.Cluster.Client.GetGrain<IWorkSessionGrain>(Session);

    /// <summary>One call, with what is held.</summary>
    public async Task<WorkAnswer> CallAsync(int want = 0, double wait = 0, WorkReport[]? reports = null, WorkProgress[]? progress = null, bool bye = false, WorkLog[]? logs = null)
    {
        var call = new WorkCall
        {
            Sequence = ++_sequence, Types = want > 0 ? Types : [], Want = want, Wait = TimeSpan.FromSeconds(wait), Holds = [.. Holds], Reports = reports ?? [], Progress = progress ?? [], Logs = logs ?? [], Bye = bye,
        };
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await Grain.Call(call);
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException && TimeProvider.System.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(Retry, TimeProvider.System);
            }
        }
    }

    /// <summary>Takes the next lease, and holds it.</summary>
    public async Task<WorkLease> TakeAsync()
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            if ((await CallAsync(want: 1, wait: 5)).Leases is not [{ } lease, ..] || Holds.Contains(lease.Name)) continue;
            Holds.Add(lease.Name);
            return lease;
        }

        throw new TimeoutException("No lease has come.");
    }

    /// <summary>Reports what it holds, and holds it no more.</summary>
    /// <returns>Whether it counts.</returns>
    public async Task<bool> ReportAsync(WorkReport report)
    {
        Holds.Remove(report.Lease);
        return (await CallAsync(reports: [report])).Taken is [true];
    }

    public Task<bool> SucceedAsync(WorkLease lease, string result = "1") =>
        ReportAsync(new WorkReport { Lease = lease.Name, Outcome = WorkOutcome.Success, Result = System.Text.Encoding.UTF8.GetBytes(result) });

    public Task<bool> FailAsync(WorkLease lease, bool final = false, TimeSpan? delay = null) =>
        ReportAsync(new WorkReport { Lease = lease.Name, Outcome = WorkOutcome.Failure, Error = new("error", "Boom", "It broke."), IsFinal = final, Delay = delay });

    /// <summary>Calls until the answer says to stop a lease.</summary>
    public async Task<WorkCancelReason> ToldToStopAsync(WorkLease lease)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            foreach (var cancel in (await CallAsync(wait: 1)).Cancel)
            {
                if (cancel.Lease == lease.Name) return cancel.Why;
            }
        }

        throw new TimeoutException("Nobody said to stop it.");
    }
}
