using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>What is told of groups that are spread: a letter for many children, in the commit that causes it.</summary>
public class GroupLetterTests
{
    private const int Home = 1;
    private static readonly string Flow = JobIds.EndedIn("flow-", Home, 2);

    [Fact]
    public void ChildrenOfOneChange_GoInOneLetter_WithAllThatIsSaidOfThem()
    {
        var flow = new FlowDriver();
        Assert.Null(flow.Change(new() { Children = [.. Enumerable.Range(0, 40).Select(index => Member(index, with: job => job with { Args = FlowDriver.Json($"{index}"), Priority = 7, MayExist = index == 3 }))] }));
        var letter = Assert.Single(Letters(flow.Core.Letters));
        Assert.Equal(LetterKind.StartChildren, letter.Kind);
        var children = ChildrenLetter.Decode(letter.Body);
        Assert.Equal(Enumerable.Range(0, 40), children.Select(child => child.Parent!.Index));
        Assert.All(children, child => Assert.Equal((flow.Id, "group", 7, $"{child.Parent!.Index}", child.Parent.Index == 3), (child.Parent.Id, child.Parent.Name, child.Priority, System.Text.Encoding.UTF8.GetString(child.Args), child.MayExist)));
        Assert.Equal((40, 40), (flow.Flow.Groups["group"].Started, ChildrenLetter.CountOf(letter.Body)));
    }

    [Fact]
    public void One_GoesByItself_AsReleasesBeforeThisOneKnowIt()
    {
        var flow = new FlowDriver();
        Assert.Null(flow.Change(new() { Children = [Member(0)] }));
        Assert.Equal(LetterKind.StartChild, Assert.Single(Letters(flow.Core.Letters)).Kind);
    }

    [Fact]
    public void VeryMany_GoInSeveralLetters_OfWhichNoMoreAreCarriedTogetherThanOneCommitShouldApply()
    {
        var flow = new FlowDriver();
        const int Count = 3000;
        Assert.Null(flow.Change(new() { Children = [.. Enumerable.Range(0, Count).Select(index => Member(index))] }));
        Assert.Equal((Count + 63) / 64, flow.Core.Letters.Waiting);
        Assert.Equal(1024, Letters(flow.Core.Letters).Sum(letter => ChildrenLetter.CountOf(letter.Body)));
        // Also of those that are read from the store.
        flow.Driver.Reopen();
        var channel = flow.Core.Letters.Channels.Single();
        channel.EndRead(flow.Driver.ReadLetters(channel.Set, channel.BeginRead()), LetterChannel.Window, flow.Core.Letters);
        Assert.Equal(1024, channel.Next().Sum(letter => ChildrenLetter.CountOf(letter.Letter.Body)));
    }

    [Fact]
    public void ChildrenWithLargeArguments_AreNotAllInOneLetter()
    {
        var flow = new FlowDriver();
        Assert.Null(flow.Change(new() { Children = [.. Enumerable.Range(0, 10).Select(index => Member(index, with: job => job with { Args = FlowDriver.Json($"\"{new string('x', 20_000)}\"") }))] }));
        var letters = Letters(flow.Core.Letters);
        Assert.Equal([4, 4, 2], letters.Select(letter => ChildrenLetter.CountOf(letter.Body)));
        Assert.Equal(Enumerable.Range(0, 10), letters.SelectMany(letter => ChildrenLetter.Decode(letter.Body)).Select(child => child.Parent!.Index));
    }

