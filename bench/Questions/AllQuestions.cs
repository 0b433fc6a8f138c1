namespace OrleansJobs.Bench.Questions;

internal static class AllQuestions
{
    public static IReadOnlyList<Question> List { get; } =
    [
        new Submit(), new Drain(), new EndToEnd(), new Idle(), new Lateness(), new Progress(), new Status(), new HttpSubmit(), new HttpStatus(),
        new Watch(), new Flows(), new Schedules(), new Topics(), new Keys(), new Fairness(), new Reminders(), new Python(), new Node(), new Footprint(), new Future(), new Recovery(), new Quiet(), new Size(), new Large(), new Soak(),
    ];
}
