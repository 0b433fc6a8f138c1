namespace OrleansJobs.Histories;

/// <summary>What one partition answers: steps in which something was counted, each as one series, and all of them together by name.</summary>
[GenerateSerializer, Immutable, Alias("oj.historySlice")]
internal sealed record HistorySlice
{
    /// <summary>Names of types, and of queues, that one answer tells apart.</summary>
    public const int MaxNames = 100;

    /// <summary>The numbers of the steps, in order.</summary>
    [Id(0)] public long[] Steps { get; init; } = [];

    /// <summary>What was counted in each of them.</summary>
    [Id(1)] public byte[][] Counts { get; init; } = [];

    /// <summary>What waited when the first step that was asked for began.</summary>
    [Id(2)] public long WaitingBefore { get; init; }

    /// <summary>All steps by type; queues are not told.</summary>
    [Id(3)] public byte[] Types { get; init; } = [];

    /// <summary>All steps by queue; types are not told.</summary>
    [Id(4)] public byte[] Queues { get; init; } = [];

    /// <summary>Makes an answer of rows.</summary>
    /// <param name="rows">Rows of steps, in any order; others are left out.</param>
    /// <param name="before">The row of a step before the first; null: nothing waited.</param>
    public static HistorySlice Of(HistoryQuestion question, IEnumerable<byte[]> rows, byte[]? before)
    {
        var (types, queues) = (new PeriodCounts(0, MaxNames, MaxNames), new PeriodCounts(0, MaxNames, MaxNames));
        var steps = new SortedDictionary<long, SeriesCounts>();
        foreach (var period in rows.Select(row => PeriodCounts.Decode(row)).Where(period => period.Index >= question.First && period.Index <= question.Last).OrderBy(period => period.Index))
        {
            steps[period.Index] = SumOf(question, period);
            foreach (var ((queue, type), series) in period.Series)
            {
                if (!question.Fits(queue, type)) continue;
                types.Of(JobHistory.Other, type).AddEarlier(series);
                queues.Of(queue, JobHistory.Other).AddEarlier(series);
            }
        }

        return new()
        {
            Steps = [.. steps.Keys], Counts = [.. steps.Values.Select(series => series.Encode())], Types = types.Encode(), Queues = queues.Encode(),
            WaitingBefore = before is null ? 0 : SumOf(question, PeriodCounts.Decode(before)).Waiting,
        };
    }

    private static SeriesCounts SumOf(HistoryQuestion question, PeriodCounts period)
    {
        var sum = new SeriesCounts();
        foreach (var ((queue, type), series) in period.Series)
        {
            if (question.Fits(queue, type)) sum.AddBeside(series);
        }

        return sum;
    }
}
