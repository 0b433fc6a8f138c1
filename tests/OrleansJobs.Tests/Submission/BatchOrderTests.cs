namespace OrleansJobs.Tests.Submission;

public sealed class BatchOrderTests
{
    /// <summary>Drawn batches: whom a job follows is in an earlier stage, and what is in no stage cannot be put into one.</summary>
    [Fact]
    public void DrawnBatches_AreSubmittedInAnOrderThatHolds()
    {
        var circles = 0;
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var count = 1 + random.Next(12);
            JobSubmission[] jobs = [.. Enumerable.Range(0, count).Select(i => Job($"j{i}", [.. Enumerable.Range(0, count + 2).Where(other => other != i && random.Next(7) == 0).Select(other => $"j{other}")]))];
            var (stages, refused) = BatchOrder.Of(jobs);

            var done = new HashSet<string>();
            foreach (var stage in stages)
            {
                foreach (var place in stage) Assert.All(jobs[place].After, after => Assert.True(done.Contains(after.Job) || Array.TrueForAll(jobs, job => job.Id != after.Job)));
                done.UnionWith(stage.Select(place => jobs[place].Id));
            }

            Assert.Equal(Enumerable.Range(0, count), stages.SelectMany(stage => stage).Concat(refused.Keys).Order());
            foreach (var (place, problem) in refused)
            {
                circles++;
                var named = jobs[place].After[int.Parse(problem.Pointer["/after/".Length..], System.Globalization.CultureInfo.InvariantCulture)].Job;
                Assert.True(refused.ContainsKey(Array.FindIndex(jobs, job => job.Id == named)), $"seed {seed}: {problem}");
            }
        }

        Assert.True(circles > 1000);
    }

    [Fact]
    public void ABatchThatFollowsNothing_IsOneStage() => Assert.Equal([[0, 1, 2]], BatchOrder.Of([Job("a"), Job("b"), Job("c")]).Stages);

    [Fact]
    public void AnIdGivenTwice_IsItsFirstJob() => Assert.Equal([[0, 2], [1]], BatchOrder.Of([Job("a"), Job("b", "a"), Job("a")]).Stages);

    private static JobSubmission Job(string id, params string[] after) => new() { Id = id, Type = "t", Args = "{}"u8.ToArray(), After = [.. after.Select(other => new JobDependency(other))] };
}
