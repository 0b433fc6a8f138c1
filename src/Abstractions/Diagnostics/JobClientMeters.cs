using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OrleansJobs.Diagnostics;

/// <summary>What a process that submits jobs measures.</summary>
internal sealed class JobClientMeters
{
    private readonly Counter<long> _sent;
    private readonly Histogram<double> _duration;

    public JobClientMeters(IMeterFactory? factory)
    {
        var meter = factory?.Create(JobTracing.Name) ?? new Meter(JobTracing.Name);
        _sent = meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Jobs that this process has handed to the grid.");
        _duration = meter.CreateHistogram("messaging.client.operation.duration", "s", "How long a submit took, as its caller saw it.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });
    }

    /// <summary>Whether anybody measures; where nobody does, there is no clock to read.</summary>
    public bool Enabled => _sent.Enabled || _duration.Enabled;

    public void Sent(string queue, SubmitOutcome outcome, int jobs, TimeSpan took)
    {
        var tags = new TagList
        {
            { "messaging.system", JobTracing.MessagingSystem },
            { "messaging.operation.name", "submit" },
            { "messaging.destination.name", queue },
        };
        if (outcome is not (SubmitOutcome.Accepted or SubmitOutcome.Replayed)) tags.Add("error.type", JobTracing.Word(outcome));
        _sent.Add(jobs, tags);
        tags.Add("messaging.operation.type", "send");
        _duration.Record(took.TotalSeconds, tags);
    }
}
