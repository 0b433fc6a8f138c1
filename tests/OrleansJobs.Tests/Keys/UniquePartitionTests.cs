using OrleansJobs.Hosting;
using OrleansJobs.Keys;
using OrleansJobs.Partitions;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Keys;

/// <summary>How long a job of a unique value is kept, and what memory keeps of values.</summary>
public class UniquePartitionTests
{
    private const long Span = 3_600_000;
    private readonly CoreDriver _driver = new();

    [Theory]
    [InlineData(UniqueUntil.Start, false, true)]
    [InlineData(UniqueUntil.Start, true, true)]
    [InlineData(UniqueUntil.End, false, true)]
    // It shares nothing.
    [InlineData(UniqueUntil.End, true, false)]
    public void AJobIsKept_AsLongAsItHasItsValue(UniqueUntil until, bool fails, bool isKept)
    {
        Submit("a", new JobUnique { Value = "v", Until = until, For = Span });
        var lease = Assert.Single(_driver.Take());
        _driver.Now += 1000;
        _driver.Report(lease, fails ? ReportKind.Failed : ReportKind.Succeeded, error: fails ? new("error", null, "no") : null);
        var ended = _driver.Bring("a");
        var least = _driver.Now + (until == UniqueUntil.Start ? Span - 1000 : Span);
        Assert.Equal(isKept ? least : _driver.Now + 60_000, ended.Outcome!.RetainUntil);
        Assert.Equal(isKept ? least : null, _driver.Rows(new(GridLayout.Keys.Uniques), UniqueBook.NameOf(null, "v"))[0] is { } row ? UniqueHolder.Decode(row).FreeAt : null);
    }

    [Fact]
    public void AValueThatIsRead_WhileItsJobEnds_IsWhatTheEndMadeOfIt()
    {
        var (book, name) = (_driver.Core.Keys.Uniques, UniqueBook.NameOf(null, "v"));
        Submit("a", new JobUnique { Value = "v", For = Span });
        var lease = Assert.Single(_driver.Take());
        Assert.Equal(0, book.Count);
        book.Pin(name);
        // What the store says by now; the answer is on its way.
        var row = _driver.Rows(new(GridLayout.Keys.Uniques), name)[0];
        _driver.Report(lease, ReportKind.Succeeded);
        Assert.Equal(_driver.Now + Span, book.Resolve(name, row).Value!.FreeAt);
        book.Unpin(name);
        Assert.Equal(0, book.Count);
    }

    [Fact]
    public void AValueThatSomebodyDecidesAbout_ShowsWhatItsJobsEndMadeOfIt()
    {
        var (book, name) = (_driver.Core.Keys.Uniques, UniqueBook.NameOf(null, "v"));
        Submit("a", new JobUnique { Value = "v", For = Span });
        var lease = Assert.Single(_driver.Take());
        book.Pin(name);
        var entry = book.Resolve(name, _driver.Rows(new(GridLayout.Keys.Uniques), name)[0]);
        var before = entry.Value;
        _driver.Report(lease, ReportKind.Succeeded);
        Assert.NotSame(before, entry.Value);
        Assert.Equal(_driver.Now + Span, entry.Value!.FreeAt);
    }

    [Fact]
    public void ASubmitThatIsWithdrawn_LeavesNothingBehind()
    {
        var (book, name) = (_driver.Core.Keys.Uniques, UniqueBook.NameOf(null, "v"));
        LiveJob job;
        book.Pin(name);
        using (_driver.Core.Changes.Together())
        {
            job = _driver.Submit("a", job => job with { Unique = new JobUnique { Value = "v" } });
            book.Take(book.Resolve(name, null), job, _driver.Now);
        }

        Assert.True(_driver.Core.Jobs.TryWithdraw(job));
        book.Unpin(name);
        Assert.Equal(0, book.Count);
        _driver.Commit();
        Assert.Null(_driver.Rows(new(GridLayout.Keys.Uniques), name)[0]);
    }

    [Fact]
    public void ASubmitThatIsWithdrawn_AfterItHasTakenAValueThatWasFree_LeavesNothingBehindEither()
    {
        var (book, name) = (_driver.Core.Keys.Uniques, UniqueBook.NameOf(null, "v"));
        Submit("a", new JobUnique { Value = "v", For = Span });
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.Succeeded);
        _driver.Now += Span;
        LiveJob job;
        book.Pin(name);
        using (_driver.Core.Changes.Together())
        {
            job = _driver.Submit("b", job => job with { Unique = new JobUnique { Value = "v" } });
            book.Take(book.Resolve(name, _driver.Rows(new(GridLayout.Keys.Uniques), name)[0]), job, _driver.Now);
        }

        Assert.True(_driver.Core.Jobs.TryWithdraw(job));
        book.Unpin(name);
        _driver.Commit();
        Assert.Null(_driver.Rows(new(GridLayout.Keys.Uniques), name)[0]);
        Assert.Equal(0, book.Count);
    }

    [Fact]
    public void ASubmitThatIsWithdrawn_LeavesItsValueToWhoeverTookItSince()
    {
        var (book, name) = (_driver.Core.Keys.Uniques, UniqueBook.NameOf(null, "v"));
        Submit("a", new JobUnique { Value = "v", For = Span });
        var job = _driver.Submit("b", job => job with { Unique = new JobUnique { Value = "v" } });
        Assert.True(_driver.Core.Jobs.TryWithdraw(job));
        _driver.Commit();
        Assert.Equal("a", UniqueHolder.Decode(_driver.Rows(new(GridLayout.Keys.Uniques), name)[0]!.ToArray()).Job);
    }

    private void Submit(string id, JobUnique unique)
    {
        var (book, name) = (_driver.Core.Keys.Uniques, UniqueBook.NameOf(null, unique.Value!));
        book.Pin(name);
        using (_driver.Core.Changes.Together()) book.Take(book.Resolve(name, null), _driver.Submit(id, job => job with { Unique = unique, Retention = 60_000 }), _driver.Now);
        book.Unpin(name);
        _driver.Commit();
    }
}
