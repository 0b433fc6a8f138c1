using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;

namespace OrleansJobs.Tests.Clients;

/// <summary>The test that anybody can run against a worker of theirs: each of its rows holds of a worker that does what is asked, and finds the one that does not.</summary>
public sealed class ConformanceTests
{
    private static string Folder => Repository.PathOf("clients/conformance");

    /// <summary>Defects of the worker that comes with it, by the row that finds each.</summary>
    private static TheoryData<string, string> Defects => new()
    {
        { "types", "a session is opened by a call that says what the worker runs" },
        { "seq", "`seq` grows from call to call" },
        { "result", "a job is run, and its result is reported" },
        { "token", "a token comes back as it was, beyond 53 bits" },
        { "message", "a failure says what went wrong" },
        { "holds", "what runs is named in `holds`, call by call, until it is reported" },
        { "silent", "there is a call in each heartbeat while a job runs" },
        { "strike", "what was reported is named in `holds` no more, and not reported again once it was answered" },
        { "twice", "a lease that comes twice is run once" },
        { "once", "a report is sent again where its call was answered 503" },
        { "once", "a report is sent again where its call had no answer" },
        { "hang up", "what runs is held through calls that had no answer" },
        { "hurry", "`Retry-After` of a 429 is honoured" },
        { "session", "a session that is gone is opened anew" },
        { "cancel", "what is cancelled is stopped and reported" },
        { "cancel", "what is lost is stopped, and held no more" },
        { "stubborn", "a result that the grid refuses fails its job, and no other" },
        { "hasty", "a call that is refused for something else loses no report" },
        { "refused", "a report that is refused with 409 is dropped" },
        { "bye", "SIGTERM lets what runs end, takes nothing more, and says goodbye" },
        { "greedy", "SIGTERM lets what runs end, takes nothing more, and says goodbye" },
        { "leave", "SIGTERM lets what runs end, takes nothing more, and says goodbye" },
    };

    /// <summary>Six at a time: they wait for what a wrong worker does not do.</summary>
    [Fact]
    public Task EachRow_FindsTheWorkerThatGetsItWrong() => Parallel.ForEachAsync(Defects.Select(pair => ((string)pair[0], (string)pair[1])), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (pair, _) =>
    {
        var (defect, row) = pair;
        Assert.Contains($"FAILED  {row}: ", await CheckAsync(1, "--only", row, "--", PythonPackage.Python, "client.py", "--without", defect), StringComparison.Ordinal);
    });

    [Fact]
    public async Task TheWorkerThatComesWithIt_GetsNothingWrong()
    {
        var output = await CheckAsync(0, "--", PythonPackage.Python, "client.py");
        Assert.All(Defects.Select(row => (string)row[1]), row => Assert.Contains($"ok      {row}\n", output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ItsRows_AreThoseOfTheDocument_AndEachHasAWorkerThatGetsItWrong()
    {
        var rows = (await CheckAsync(0, "--list")).Trim().Split('\n');
        Assert.Equal(rows, Defects.Select(row => (string)row[1]).Distinct());
        var document = await File.ReadAllTextAsync(Repository.PathOf("docs/WORKERS.md"));
        var section = document[document.IndexOf("## Is it a worker?", StringComparison.Ordinal)..];
        Assert.Equal(rows, section[..section.IndexOf("\n## ", 3, StringComparison.Ordinal)].Split('\n').Where(line => line.StartsWith("- ", StringComparison.Ordinal)).Select(line => line[2..]));
    }

    private static Task<string> CheckAsync(int exitCode, params string[] arguments) =>
        Command.RunAsync(Folder, PythonPackage.Python, new() { ["PYTHONDONTWRITEBYTECODE"] = "1" }, exitCode, ["check.py", .. arguments]);
}
