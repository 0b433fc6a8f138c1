using System.Collections.Concurrent;
using System.Text;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Sinks;

/// <summary>
/// Appends marks to the file of one silo's life. A mark is on the disk when its task completes; marks that come together share one sync.
/// It writes on a thread of its own, so that handlers which block the pool cannot hold it up.
/// </summary>
internal sealed class SinkWriter : IDisposable
{
    private readonly BlockingCollection<(string Line, TaskCompletionSource Synced)> _queue = [];
    private readonly FileStream _file;
    private readonly string _silo;
    private readonly Thread _thread;

    public SinkWriter(string path, string silo)
    {
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        _silo = silo;
        _thread = new Thread(Run) { IsBackground = true, Name = "sink" };
        _thread.Start();
    }

    public Task MarkAsync(string id, int attempt, long token, RunMarkKind kind) =>
        AppendAsync(SinkFormat.Write(new RunMark(id, attempt, token, kind, Monotonic.Now, _silo)));

    /// <param name="mark">Time and silo are filled in.</param>
    public Task MarkAsync(FlowMark mark) => AppendAsync(FlowSinkFormat.Write(mark with { At = Monotonic.Now, Silo = _silo }));

    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _file.Dispose();
        _queue.Dispose();
    }

    private Task AppendAsync(string line)
    {
        var synced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Add((line, synced));
        return synced.Task;
    }

    private void Run()
    {
        var batch = new List<TaskCompletionSource>();
        var text = new StringBuilder();
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            text.Clear().Append(first.Line);
            batch.Clear();
            batch.Add(first.Synced);
            while (_queue.TryTake(out var more))
            {
                text.Append(more.Line);
                batch.Add(more.Synced);
            }

            _file.Write(Encoding.UTF8.GetBytes(text.ToString()));
            _file.Flush(flushToDisk: true);
            foreach (var synced in batch) synced.SetResult();
        }
    }
}
