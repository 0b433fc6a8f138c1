using Microsoft.Data.Sqlite;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Client;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Storage.Sqlite;

/// <summary>The file itself: whose it is, what is in it, and what becomes of it.</summary>
public sealed class SqliteFileTests : IDisposable
{
    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AFileThatIsOpen_IsRefusedToOthers()
    {
        var path = _folder.Open().FullPath;
        var refused = Assert.Throws<UnfitStoreException>(() => _folder.Open());
        Assert.Contains(path, refused.Message);
        Assert.Contains("Another process keeps its jobs", refused.Message);
    }

    /// <summary>Nobody is sent to look for another process where the path is at fault.</summary>
    [Theory]
    [InlineData("file/jobs.db")]
    [InlineData("file/under/jobs.db")]
    [InlineData("taken.db")]
    [InlineData("folder")]
    public void AFileThatCannotBeWritten_IsRefused_WithItsNameAndTheSetting(string name)
    {
        File.WriteAllText(_folder.Path("file"), "not a folder");
        // Who runs as root may write to whatever has no other fault than its mode.
        Directory.CreateDirectory(_folder.Path("taken.db.lock"));
        Directory.CreateDirectory(_folder.Path("folder"));

        var refused = Assert.Throws<UnfitStoreException>(() => _folder.Open(name));

        Assert.Contains($"{_folder.Path(name)} cannot be written", refused.Message);
        Assert.Contains("Store:Path", refused.Message);
        Assert.DoesNotContain("nother process", refused.Message);
    }

