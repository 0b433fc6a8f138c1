using System.Collections.Concurrent;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Partitions;

/// <summary>What is decided together is stored together, whatever the size of commits, refusals and what changes meanwhile.</summary>
public class PendingChangesTests
{
    private readonly PendingChanges _changes = new(0, generation: 1);

    [Fact]
    public void Seal_WhenAGroupMeetsAnOlderChange_TakesAllOfIt()
    {
        var old = new Note("old", bytes: 10);
        _changes.Mark(old.Set(1));
        for (var i = 0; i < PendingChanges.MaxEntries; i++) _changes.Mark(new Note($"n{i}", 10).Set(1));
        var last = new Note("last", 10);
        Change(_changes, (old, 2), (last, 2));

        var first = _changes.Seal();

        Assert.Contains(last, first.Entries.Select(entry => entry.Entry));
        Assert.Equal(2, last.Stored);
    }

    [Fact]
    public void Seal_WhenItsBytesAreUsedUp_BeginsNoOtherGroup()
    {
        Note a = new("a", PendingChanges.MaxBytes), b = new("b", PendingChanges.MaxBytes), c = new("c", 1);
        Change(_changes, (a, 1), (b, 1));
        Change(_changes, (c, 1));

        Assert.Equal([a, b], _changes.Seal().Entries.Select(entry => entry.Entry));
        Assert.Equal([c], _changes.Seal().Entries.Select(entry => entry.Entry));
        Assert.False(_changes.HasAny);
    }

    [Fact]
    public void WhatIsStored_CameOfNothingThatCouldStillBeRefused()
    {
        var driver = new CoreDriver();
        LiveJob[] jobs = [driver.Submit("a"), driver.Submit("b")];
        jobs[1].Origin = jobs[0];
        driver.Commit();
        Assert.All(jobs, job => Assert.Null(job.Origin));
    }

    [Fact]
    public void Refused_DropsWhatASubmitBrought_AndKeepsTheRestTogether()
    {
        Note accepted = new("accepted", 1), job = new("job", 1), letter = new("letter", 1), other = new("other", 1);
        Change(_changes, (accepted, 1));
        _changes.Applied(_changes.Seal());
        (job.Origin, letter.Origin) = (job, job);
        Change(_changes, (accepted, 2), (other, 2), (job, 2), (letter, 2));

        var commit = _changes.Seal();
        Assert.True(commit.Commit.MayBeRefused);
        Assert.Equal([job, letter], _changes.Refused(commit));

        var again = _changes.Seal();
        Assert.False(again.Commit.MayBeRefused);
        Assert.Equal([accepted, other], again.Entries.Select(entry => entry.Entry));
        Assert.True(job.IsDropped && letter.IsDropped);
    }

    [Fact]
    public void TryWithdraw_TakesBackAllThatCameOfTheSubmit()
    {
        Note accepted = new("accepted", 1), job = new("job", 1), letter = new("letter", 1);
        (job.Origin, letter.Origin) = (job, job);
        Change(_changes, (accepted, 1), (job, 1), (letter, 1));

        Assert.True(_changes.TryWithdraw(job));

        Assert.Equal([accepted], _changes.Seal().Entries.Select(entry => entry.Entry));
        Assert.True(letter.IsDropped);
        Assert.False(_changes.TryWithdraw(accepted));
    }

    /// <summary>Each decision gives its entries one number above all before. Whatever is stored, no decision is stored in part: what one has overwritten has a higher number.</summary>
    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8)]
    public void DrawnHistories_NeverStoreADecisionInPart(int seed)
    {
        for (var history = 0; history < 200; history++) PlayOne(new Random((seed * 1000) + history));
    }

    private static void PlayOne(Random random)
    {
        var changes = new PendingChanges(0, generation: 1);
        var notes = Enumerable.Range(0, 12).Select(i => new Note($"n{i}", PendingChanges.MaxBytes / (1 + random.Next(6)))).ToArray();
        var decisions = new List<(int Number, Note[] Notes)>();
        SealedCommit? underWay = null;
        for (var step = 0; step < 60; step++)
        {
            switch (random.Next(4))
            {
                case 0 or 1:
                    var chosen = notes.Where(_ => random.Next(4) == 0).ToArray();
                    decisions.Add((decisions.Count + 1, chosen));
                    Change(changes, [.. chosen.Select(note => (note, decisions.Count))]);
                    break;
                case 2 when underWay is null:
                    underWay = changes.Seal();
                    break;
                case 3 when underWay is not null:
                    if (random.Next(3) == 0) changes.Refused(underWay);
                    else changes.Applied(underWay);
                    underWay = null;
                    Check(decisions, underWay);
                    break;
            }

            if (underWay is null) Check(decisions, underWay);
        }

        if (underWay is not null) changes.Applied(underWay);
        while (changes.HasAny) changes.Applied(changes.Seal());
        Assert.All(notes, note => Assert.Equal(note.Value, note.Stored));
    }

    private static void Check(List<(int Number, Note[] Notes)> decisions, SealedCommit? underWay)
    {
        Assert.Null(underWay);
        foreach (var (number, members) in decisions)
        {
            var stored = 0;
            foreach (var note in members) stored += note.Stored >= number ? 1 : 0;
            if (stored != 0 && stored != members.Length) Assert.Fail($"Decision {number} is stored in part.");
        }
    }

    private static void Change(PendingChanges changes, params (Note Note, int Value)[] to)
    {
        using var together = changes.Together();
        foreach (var (note, value) in to) changes.Mark(note.Set(value));
    }

    /// <summary>A number that is stored.</summary>
    private sealed class Note(string name, int bytes) : Entry
    {
        // Thousands of histories write the same few sizes, megabytes each.
        private static readonly ConcurrentDictionary<int, byte[]> Sizes = new();
        private static readonly RowTable Rows = new StoreLayout().Rows("notes");

        public int Value { get; private set; }
        public int Stored { get; private set; }
        public bool IsDropped { get; private set; }
        public override bool IsStored => Stored > 0;

        public Note Set(int value)
        {
            Value = value;
            return this;
        }

        public override object? WriteTo(CommitDraft draft)
        {
            if (Value == Stored || IsDropped) return null;
            var before = Stored;
            draft.Put(Rows, name, Sizes.GetOrAdd(bytes, static size => new byte[size]));
            Stored = Value;
            return before;
        }

        public override void Applied()
        {
        }

        public override void Restore(object before) => Stored = (int)before;

        public override void Drop() => IsDropped = true;

        public override string ToString() => name;
    }
}
