using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Errands;

/// <summary>Somebody who does errands of some kinds.</summary>
internal interface IErrandDoer
{
    /// <summary>Does a part of it, whose changes are committed before the next part is asked for.</summary>
    /// <param name="place">What the last part returned; null at the start, also after a crash.</param>
    /// <returns>Where to go on; null where it is done.</returns>
    Task<object?> DoAsync(Errand errand, object? place);
}

/// <summary>Does the errands of a partition, a few at a time.</summary>
internal sealed class ErrandRunner
{
    private const int MostAtOnce = 4;

    /// <summary>Errands that have failed and are tried again beside the others.</summary>
    private const int MostAside = 16;
    private const int PerRead = 100;

    private static readonly RowRead NoRows = new RowRead(GridLayout.Jobs.Specs) with { ByteBudget = 0 };

    private readonly IPartitionShell _shell;
    private readonly ErrandBook _book;
    private readonly IReadOnlyDictionary<ErrandKind, IErrandDoer> _doers;
    private readonly Queue<Errand> _waiting = [];

    // By subject: what comes after the one that is waiting or being done.
    private readonly Dictionary<string, Queue<Errand>> _behind = new(StringComparer.Ordinal);

    // What this activation has added while there were older ones that it had not read.
    private readonly Queue<Errand> _later = [];
    private SetPlace _read = SetPlace.Start;
    private bool _isReading;
    private int _running;
    private int _aside;

    public ErrandRunner(IPartitionShell shell, IReadOnlyDictionary<ErrandKind, IErrandDoer> doers)
    {
        (_shell, _book, _doers) = (shell, shell.Core.Errands, doers);
        _book.Added = Enqueue;
    }

    /// <summary>Takes up what an earlier activation left.</summary>
    public void Start() => Spread();

    private void Enqueue(Errand errand)
    {
        if (_book.HasUnread) _later.Enqueue(errand);
        else PutInLine(errand);
        Spread();
    }

    private void PutInLine(Errand errand)
    {
        if (_behind.TryAdd(errand.Subject, [])) _waiting.Enqueue(errand);
        else _behind[errand.Subject].Enqueue(errand);
    }

    private void TakeNextOf(string subject)
    {
        if (_behind[subject].TryDequeue(out var next)) _waiting.Enqueue(next);
        else _behind.Remove(subject);
    }

    private void Spread()
    {
        if (_shell.Commits.IsOver || _running >= MostAtOnce || (_waiting.Count == 0 && !_book.HasUnread)) return;
        _running++;
        _shell.Background(RunAsync, "doing what is owed");
    }

    private async Task RunAsync()
    {
        // The decision that it was added in is still under way.
        await Task.Yield();
        while (!_shell.Commits.IsOver)
        {
            while (_waiting.Count == 0 && _book.HasUnread && !_isReading) await ReadAsync();
            if (!_waiting.TryDequeue(out var errand)) break;
            try
            {
                await DoAsync(errand);
            }
            catch when (_aside < MostAside)
            {
                // The others are not to wait for it.
                _aside++;
                _shell.Background(() => DoAsideAsync(errand), "doing what is owed");
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

    private async Task DoAsideAsync(Errand errand)
    {
        await DoAsync(errand);
        _aside--;
        Spread();
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
                place = await _doers[errand.Kind].DoAsync(errand, place);
                _shell.Pump();
                await _shell.Commits.Committed();
            }
            while (place is not null);
        }
        while (errand.IsAskedAgain);

        _book.Done(errand);
        TakeNextOf(errand.Subject);
        _shell.Pump();
    }

    /// <summary>The next of those that an earlier activation left: each of them comes by once.</summary>
    private async Task ReadAsync()
    {
        _isReading = true;
        try
        {
            var lines = await _shell.Store.ReadPageAsync(_shell.Partition, GridLayout.Errands.Owed.Only, _read, PerRead, NoRows);
            foreach (var errand in _book.Learn(lines))
            {
                PutInLine(errand);
                Spread();
            }

            if (lines.Length == PerRead)
            {
                _read = new SetPlace(lines[^1].Score, lines[^1].Member);
                return;
            }

            _book.HasUnread = false;
            while (_later.TryDequeue(out var errand))
            {
                PutInLine(errand);
                Spread();
            }
        }
        finally
        {
            _isReading = false;
        }
    }
}
