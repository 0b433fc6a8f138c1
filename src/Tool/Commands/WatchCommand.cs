using System.CommandLine;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class WatchCommand : Command
{
    /// <summary>As many ids as fit into a request line.</summary>
    private const int MaxIds = 50;
    private readonly Argument<string[]> _ids = Inputs.Ids();

    public WatchCommand(ToolApp app) : base("watch", "Follows jobs to their end; the exit code says how they ended.")
    {
        Add(_ids);
        app.SetAction(this, (session, parsed, cancellation) =>
        {
            var ids = parsed.GetValue(_ids)!;
            if (ids.Length > MaxIds) throw new UsageException($"At most {MaxIds} jobs can be watched at a time; these are {ids.Length}.");
            return WatchView.RunAsync(session, ids, cancellation);
        });
    }
}
