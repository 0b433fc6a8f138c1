using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>A flow in the books of its partition, which is the first of two. Its children live there too, unless a test says otherwise.</summary>
internal sealed class FlowDriver
{
    public const string Type = "work";

    public FlowDriver(Action<FlowLimits>? limits = null, Func<JobSubmission, JobSubmission>? with = null, JobGridOptions? options = null)
    {
        options ??= new JobGridOptions { Partitions = 2 };
        limits?.Invoke(options.Flows);
        Driver = new CoreDriver(options);
        Id = JobIds.EndedIn("flow-", 0, 2);
        Driver.Submit(Id, with);
        Driver.Commit();
        Lease();
    }

    public CoreDriver Driver { get; }
    public PartitionCore Core => Driver.Core;
    public string Id { get; }

    /// <summary>The lease of the running attempt.</summary>
    public Lease Held { get; private set; } = null!;
    public LiveJob Job => Driver.Bring(Id);

    /// <summary>The flow, brought from the store where memory does not have it.</summary>
    public FlowEntry Flow => Core.Flows.Find(Job) ?? Core.Flows.Load(Job, Driver.Rows(new(GridLayout.Flows.States), FlowEntry.KeyOf(Id, Job.Spec!.Stamp)) is { Exist: true } row ? row[0] : null);

    public static byte[] Json(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    public static string ChildId(string name, int partition = 0) => JobIds.EndedIn($"child-{name}-", partition, 2);

    public static ChildOrder Child(string name, int weight = 1, int partition = 0, Func<JobSubmission, JobSubmission>? with = null)
    {
        var job = new JobSubmission { Id = ChildId(name, partition), Type = Type, Args = Json("{}") };
        return new() { Name = name, Weight = weight, Job = with?.Invoke(job) ?? job };
    }

    public static FlowChange Steps(params (string Name, int Bytes)[] steps) =>
        new() { Steps = [.. steps.Select(step => new FlowStep(step.Name, new byte[step.Bytes], null))] };

    public JobError? Change(FlowChange change)
    {
        var refusal = Core.Flows.Change(Job, Flow, change, Driver.Now);
        Driver.Commit();
        return refusal;
    }

    /// <summary>Gives the flow out.</summary>
    public Lease Lease()
    {
        Held = Take(Id);
        _ = Flow;
        return Held;
    }

    /// <summary>Gives out one of the jobs that are ready.</summary>
    public Lease Take(string id)
    {
        foreach (var lease in Driver.Take(want: 100))
        {
            if (lease.Id == id) return lease;
            // The others wait again.
            Core.Attempts.Undo(new(lease.Id, lease.Token), Driver.Now);
        }

        Driver.Commit();
        throw new InvalidOperationException($"'{id}' is not ready.");
    }

    public bool Park(FlowPark park) => Report(new JobReport { Id = Id, Token = Held.Token, Kind = ReportKind.Parked, Park = park with { Seen = Math.Max(park.Seen, Flow.Last) } });

    public bool End(ReportKind kind, JobError? error = null) => Report(new JobReport { Id = Id, Token = Held.Token, Kind = kind, Error = error });

    /// <summary>A child runs and ends.</summary>
    public void EndChild(string name, ReportKind kind = ReportKind.Succeeded)
    {
        var lease = Take(ChildId(name));
        Assert.True(Driver.Report(lease, kind, kind == ReportKind.Succeeded ? Json("1") : null, kind == ReportKind.Failed ? new(JobErrorCodes.Error, null, "It fails.") : null));
    }

    /// <summary>Does what is owed to the children that are here, as the errands of the partition do.</summary>
    public void TellChildren(OrleansJobs.Errands.ErrandKind what, int through, params string[] names)
    {
        var order = new ChildrenOrder(what, Id, Job.Spec!.Stamp, through, Flow.Round);
        foreach (var name in names) Core.Flows.Children.Do(order, Driver.Bring(ChildId(name)), Driver.Now);
        Driver.Commit();
    }

    public SignalOutcome Signal(string name, int bytes = 1, string? key = null)
    {
        var outcome = Core.Flows.Signal(Job, Flow, new JobSignal(name, new byte[bytes], key), Driver.Now);
        Driver.Commit();
        return outcome;
    }

    private bool Report(JobReport report)
    {
        _ = Flow;
        var taken = Core.Attempts.Report(report, Driver.Now);
        Driver.Commit();
        return taken;
    }
}
