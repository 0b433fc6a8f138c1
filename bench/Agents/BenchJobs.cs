using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansJobs.Hosting;

namespace OrleansJobs.Bench.Agents;

/// <summary>Arguments of all jobs here, as the peers have them.</summary>
internal sealed record BenchArgs(int N, string? Text = null, long Count = 0);

/// <summary>Arguments of an occurrence.</summary>
internal sealed record TickArgs(DateTimeOffset At);

/// <summary>What a <c>progress</c> job found.</summary>
internal sealed record ProgressFound(double Seconds, long Allocated);

/// <summary>The jobs, and what they note for the agent they run in.</summary>
internal sealed class BenchJobs(TimeProvider time)
{
    private static readonly Task<int> Result = Task.FromResult(42);

    /// <summary>Start minus due of the <c>late</c> jobs and of occurrences, in milliseconds.</summary>
    public ConcurrentQueue<double> Late { get; } = [];

    /// <summary>When <c>work</c> jobs started, and whose they were.</summary>
    public ConcurrentQueue<(double At, string Key)> Worked { get; } = [];

    /// <summary>When <c>hold</c> jobs started, and whether they had started before.</summary>
    public ConcurrentQueue<(double At, bool Again)> Held { get; } = [];

    public void Register(JobGridBuilder grid) => grid
        .AddJob<BenchArgs, int>("noop", (_, _, _) => Result)
        .AddJob<BenchArgs, int>("keyed", (_, _, _) => Result, options => options.Key = "tenant/{n}")
        .AddJob<BenchArgs, int>("brief", (_, _, _) => Result)
        .AddJob<BenchArgs, int>("late", NoteLateness)
        .AddJob<BenchArgs, int>("work", WorkAsync)
        .AddJob<TickArgs, int>("tick", NoteTick)
        .AddJob<BenchArgs, int>("hold", HoldAsync)
        .AddJob<BenchArgs, ProgressFound>("progress", ReportAsync)
        .AddJob<BenchArgs, int>("ticks", TickAsync);

    private double UnixMilliseconds => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds;

    private Task<int> NoteLateness(BenchArgs args, JobContext job, CancellationToken cancellation)
    {
        Late.Enqueue(UnixMilliseconds - job.DueAt.ToUnixTimeMilliseconds());
        return Result;
    }

    private async Task<int> WorkAsync(BenchArgs args, JobContext job, CancellationToken cancellation)
    {
        Worked.Enqueue((UnixMilliseconds, args.Text ?? ""));
        await Task.Delay(TimeSpan.FromMilliseconds(args.Count), time, cancellation);
        return 0;
    }

    private Task<int> NoteTick(TickArgs args, JobContext job, CancellationToken cancellation)
    {
        Late.Enqueue((time.GetUtcNow() - args.At).TotalMilliseconds);
        return Result;
    }

    private async Task<int> HoldAsync(BenchArgs args, JobContext job, CancellationToken cancellation)
    {
        Held.Enqueue((UnixMilliseconds, job.Attempt > 1));
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
        return 0;
    }

    private static Task<ProgressFound> ReportAsync(BenchArgs args, JobContext job, CancellationToken cancellation)
    {
        string[] messages = ["on the way", "half way", "almost there"];
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var began = Stopwatch.GetTimestamp();
        for (long i = 0; i < args.Count; i++) job.Report(i, args.Count, messages[i % messages.Length]);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return Task.FromResult(new ProgressFound(seconds, GC.GetAllocatedBytesForCurrentThread() - allocated));
    }

    /// <summary>Says what time it is, as often as reports are carried, so that readers can tell how old their news is.</summary>
    private async Task<int> TickAsync(BenchArgs args, JobContext job, CancellationToken cancellation)
    {
        for (var i = 1; i <= args.Count; i++)
        {
            job.Report(i, args.Count, UnixMilliseconds.ToString("F3", System.Globalization.CultureInfo.InvariantCulture));
            await Task.Delay(TimeSpan.FromMilliseconds(300), time, cancellation);
        }

        return 42;
    }
}
