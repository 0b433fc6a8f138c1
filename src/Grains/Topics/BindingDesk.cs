using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Topics;

/// <summary>
/// What the home of bindings does with its store and the other partitions. A change is answered once every partition has stored that it publishes nothing without it;
/// changes that come meanwhile share the next round of telling, so that a hundred thousand of them are few rounds.
/// </summary>
internal sealed class BindingDesk(IPartitionShell shell, Func<int, BindingsVersion, Task> tell)
{
    private static readonly BindingAnswer Unavailable = new(BindingOutcome.Unavailable)
    {
        Reason = "Not every partition has stored it in time: events may find it by now, and will. Send it again to be sure.",
    };

    private Task? _round;
    private long _told;
    private bool _isTelling;

    private BindingBook Book => shell.Core.Bindings;

    private bool IsHome => shell.Partition == TopicHome.Of(shell.Options.Partitions);

    /// <summary>What an activation before this one may not have told; and that by now it is this one that says what is bound.</summary>
    public void Start()
    {
        if (IsHome && Book.Known.Number > 0) KeepTelling();
    }

    public async Task<BindingAnswer> PutAsync(TopicBinding binding)
    {
        EnsureHome();
        if (binding.Check() is { Length: > 0 } problems) return new(BindingOutcome.Rejected) { Problems = problems };
        var most = TopicArgs.MostArgs(shell.Options.Limits);
        if (binding.Args?.Length > most) return new(BindingOutcome.Rejected) { Problems = [new("/args", $"Arguments of a binding are at most {most} bytes.") { TooLarge = true }] };
        var known = Book.Find(binding.Id);
        // One that was put again because an answer was lost: it may not have been told yet.
        if (known?.SaysAs(binding) == true) return await AnswerAsync(new(BindingOutcome.Done) { Binding = known });
        if (shell.IsStoreFull) return new(BindingOutcome.Full) { Reason = "The store is nearly full." };
        if (Book.IsFullFor(binding))
            return new(BindingOutcome.Full) { Reason = $"There are as many bindings as may be ({shell.Options.Topics.MaxBindings}, of {shell.Options.Topics.MaxBindingBytes} bytes together)." };
        return await AnswerAsync(new(known is null ? BindingOutcome.Created : BindingOutcome.Done) { Binding = Book.Put(binding, shell.Now) });
    }

    public async Task<BindingAnswer> DeleteAsync(string id)
    {
        EnsureHome();
        var isThere = Book.Delete(id, shell.Now);
        // Where it is not there, an earlier call may have removed it whose answer was lost: that it holds is said here as well.
        return await AnswerAsync(new(isThere ? BindingOutcome.Done : BindingOutcome.NotFound));
    }

    public async Task<TopicBinding?> GetAsync(string id)
    {
        var found = Book.Find(id);
        await shell.CommittedInTimeAsync();
        return found;
    }

    public async Task<BindingPage> ListAsync(string after, int limit)
    {
        var page = Book.Page(after, limit);
        await shell.CommittedInTimeAsync();
        return page;
    }

    public async Task<BindingChanges> ChangesAsync(BindingsVersion after, BindingsVersion wanted)
    {
        EnsureHome();
        Book.Know(wanted);
        var changes = Book.ChangesAfter(after);
        await shell.CommittedInTimeAsync();
        return changes;
    }

    public async Task KnowAsync(BindingsVersion version)
    {
        Book.Know(version);
        shell.Pump();
        // Also where it was known: what makes it known may not be stored yet.
        await shell.Commits.Committed();
    }

    private async Task<BindingAnswer> AnswerAsync(BindingAnswer answer)
    {
        shell.Pump();
        try
        {
            await shell.CommittedInTimeAsync();
            await TellAsync(Book.Known.Number);
            return answer;
        }
        catch (Exception exception) when (exception is TimeoutException or Orleans.Runtime.OrleansException)
        {
            // Whoever asked may not come again.
            KeepTelling();
            return Unavailable;
        }
    }

    /// <summary>Until all have been told of all that has changed.</summary>
    private void KeepTelling()
    {
        if (_isTelling) return;
        _isTelling = true;
        shell.Background(async () =>
        {
            while (_told < Book.Known.Number) await TellAsync(Book.Known.Number);
            _isTelling = false;
        }, "telling of bindings");
    }

    private async Task TellAsync(long version)
    {
        while (_told < version) await (_round ??= TellAllAsync());
    }

    private async Task TellAllAsync()
    {
        // Never over before it is known as the round that is under way.
        await Task.Yield();
        try
        {
            // What comes from here on is of the next round.
            var version = Book.Known;
            await shell.CommittedInTimeAsync();
            await Task.WhenAll(Enumerable.Range(0, shell.Options.Partitions).Where(partition => partition != shell.Partition).Select(partition => tell(partition, version)));
            _told = Math.Max(_told, version.Number);
        }
        finally
        {
            _round = null;
        }
    }

    private void EnsureHome()
    {
        if (!IsHome) throw new InvalidOperationException($"Partition {shell.Partition} is not the home of bindings.");
    }
}
