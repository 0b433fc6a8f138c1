using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>What became of reports, so that one that is repeated is answered as it was the first time. Not thread-safe.</summary>
internal sealed class ReportAnswers
{
    /// <summary>Answers that are remembered, beside those that are still to come.</summary>
    public const int Capacity = 4096;

    private readonly Dictionary<LeaseName, TaskCompletionSource<bool>> _answers = [];
    private readonly Queue<LeaseName> _order = new();

    /// <summary>The answer to this report, or to the one that came before it; null: there was none.</summary>
    public Task<bool>? Find(LeaseName lease) => _answers.TryGetValue(lease, out var answer) ? answer.Task : null;

    public bool WasAnswered(LeaseName lease) => _answers.TryGetValue(lease, out var answer) && answer.Task.IsCompleted;

    /// <summary>A report is on its way to its partition.</summary>
    public Task<bool> Await(LeaseName lease)
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _answers[lease] = answer;
        return answer.Task;
    }

    /// <summary>Its partition has answered. Also said of reports that nobody waits for.</summary>
    public void Answer(LeaseName lease, bool taken)
    {
        if (!_answers.TryGetValue(lease, out var answer)) return;
        if (!answer.TrySetResult(taken)) return;
        _order.Enqueue(lease);
        if (_order.Count > Capacity) _answers.Remove(_order.Dequeue());
    }
}
