using System.Runtime.CompilerServices;
using System.Threading.Channels;
using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>The signals of a job that is no flow, for its running handler.</summary>
internal static class JobSignals
{
    /// <summary>How long news that got lost goes unnoticed.</summary>
    private static readonly TimeSpan LookAround = TimeSpan.FromSeconds(30);

    public static async IAsyncEnumerable<ReceivedSignal> ReadAsync(RunningJob job, AttemptServices services, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, job.Cancellation);
        var news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void Tell() => news.Writer.TryWrite(true);
        // Before the first read: what comes between the two is told.
        job.News += Tell;
        await using var around = services.Time.CreateTimer(_ => Tell(), null, LookAround, LookAround);
        try
        {
            var line = new FlowLine(job, services);
            for (var seen = 0L; ; await news.Reader.ReadAsync(either.Token).ConfigureAwait(false))
            {
                var pages = await line.ReadAsync(seen).WaitAsync(either.Token).ConfigureAwait(false) ?? throw new JobAttemptStaleException(job.Id, job.Token);
                foreach (var page in pages)
                {
                    foreach (var happened in page.Events)
                    {
                        if (happened.Kind is FlowEventKind.Signal) yield return new ReceivedSignal(happened.Name, happened.Value ?? "null"u8.ToArray());
                    }

                    seen = page.Seen;
                }
            }
        }
        finally
        {
            job.News -= Tell;
        }
    }
}
