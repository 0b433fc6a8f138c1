using System.Text;
using OrleansJobs.Jobs;
using OrleansJobs.Partitions;
using OrleansJobs.Records;

namespace OrleansJobs.Tests.Finding;

/// <summary>How a partition looks for jobs, and how far pages say that a search has come.</summary>
public class ListPlanTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<JobQuery, string?> Indexes => new()
    {
        { new(), null },
        { new() { State = JobState.Success }, null },
        { new() { State = JobState.Failure }, "state:FAILURE" },
        { new() { State = JobState.Revoked }, "state:REVOKED" },
        // Only failed jobs have an error: what they are is known without walking the others.
        { new() { Error = "x" }, "state:FAILURE" },
        { new() { Error = "x", Tags = [new("a", "b")] }, "tag:a=b" },
        { new() { Args = "x" }, null },
        { new() { Key = "tenant/7" }, null },
        { new() { Id = "0198" }, null },
        { new() { Phase = JobPhase.Running }, null },
        { new() { Parent = "p", State = JobState.Failure }, "parent:p" },
        { new() { Schedule = "s", Parent = "p" }, "schedule:s" },
        { new() { After = "a", Tags = [new("a", "b")] }, "after:a" },
    };

    [Theory]
    [MemberData(nameof(Indexes))]
    public void TheRarestIndexIsTaken(JobQuery query, string? index) => Assert.Equal(index, ListPlan.Of(query, long.MaxValue).Index);

    [Fact]
    public void WhatStartedOrEndedBeforeAnInstant_WasSubmittedBeforeIt()
    {
        var noon = JobSpec.StampAt(Noon.ToUnixTimeMilliseconds());
        foreach (var query in (JobQuery[])[new() { SubmittedBefore = Noon }, new() { StartedBefore = Noon }, new() { FinishedBefore = Noon }, new() { FinishedBefore = Noon, StartedBefore = Noon.AddHours(1) }])
        {
            var before = ListPlan.Of(query, long.MaxValue).Before;
            // A stamp may be ahead of the time of its submit, but not by much.
            Assert.InRange(before, noon + JobSpec.StampAt(1000), noon + JobSpec.StampAt(600_000));
        }

        Assert.Equal(7, ListPlan.Of(new() { FinishedBefore = Noon }, 7).Before);
        Assert.Equal(long.MaxValue, ListPlan.Of(new() { StartedAfter = Noon, FinishedAfter = Noon }, long.MaxValue).Before);
        Assert.Equal((0, noon), (ListPlan.Of(new() { FinishedAfter = Noon }, 7).After, ListPlan.Of(new() { SubmittedAfter = Noon }, 7).After));
        Assert.InRange(ListPlan.Of(new() { SubmittedBefore = DateTimeOffset.MinValue }, long.MaxValue).Before, 0, long.MaxValue);
        Assert.InRange(ListPlan.Of(new() { SubmittedBefore = DateTimeOffset.MaxValue }, long.MaxValue).Before, 0, long.MaxValue);
    }

    [Fact]
    public void IdsAlone_AreLookedAtByTheThousand_ButNotWithoutEnd()
    {
        var (plain, ids) = (ListPlan.Of(new() { Limit = 50 }, 7), ListPlan.Of(new() { Limit = 50, Id = "a" }, 7));
        Assert.Equal((51, 102, 201), (plain.FirstChunk, plain.Next(51), plain.Next(200)));
        Assert.Equal((1001, 1001, ListPlan.MostIds), (ids.FirstChunk, ids.Next(1001), ids.MostLines));
    }

    [Theory]
    [InlineData("""{"to":"Anna@example.com"}""", "anna@", true)]
    [InlineData("""{"to":"Anna@example.com"}""", "\"to\":", true)]
    [InlineData("""{"city":"Köln"}""", "KÖLN", true)]
    [InlineData("""{"to":"Anna@example.com"}""", "bob", false)]
    [InlineData("null", "null", true)]
    public void TextIsLookedForInArgumentsAsTheyWereSent(string args, string text, bool found)
    {
        var spec = new JobSpec { Type = "t", Queue = "anna@bob", Args = Encoding.UTF8.GetBytes(args), Tags = [new("bob", "bob")] };
        Assert.Equal(found, JobListing.HasArgs(new(spec.Encode(), null, null, null), text));
        Assert.True(JobListing.HasArgs(new(spec.Encode(), null, null, null), null));
    }

    [Fact]
    public void APageThatEndsBecauseOfItsWork_SaysHowFarItHasCome()
    {
        var stamp = JobSpec.StampAt(Noon.ToUnixTimeMilliseconds()) + 5;
        var one = new ListedJob(stamp + 9, new() { Id = "a", Type = "t", Queue = "q" });
        var cut = ListMerge.Merge([new() { Jobs = [one], LookedDownTo = stamp, LookedAt = 1000 }, new() { LookedAt = 17 }], limit: 5);
        Assert.Equal((1, new SearchReach(1017, Noon)), (cut.Jobs.Length, cut.Reach!));
        Assert.NotNull(cut.Cursor);
        // Full, or at the end: neither is for want of work.
        Assert.Null(ListMerge.Merge([new() { Jobs = [one], LookedDownTo = stamp, LookedAt = 1000 }, new()], limit: 1).Reach);
        Assert.Null(ListMerge.Merge([new() { Jobs = [one], LookedAt = 1000 }], limit: 5).Reach);

        var due = DueMerge.Merge([new() { LookedUpTo = new(Noon.ToUnixTimeMilliseconds(), "x"), LookedAt = 3 }, new() { LookedAt = 4 }], limit: 5);
        Assert.Equal(new SearchReach(7, Noon), due.Reach);
        Assert.Null(DueMerge.Merge([new() { LookedAt = 3 }], limit: 5).Reach);
    }
}
