namespace OrleansJobs.Tests.Samples;

/// <summary>Keeps all that a handler reports.</summary>
internal sealed class SampleJobContext(string id = "job-1") : JobContext
{
    private readonly List<(long Current, long Total, string? Message)> _reports = [];

    public IReadOnlyList<(long Current, long Total, string? Message)> Reports => _reports;

    public override string Id => id;
    public override string Type => "sample";
    public override string Queue => JobLimits.DefaultQueue;
    public override int Attempt => 1;
    public override long Token => 1;
    public override DateTimeOffset SubmittedAt => default;
    public override DateTimeOffset DueAt => default;
    public override IReadOnlyList<JobTag> Tags => [];

    public override void Report(long current, long total, string? message = null) => _reports.Add((current, total, message));

    public override void Report<T>(long current, long total, string? message, T data) => Report(current, total, message);

    public override Task SaveCheckpointAsync<T>(T value, CancellationToken cancellation = default) => throw new NotSupportedException();

    public override IAsyncEnumerable<ReceivedSignal> SignalsAsync(CancellationToken cancellation = default) => throw new NotSupportedException();

    public override Task<T?> ResultOfAsync<T>(string id, CancellationToken cancellation = default) where T : default => throw new NotSupportedException();

    public override T? Checkpoint<T>() where T : default => default;
}
