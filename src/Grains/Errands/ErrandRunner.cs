using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Errands;

/// <summary>Somebody who does errands of some kinds.</summary>
internal interface IErrandDoer
{
    /// <summary>Does a part of it, whose changes are committed before the next part is asked for.</summary>
    /// <param name="place">What the last part returned; null at the start, also after a crash.</param>
    /// <returns>Where to go on; null where it is done.</returns>
    Task<object?> DoAsync(string about, object? place);
}

/// <summary>Does the errands of a partition, a few at a time.</summary>
internal sealed class ErrandRunner
{
    private const int MostAtOnce = 4;
    private const int PerRead = 100;

    private readonly IPartitionShell _shell;
    private readonly ErrandBook _book;
    private readonly IReadOnlyDictionary<ErrandKind, IErrandDoer> _doers;
    private readonly Queue<Errand> _waiting = [];
    private int _running;

    public ErrandRunner(IPartitionShell shell, IReadOnlyDictionary<ErrandKind, IErrandDoer> doers)
    {
        (_shell, _book, _doers) = (shell, shell.Core.Errands, doers);
        _book.Added = Enqueue;
    }

    /// <summary>Takes up what an earlier activation left.</summary>
    public void Start() => Spread();

    private void Enqueue(Errand errand)
    {
        _waiting.Enqueue(errand);
        Spread();
    }

    private void Spread()
    {
        if (_running >= MostAtOnce || (_waiting.Count == 0 && !_book.HasUnread)) return;
        _running++;
        _shell.Background(RunAsync, "doing what is owed");
    }

    private async Task RunAsync()
    {
        // The decision that it was added in is still under way.
        await Task.Yield();
        while (!_shell.Commits.IsOver)
        {
            if (_waiting.Count == 0 && _book.HasUnread) await ReadAsync();
            if (!_waiting.TryPeek(out _)) break;
            var errand = _waiting.Dequeue();
            try
            {
                await DoAsync(errand);
            }
            catch
            {
                _waiting.Enqueue(errand);
                throw;
            }
        }

        _running--;
        if (_waiting.Count > 0) Spread();
    }

    private async Task DoAsync(Errand errand)
    {
        do
        {
            errand.IsAskedAgain = false;
            // What it follows from first: should that never be stored, nor is this to be done.
            await _shell.Commits.Committed();
            object? place = null;
            do
            {
                place = await _doers[errand.Kind].DoAsync(errand.About, place);
                _shell.Pump();
                await _shell.Commits.Committed();
            }
            while (place is not null);
        }
        while (errand.IsAskedAgain);

        _book.Done(errand);
        _shell.Pump();
    }

    private async Task ReadAsync()
    {
        var lines = await _shell.Store.ReadSetAsync(_shell.Partition, GridLayout.Errands.Owed.Only, new(long.MinValue, long.MaxValue, PerRead));
        var learnt = _book.Learn(lines);
        foreach (var errand in learnt) _waiting.Enqueue(errand);
        // Those that are known are being done; when there are fewer of them, the others come into sight.
        if (lines.Length < PerRead) _book.HasUnread = false;
        else if (learnt.Count == 0) await Task.Delay(TimeSpan.FromSeconds(1), _shell.Time);
    }
}
