using System.Threading.Channels;

namespace OrleansJobs.Tool.Bulk;

/// <summary>
/// Makes batches of lines: full ones, or what has come a short time after the first line, so that what comes drop by drop is not held back. Reading goes on while a batch is under way, a few
/// lines ahead.
/// </summary>
internal sealed class BatchReader : IDisposable
{
    private const int Ahead = 16;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(200);

    private readonly int _lines;
    private readonly int? _block;
    private readonly TimeProvider _time;
    private readonly Channel<Entry> _entries = Channel.CreateBounded<Entry>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _end;
    private Entry? _left;
    private int _number;
    private int _place;

    /// <param name="lines">Of a batch.</param>
    /// <param name="block">Lines of a block. They are full but for the last, whatever comes when, and however many lines a batch has: the same lines make the same blocks. Null: each batch is one.</param>
    public BatchReader(Stream input, int lines, int? block, TimeProvider time, CancellationToken cancellation)
    {
        (_lines, _block, _time) = (lines, block, time);
        // The thread that reads from a terminal or a pipe cannot be interrupted; it is left behind.
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var end = _end.Token;
        _ = Task.Run(() => PumpAsync(input, end), CancellationToken.None);
    }

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    /// <returns>Null: there are no more.</returns>
    /// <exception cref="IOException">The input cannot be read.</exception>
    public async Task<Batch?> ReadAsync(CancellationToken cancellation)
    {
        if (_number == 0 || _block is null || _place == _block) (_number, _place) = (_number + 1, 0);
        var batch = new Batch(_number, _place);
        var most = Math.Min(_lines, (_block ?? _lines) - _place);
        CancellationTokenSource? linger = null;
        try
        {
            while (batch.Entries.Count < most)
            {
                if (_left is null && !await ReadAheadAsync(linger?.Token ?? CancellationToken.None, cancellation)) break;
                if (_left is not { } entry || !batch.Fits(entry)) break;
                _left = null;
                batch.Add(entry);
                linger ??= new CancellationTokenSource(Linger, _time);
            }
        }
        finally
        {
            linger?.Dispose();
        }

        _place += batch.Entries.Count;
        return batch.Entries.Count > 0 ? batch : null;
    }

    /// <returns>False: nothing more came, or not in time.</returns>
    private async ValueTask<bool> ReadAheadAsync(CancellationToken linger, CancellationToken cancellation)
    {
        // Nearly always: what is there costs no wait.
        if (_entries.Reader.TryRead(out var entry))
        {
            _left = entry;
            return true;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(linger, cancellation);
        try
        {
            while (await _entries.Reader.WaitToReadAsync(either.Token))
            {
                if (!_entries.Reader.TryRead(out entry)) continue;
                _left = entry;
                return true;
            }

            return false;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task PumpAsync(Stream input, CancellationToken cancellation)
    {
        try
        {
            await using (input)
            {
                var lines = new LineReader(input, Entry.LongestLine);
                while (await lines.ReadAsync(cancellation) is { } line)
                {
                    if (!line.IsEmpty) await _entries.Writer.WriteAsync(Entry.Of(line), cancellation);
                }
            }

            _entries.Writer.Complete();
        }
        catch (Exception exception)
        {
            // Whatever it is: whoever reads would wait for ever.
            _entries.Writer.Complete(exception);
        }
    }
}
