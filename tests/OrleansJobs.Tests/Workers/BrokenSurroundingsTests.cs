using Microsoft.Extensions.Logging;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>What stands around a handler, such as the host's own logging, throws.</summary>
public class BrokenSurroundingsTests
{
    [Fact]
    public async Task Attempt_WhoseLoggerThrows_FailsAndGivesItsSlotBack()
    {
        using var worker = new TestWorker(jobs => jobs.AddJob("work", (object? _, JobContext _, CancellationToken _) => Task.FromResult(1)), logger: new ThrowingLogger());
        worker.Partitions[0].Add("work");
        worker.Engine.Start();
        var report = (await worker.Partitions.WaitForReports(1)).Single();
        Assert.Equal(ReportKind.FailedOnce, report.Kind);
        Assert.Contains("no scope", report.Error!.Message, StringComparison.Ordinal);
        await worker.Idle();
    }

    private sealed class ThrowingLogger : ILogger<JobExecution>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => throw new InvalidOperationException("no scope");

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }
    }
}
