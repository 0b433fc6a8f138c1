using OrleansJobs.Gateway.Grid;

namespace OrleansJobs.Gateway.Histories;

/// <summary>Answers of the grid about its history. Each asks every partition, so the same question is asked once in a while, however many pages show the answer.</summary>
internal sealed class HistoryAnswers(JobGrid grid, TimeProvider time)
{
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(5);

    /// <summary>Questions that are remembered; an answer is a few hundred kilobytes at most.</summary>
    public const int MaxQuestions = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<HistoryQuery, (long AskedAt, Task<JobHistory> Answer)> _known = [];

    public Task<JobHistory> AskAsync(HistoryQuery query)
    {
        lock (_lock)
        {
            if (_known.TryGetValue(query, out var known) && IsGood(known)) return known.Answer;
            if (_known.Count >= MaxQuestions)
            {
                foreach (var (old, what) in _known.ToList())
                {
                    if (!IsGood(what)) _known.Remove(old);
                }

                if (_known.Count >= MaxQuestions) _known.Remove(_known.MinBy(question => question.Value.AskedAt).Key);
            }

            var answer = GetAsync(query);
            _known[query] = (time.GetTimestamp(), answer);
            return answer;
        }
    }

    private bool IsGood((long AskedAt, Task<JobHistory> Answer) known) =>
        known.Answer is { IsFaulted: false, IsCanceled: false } && (!known.Answer.IsCompleted || time.GetElapsedTime(known.AskedAt) < FreshFor);

    private async Task<JobHistory> GetAsync(HistoryQuery query) => (await grid.Whole.GetHistory(query)).Value;
}
