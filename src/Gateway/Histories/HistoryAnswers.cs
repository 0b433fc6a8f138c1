using OrleansJobs.Gateway.Grid;

namespace OrleansJobs.Gateway.Histories;

/// <summary>Answers of the grid about its history. Each asks every partition, so the same question is asked once in a while, however many pages show the answer.</summary>
internal sealed class HistoryAnswers(JobGrid grid, TimeProvider time)
{
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(5);

    /// <summary>Of hours, of which only the newest changes.</summary>
    public static readonly TimeSpan HoursFreshFor = TimeSpan.FromSeconds(60);

    /// <summary>Questions that are under way: each reads megabytes of the store where many types are told apart.</summary>
    private const int MostAtOnce = 2;

    /// <summary>Questions that are remembered; an answer is a few hundred kilobytes at most.</summary>
    public const int MaxQuestions = 32;

    private readonly SemaphoreSlim _turns = new(MostAtOnce, MostAtOnce);
    private readonly Lock _lock = new();
    private readonly Dictionary<HistoryQuery, (long AskedAt, Task<JobHistory> Answer)> _known = [];

    public Task<JobHistory> AskAsync(HistoryQuery query)
    {
        // Whoever asks for the same steps asks the same; and by the time the grid reckons, the turn of a step changes nothing.
        var range = HistoryRange.Of(query, time.GetUtcNow(), out var wrong);
        if (wrong is null) query = query with { From = range.StartOf(range.First), To = range.StartOf(range.Last + 1) };
        lock (_lock)
        {
            if (_known.TryGetValue(query, out var known) && IsGood(query, known)) return known.Answer;
            if (_known.Count >= MaxQuestions)
            {
                foreach (var (old, what) in _known.ToList())
                {
                    if (!IsGood(old, what)) _known.Remove(old);
                }

                if (_known.Count >= MaxQuestions) _known.Remove(_known.MinBy(question => question.Value.AskedAt).Key);
            }

            var answer = GetAsync(query);
            _known[query] = (time.GetTimestamp(), answer);
            return answer;
        }
    }

    private bool IsGood(HistoryQuery query, (long AskedAt, Task<JobHistory> Answer) known) =>
        known.Answer is { IsFaulted: false, IsCanceled: false } && (!known.Answer.IsCompleted || time.GetElapsedTime(known.AskedAt) < (query.Step == HistoryStep.Hour ? HoursFreshFor : FreshFor));

    private async Task<JobHistory> GetAsync(HistoryQuery query)
    {
        await _turns.WaitAsync();
        try
        {
            return (await grid.Whole.GetHistory(query)).Value;
        }
        finally
        {
            _turns.Release();
        }
    }
}