    [Fact]
    public async Task WhatWasCommitted_IsThereWhenTheFileIsOpenedAgain()
    {
        var store = _folder.Open();
        var grid = await store.OpenGridAsync(4);
        var writer = await PartitionWriter.OpenAsync(store, 3);
        await writer.CommitAsync(commit =>
        {
            commit.Append(TestLayout.Lines, "log", 7, "a");
            commit.Put(TestLayout.Layout.Parts.OfType<RowTable>().First(), "a", "row"u8.ToArray());
        });
        var lines = await writer.ReadLinesAsync();
        store.Dispose();

        var again = _folder.Open();
        Assert.Equal(grid, await again.ReadGridAsync());
        var opening = await again.OpenAsync(3);
        Assert.True(opening.Existed);
        Assert.Equal(7, opening.LastStamp);
        Assert.True(opening.Generation > writer.Opening.Generation);
        Assert.Equal(lines, await new PartitionWriter(again, 3, opening).ReadLinesAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(GridRecord.Format + 1)]
    public void AFileOfAnotherRelease_IsRefused_AndNotTouched(int format)
    {
        var path = _folder.Path("other.db");
        Write(path, $"CREATE TABLE theirs (x); PRAGMA user_version={format};");
        var before = File.ReadAllBytes(path);

        Assert.Contains("format", Assert.Throws<UnfitStoreException>(() => _folder.Open("other.db")).Message);

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    /// <summary>A newer release was killed, and an older one is started in its place: what the log holds is still in the log.</summary>
    [Fact]
    public async Task AKilledFileOfAnotherRelease_IsRefused_AndNotTouched()
    {
        var store = _folder.Open("killed.db");
        var writer = await PartitionWriter.OpenAsync(store);
        await writer.CommitAsync(commit => commit.Put(TestLayout.Heads, "a", new byte[100]));
        await store.Writer.RunAsync(
            statements =>
            {
                statements[$"PRAGMA user_version={GridRecord.Format + 1}"].Run();
                return true;
            },
            changes: 1, mayBeRefused: false, default);
        // As a process that is killed leaves them.
        foreach (var end in (string[])["", "-wal", "-shm"]) File.Copy(_folder.Path("killed.db" + end), _folder.Path("left.db" + end));
        byte[][] before = [.. Files()];
        Assert.True(before[1].Length > 0, "there is a log");

        var refused = Assert.Throws<UnfitStoreException>(() => _folder.Open("left.db"));

        Assert.Contains("format", refused.Message);
        Assert.Contains(_folder.Path("left.db"), refused.Message);
        Assert.Equal(before, Files());

        IEnumerable<byte[]> Files() => ((string[])["", "-wal"]).Select(end => File.ReadAllBytes(_folder.Path("left.db" + end)));
    }

    /// <summary>The disk may be full when a process is started again.</summary>
    [Fact]
    public async Task AFileThatIsOpenedAgain_IsNotWritten()
    {
        var store = _folder.Open();
        await store.OpenGridAsync(1);
        store.Dispose();
        var before = await File.ReadAllBytesAsync(store.FullPath);
        var again = _folder.Open();
        await again.OpenGridAsync(1);
        Assert.Equal(0, new FileInfo(store.FullPath + "-wal").Length);
        again.Dispose();
        Assert.Equal(before, await File.ReadAllBytesAsync(store.FullPath));
    }

    [Fact]
    public void AFileThatIsOpen_IsRefusedToOthersByAnyName()
    {
        var store = _folder.Open();
        Directory.CreateDirectory(_folder.Path("elsewhere"));
        File.CreateSymbolicLink(_folder.Path("elsewhere/first.db"), "../jobs.db");
        File.CreateSymbolicLink(_folder.Path("second.db"), _folder.Path("elsewhere/first.db"));
        foreach (var name in (string[])["elsewhere/first.db", "second.db"])
            Assert.Contains($"Another process keeps its jobs in {store.FullPath}", Assert.Throws<UnfitStoreException>(() => _folder.Open(name)).Message);

        // A link may come before its file.
        File.CreateSymbolicLink(_folder.Path("elsewhere/new.db"), "../new.db");
        Assert.Equal(_folder.Path("new.db"), _folder.Open("elsewhere/new.db").FullPath);
        Assert.Throws<UnfitStoreException>(() => _folder.Open("new.db"));
        File.CreateSymbolicLink(_folder.Path("round.db"), "round.db");
        Assert.Contains("Store:Path", Assert.Throws<UnfitStoreException>(() => _folder.Open("round.db")).Message);
    }

    [Fact]
    public void AFileThatIsNone_IsRefused_WithItsNameAndWhatToDo()
    {
        var path = _folder.Path("none.db");
        File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)'x', 8192)]);
        var refused = Assert.Throws<UnfitStoreException>(() => _folder.Open("none.db"));
        Assert.Contains(path, refused.Message);
        Assert.Contains("backup", refused.Message);
    }

    /// <summary>A page that is damaged under way is said to be so, to whoever needs it.</summary>
    [Fact]
    public async Task ADamagedPage_IsSaidToBeOne()
    {
        var store = _folder.Open();
        await store.OpenGridAsync(1);
        var writer = await PartitionWriter.OpenAsync(store);
        var table = TestLayout.Layout.Parts.OfType<RowTable>().First();
        await writer.CommitAsync(commit =>
        {
            for (var i = 0; i < 2000; i++) commit.Put(table, $"key-{i}", new byte[100]);
        });
        store.Dispose();
        var path = store.FullPath;
        await using (var file = File.OpenWrite(path))
        {
            file.Position = 8 * 4096;
            await file.WriteAsync(Enumerable.Repeat((byte)0xAA, (int)file.Length - 8 * 4096).ToArray());
        }

        var damaged = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            var again = _folder.Open();
            await again.ReadRowsAsync(0, TestLayout.Whole, [.. Enumerable.Range(0, 2000).Select(i => $"key-{i}")]);
        });
        Assert.Contains($"{path} is damaged", damaged.Message);
    }

    [Fact]
    public async Task ACopy_HasWhatWasCommittedBeforeIt_AndOpens()
    {
        var store = _folder.Open();
        await store.OpenGridAsync(1);
        var writer = await PartitionWriter.OpenAsync(store);
        var table = TestLayout.Layout.Parts.OfType<RowTable>().First();
        await writer.CommitAsync(commit => commit.Put(table, "before", "1"u8.ToArray()));
        var (name, bytes) = await store.BackUpAsync();
        await writer.CommitAsync(commit => commit.Put(table, "after", "2"u8.ToArray()));

        Assert.Equal(bytes, new FileInfo(_folder.Path($"backups/{name}")).Length);
        var copy = _folder.Open($"backups/{name}");
        var rows = await copy.ReadRowsAsync(0, TestLayout.Whole, ["before", "after"]);
        Assert.Equal([true, false], rows.Select(row => row.Exist));
        Assert.Equal(await store.ReadGridAsync(), await copy.ReadGridAsync());
        Assert.True((await copy.OpenAsync(0)).Generation > writer.Opening.Generation);
    }

    [Fact]
    public async Task ACopy_WithoutAFolder_IsRefused() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => _folder.Open(configure: options => options.BackupFolder = null).BackUpAsync());

    [Fact]
    public async Task WhatAKilledProcessLeftOfACopy_GoesWithTheNextOne_AndNothingElse()
    {
        var time = new ManualTime();
        var store = _folder.Open(time: time);
        var (first, _) = await store.BackUpAsync();
        string[] others = ["jobs.db.part", "jobs-mine.db.part", first + ".part.txt", "more-" + first + ".part", first.Replace("jobs-", "jobs-more-") + ".part"];
        foreach (var name in (string[])[first + ".part", first + ".part-journal", .. others]) await File.WriteAllTextAsync(_folder.Path($"backups/{name}"), "half");
        time.Advance(TimeSpan.FromSeconds(1));

        var (second, _) = await store.BackUpAsync();

        Assert.Equal(new[] { first, second }.Concat(others).Order(), Directory.GetFiles(_folder.Path("backups")).Select(path => Path.GetFileName(path)).Order());
    }

    /// <summary>Commits of many partitions at once are few transactions, and each is answered for itself.</summary>
    [Fact]
    public async Task CommitsAtTheSameTime_DoNotSufferFromOneThatIsWrong()
    {
        var store = _folder.Open();
        var writers = await Task.WhenAll(Enumerable.Range(0, 8).Select(partition => PartitionWriter.OpenAsync(store, partition)));
        foreach (var writer in writers) await writer.CommitAsync(commit => commit.Append(TestLayout.Lines, "log", 10, "first"));

        var outcomes = writers.Select(async (writer, i) =>
        {
            // Every other one has a stamp that was passed.
            try
            {
                return await writer.SendAsync(commit => commit.Append(TestLayout.Lines, "log", i % 2 == 0 ? 11 : 9, "second"));
            }
            catch (ArgumentException)
            {
                return (CommitOutcome?)null;
            }
        });

        Assert.Equal(writers.Select((_, i) => i % 2 == 0 ? CommitOutcome.Applied : (CommitOutcome?)null), await Task.WhenAll(outcomes));
    }

    /// <summary>What purged rows leave is used again, and given back when nothing else is to be done.</summary>
    [Fact]
    public async Task RemovedRows_GiveTheirRoomBack()
    {
        var store = _folder.Open();
        var writer = await PartitionWriter.OpenAsync(store);
        var table = TestLayout.Layout.Parts.OfType<RowTable>().First();
        await writer.CommitAsync(commit =>
        {
            for (var i = 0; i < 5000; i++) commit.Put(table, $"key-{i}", new byte[4000]);
        });
        await writer.CommitAsync(_ => { });
        var full = await PagesAsync(store);
        for (var from = 0; from < 5000; from += 1000)
        {
            await writer.CommitAsync(commit =>
            {
                for (var i = from; i < from + 1000; i++) commit.Remove(table, $"key-{i}");
            });
        }

        await Eventually.AnswersAsync(async () =>
        {
            // Each write is followed by tidying, as long as no other comes.
            await writer.CommitAsync(commit => commit.Put(table, "more", new byte[1000]));
            return await PagesAsync(store);
        }, pages => pages < full / 2);
    }

    private static Task<long> PagesAsync(SqlitePartitionStore store) => store.Readers.ReadAsync(
        statements =>
        {
            using var reader = statements["PRAGMA page_count"].Read();
            reader.Read();
            return reader.GetInt64(0);
        },
        default);

    private static void Write(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
