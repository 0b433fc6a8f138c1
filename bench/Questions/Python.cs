using OrleansJobs.Bench.Contenders;

namespace OrleansJobs.Bench.Questions;

/// <summary>Python's handlers, beside those of Celery.</summary>
internal sealed class Python() : OutsideWorkers(Handlers.Python, "py-noop", "py-1ms")
{
    public override string Name => "python";

    public override string[] Peers => ["celery"];
}
