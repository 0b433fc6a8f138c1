using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage.Sqlite;

/// <summary>Copies of the file: of one moment each, made beside commits, one at a time, and given up rather than in the way.</summary>
public sealed class SqliteCopyTests : IDisposable
{
    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ACopy_IsOfOneMoment_WhileCommitsGoOn()
    {
        var store = _folder.Open();
        await store.OpenGridAsync(1);
        var writer = await PartitionWriter.OpenAsync(store);
        for (var from = 0; from < 15_000; from += 1000) await SqliteFolder.FillAsync(writer, from, 1000);
        var copying = store.BackUpAsync();
        var (commits, most) = (0, 0L);
        for (; !copying.IsCompleted; commits++)
        {
            var value = BitConverter.GetBytes(commits);
            // Rows at both ends of the table, which are to agree, and much that goes on in between.
            await writer.CommitAsync(commit =>
            {
                commit.Put(TestLayout.Heads, "a-first", value);
                commit.Put(TestLayout.Heads, "z-last", value);
                commit.Put(TestLayout.Bodies, "other", value);
                for (var i = 0; i < 100; i++) commit.Put(TestLayout.Heads, $"key-{(commits * 7919 + i * 101) % 15_000}", new byte[4000]);
            });
            most = Math.Max(most, _folder.LogBytes);
        }

        var (name, _) = await copying;
        Assert.True(commits > 2, "commits went on while the copy was made");
        Assert.InRange(most, 1, SqliteFolder.MostLog);
        var copy = _folder.Open($"backups/{name}");
        Assert.Equal(15_002, await copy.Readers.ReadAsync(statements => SqliteFolder.Number(statements, $"SELECT count(*) FROM {SqliteTables.Rows(TestLayout.Heads)}"), default));
        Assert.Equal("ok", await copy.Readers.ReadAsync(statements => Text(statements, "PRAGMA integrity_check"), default));
        var rows = await copy.ReadRowsAsync(0, TestLayout.Whole, ["a-first", "z-last"]);
        var others = await copy.ReadRowsAsync(0, new RowRead(TestLayout.Bodies), ["other"]);
        Assert.Equal(rows[0][0], rows[1][0]);
        Assert.Equal(rows[0][0], others[0][0]);
    }

    [Fact]
    public async Task ACopy_ForWhichThereIsNoRoom_IsNotBegun()
    {
        var store = _folder.Open(configure: options => options.ReservedDiskBytes = long.MaxValue / 2);
        var refused = await Assert.ThrowsAsync<IOException>(() => store.BackUpAsync());
        Assert.Contains("Store:ReservedDiskBytes", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path("backups")));
    }

    [Fact]
    public async Task ACopy_ThatIsUnderWayWhenTheStoreIsClosed_IsGivenUp()
    {
        var store = _folder.Open();
        var writer = await PartitionWriter.OpenAsync(store);
        for (var from = 0; from < 5000; from += 1000) await SqliteFolder.FillAsync(writer, from, 1000);
        var copying = store.BackUpAsync();
        store.Dispose();
        // It may have been quick.
        if (await Record.ExceptionAsync(() => copying) is { } exception) Assert.IsType<ObjectDisposedException>(exception);
        Assert.DoesNotContain(Directory.GetFiles(_folder.Path("backups")), file => file.EndsWith(".part", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ACopy_ThatTransactionsKeepBeginningAnew_IsGivenUp_AndSaysWhy()
    {
        var store = _folder.Open();
        var writer = await PartitionWriter.OpenAsync(store);
        for (var from = 0; from < 20_000; from += 1000) await SqliteFolder.FillAsync(writer, from, 1000);
        var copying = store.BackUpAsync();
        while (!copying.IsCompleted)
        {
            var undone = store.Writer.RunAsync<bool>(
                statements =>
                {
                    statements[$"DELETE FROM {SqliteTables.Rows(TestLayout.Heads)} WHERE key = 'key-1'"].Run();
                    throw new InvalidOperationException("a disk that is full, say");
                },
                changes: 1, mayBeRefused: false, CancellationToken.None);
            await Assert.ThrowsAsync<InvalidOperationException>(() => undone);
        }

        var given = await Assert.ThrowsAsync<IOException>(() => copying);
        Assert.Contains("begin anew", given.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path("backups")));
        await SqliteFolder.FillAsync(writer, 0, 10);
    }

    /// <summary>Whoever asked may go before it is whole; the next copy is not made over it.</summary>
    [Fact]
    public async Task ACopy_NobodyWaitsForAnyMore_BecomesWhole_BeforeTheNext()
    {
        var store = _folder.Open();
        var writer = await PartitionWriter.OpenAsync(store);
        for (var from = 0; from < 10_000; from += 1000) await SqliteFolder.FillAsync(writer, from, 1000);
        using var gone = new CancellationTokenSource();
        var first = store.BackUpAsync(gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var (second, _) = await store.BackUpAsync();

        var copies = Directory.GetFiles(_folder.Path("backups")).Select(path => Path.GetFileName(path)).Order().ToList();
        Assert.Equal(2, copies.Count);
        Assert.Equal(second, copies[1]);
        foreach (var name in copies)
        {
            var copy = _folder.Open($"backups/{name}");
            Assert.Equal(10_000, await copy.Readers.ReadAsync(statements => SqliteFolder.Number(statements, $"SELECT count(*) FROM {SqliteTables.Rows(TestLayout.Heads)}"), default));
        }
    }

    [Fact]
    public void ACopy_IsGivenUp_AfterSlowStepsInARow_AndNotAfterAsManyApart()
    {
        var slow = SqliteCopyBounds.Slow + TimeSpan.FromMilliseconds(1);
        var apart = new SqliteCopyBounds();
        var page = 1;
        for (var all = TimeSpan.Zero; all + slow < SqliteCopyBounds.MaxSlowTime; page++)
        {
            var isSlow = page % SqliteCopyBounds.MaxSlow != 0;
            Assert.Null(apart.Note(isSlow ? slow : TimeSpan.Zero, page));
            if (isSlow) all += slow;
        }

        // However far apart, not for ever.
        Assert.NotNull(apart.Note(slow * 2, page));

        var inARow = new SqliteCopyBounds();
        for (var step = 1; step < SqliteCopyBounds.MaxSlow; step++) Assert.Null(inARow.Note(slow, step));
        Assert.Contains("Store:BackupFolder", inARow.Note(slow, SqliteCopyBounds.MaxSlow), StringComparison.Ordinal);
    }

    [Fact]
    public void ACopy_IsGivenUp_WhenItBeganAnewTooOften()
    {
        var bounds = new SqliteCopyBounds();
        for (var restart = 0; restart <= SqliteCopyBounds.MaxRestarts; restart++)
        {
            Assert.Null(bounds.Note(TimeSpan.Zero, 256));
            Assert.Null(bounds.Note(TimeSpan.Zero, 512));
        }

        Assert.Contains("begin anew", bounds.Note(TimeSpan.Zero, 256), StringComparison.Ordinal);
    }

    private static string Text(SqliteStatements statements, string sql)
    {
        using var reader = statements[sql].Read();
        reader.Read();
        return reader.GetString(0);
    }
}
