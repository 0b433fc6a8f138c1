using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

namespace OrleansJobs.Bench.Micro;

/// <summary>BenchmarkDotNet for the pure hot paths.</summary>
internal static class MicroCommand
{
    public static Command Create()
    {
        var smoke = new Option<bool>("--smoke") { Description = "Runs each once: shows that it works, measures nothing." };
        var filter = new Option<string>("--filter") { Description = "Which, such as *Commit*.", DefaultValueFactory = _ => "*" };
        var command = new Command("micro", "Nanoseconds and bytes of the pure hot paths: records, commits, progress.") { smoke, filter };
        command.SetAction(parsed =>
        {
            // In this process: BenchmarkDotNet would otherwise build a project of its own, and the benchmarks are internal.
            var job = (parsed.GetValue(smoke) ? Job.Dry : Job.ShortRun).WithToolchain(InProcessNoEmitToolchain.Instance);
            var config = DefaultConfig.Instance.AddJob(job).WithArtifactsPath(Path.Combine(Path.GetTempPath(), "BenchmarkDotNet.Artifacts"));
            var summaries = BenchmarkSwitcher.FromTypes([typeof(RecordBenchmarks), typeof(CommitBenchmarks), typeof(ProgressBenchmarks)])
                .Run(["--filter", parsed.GetValue(filter)!], config);
            return summaries.All(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success)) ? 0 : 1;
        });
        return command;
    }
}