    [Fact]
    public void SuccessesBeforeACommit_AreToldByOneLetter_AndThoseAfterItByAnother()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 2 });
        var leases = StartMembers(driver, 10);
        foreach (var lease in leases[..4]) Assert.True(Succeed(driver, lease));
        Assert.Empty(Letters(driver.Core.Letters));
        driver.Commit();
        foreach (var lease in leases[4..9]) Assert.True(Succeed(driver, lease));
        driver.Commit();
        Assert.True(Succeed(driver, leases[9]));
        driver.Commit();
        var letters = Letters(driver.Core.Letters);
        Assert.All(letters, letter => Assert.Equal(LetterKind.GroupSucceeded, letter.Kind));
        Assert.Equal(
            [new GroupSuccess(Flow, 17, 2, "group", 4, 4 * 5), new(Flow, 17, 2, "group", 5, 5 * 5), new(Flow, 17, 2, "group", 1, 5)],
            letters.Select(letter => GroupSuccess.Decode(letter.Body)));
    }

    [Fact]
    public void ACommitHasALetter_WithAllTheEndsThatItTellsOf_OrNeither()
    {
        var store = new MemoryPartitionStore(GridLayout.Layout);
        var driver = new CoreDriver(new JobGridOptions { Partitions = 2 }, store);
        var leases = StartMembers(driver, 3);
        foreach (var lease in leases) Assert.True(Succeed(driver, lease));
        // The activation is lost before it has stored any of it.
        driver.Reopen();
        Assert.All(leases, lease => Assert.Null(driver.Stored(lease.Id)!.Outcome));
        Assert.Equal(0, driver.Core.Letters.Waiting);
        foreach (var lease in leases) Assert.True(Succeed(driver, lease));
        driver.Commit();
        driver.Reopen();
        Assert.All(leases, lease => Assert.NotNull(driver.Stored(lease.Id)!.Outcome));
        var channel = driver.Core.Letters.Channels.Single();
        channel.EndRead(driver.ReadLetters(channel.Set, channel.BeginRead()), LetterChannel.Window, driver.Core.Letters);
        Assert.Equal(3, GroupSuccess.Decode(Assert.Single(channel.Next()).Letter.Body).Count);
    }

    [Fact]
    public void OfGroupsAndRunsEachHasALetter_AndEveryFailureHasOne()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 2 });
        var leases = StartMembers(driver, 8, index => new JobParent(Flow, 17, index % 2 + 1, index < 4 ? "group" : "other", index, 1, 1));
        foreach (var lease in leases[..^2]) Assert.True(Succeed(driver, lease));
        foreach (var lease in leases[^2..]) Assert.True(driver.Core.Attempts.Report(new JobReport { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Failed, Error = new(JobErrorCodes.Error, null, "It fails.") }, driver.Now));
        driver.Commit();
        var letters = Letters(driver.Core.Letters);
        Assert.Equal(
            [("group", 1, 2), ("group", 2, 2), ("other", 1, 1), ("other", 2, 1)],
            letters.Where(letter => letter.Kind == LetterKind.GroupSucceeded).Select(letter => GroupSuccess.Decode(letter.Body)).Select(told => (told.Name, told.Run, told.Count)));
        Assert.Equal([6, 7], letters.Where(letter => letter.Kind == LetterKind.ChildEnded).Select(letter => ChildEnd.Decode(letter.Body).Parent.Index));
    }

    [Fact]
    public void AFlowCountsThem_AndGoesOnWithTheLast()
    {
        var flow = new FlowDriver();
        Assert.True(flow.Park(new FlowPark { Groups = [new("group", 6, false)], Change = new() { Children = [.. Enumerable.Range(0, 6).Select(index => Member(index, weight: 2))], Totals = [new("group", 6)] } }));
        Arrive(4, weight: 8);
        Assert.Equal((4, 0, 8), (flow.Flow.Groups["group"].Succeeded, flow.Flow.Groups["group"].Failed, (int)flow.Flow.WeightDone));
        var wait = Assert.Single(flow.Job.Track.WaitsFor);
        Assert.Equal((4L, 6L), (wait.Done, wait.Of));
        // What is of a run before counts no more.
        Arrive(2, weight: 4, run: 2);
        Assert.NotNull(flow.Flow.Park);
        Arrive(2, weight: 4);
        Assert.Null(flow.Flow.Park);
        Assert.Equal(6, Assert.Single(flow.Lease().Flow!.Groups).Succeeded);

        void Arrive(int count, long weight, int run = 1)
        {
            flow.Core.Flows.Arrive(flow.Job, flow.Flow, new GroupSuccess(flow.Id, flow.Job.Spec!.Stamp, run, "group", count, weight), flow.Driver.Now);
            flow.Driver.Commit();
        }
    }

    private static bool Succeed(CoreDriver driver, Lease lease) =>
        driver.Core.Attempts.Report(new JobReport { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Succeeded, Result = FlowDriver.Json("1") }, driver.Now);

    /// <summary>Children of a flow elsewhere run here.</summary>
    private static List<Lease> StartMembers(CoreDriver driver, int count, Func<int, JobParent>? parent = null)
    {
        for (var index = 0; index < count; index++)
        {
            var submission = new JobSubmission { Id = JobIds.EndedIn($"member-{index}-", 0, 2), Type = "work", Args = FlowDriver.Json("{}") };
            driver.Core.Flows.Children.StartHere(submission with { Parent = parent?.Invoke(index) ?? new JobParent(Flow, 17, 2, "group", index, 5, 1) }, driver.Now);
        }

        driver.Commit();
        var leases = driver.Take(want: count);
        Assert.Equal(count, leases.Count);
        return [.. leases.OrderBy(lease => int.Parse(lease.Id.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture))];
    }

    private static ChildOrder Member(int index, int weight = 1, Func<JobSubmission, JobSubmission>? with = null)
    {
        var job = new JobSubmission { Id = JobIds.EndedIn($"member-{index}-", Home, 2), Type = "work", Args = FlowDriver.Json("{}") };
        return new() { Name = "group", Index = index, Weight = weight, Job = with?.Invoke(job) ?? job };
    }

    /// <summary>Those that would be carried next.</summary>
    private static List<Letter> Letters(LetterBook book) => [.. book.Channels.SelectMany(channel => channel.Next()).Select(letter => letter.Letter)];
}
