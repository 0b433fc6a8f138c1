using OrleansJobs.Trials;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>Suspects, as they concern others than this partition: workers are told of them, convictions are told to the grid.</summary>
internal sealed partial class JobPartitionGrain
{
    private static readonly TimeSpan ExplainRetry = TimeSpan.FromSeconds(1);

    /// <summary>What has been explained is being read, again and again until it can be.</summary>
    private bool _learning;

    private ITrialGrain Trials => GrainFactory.GetGrain<ITrialGrain>(0);

    public Task Explained(string[] silos)
    {
        _core.Suspects.Explain(silos, Now);
        Pump();
        return Task.CompletedTask;
    }

    /// <summary>Reads what has been explained, where that matters here. What comes too late is made good when it comes.</summary>
    private void LearnExplained()
    {
        if (_learning || !_core.Suspects.HasAny) return;
        _learning = true;
        Background(LearnExplainedAsync, "reading which crashes are explained");
    }

    private async Task LearnExplainedAsync()
    {
        _core.Suspects.Explain(await Trials.GetExplained(), Now);
        _learning = false;
        Pump();
    }

    /// <summary>Convicts those whom a crash has proved guilty. What that explains is told first, so that no end of this activation can lose it.</summary>
    private void ConvictProven()
    {
        foreach (var conviction in _core.Suspects.TakeConvicts()) Background(() => ConvictAsync(conviction), "convicting a job");
    }

    private async Task ConvictAsync(Conviction conviction)
    {
        if (conviction.IsByCount && !await IsGuiltyStillAsync(conviction)) return;
        while (true)
        {
            try
            {
                await Trials.Explain(conviction.Silos);
                break;
            }
            catch (Exception exception) when (!_closing.IsCancellationRequested && !_commits.IsOver)
            {
                LogBackground(exception, _partition, "telling which crashes are explained");
            }

            await Task.Delay(ExplainRetry, services.Time, _closing.Token);
        }

        _core.Suspects.Convict(conviction, Now);
        Pump();
        await _commits.Committed();
    }

    /// <summary>Who was present at so many crashes is convicted for those that nobody else is guilty of, and what is explained may not be known here yet.</summary>
    private async Task<bool> IsGuiltyStillAsync(Conviction conviction)
    {
        _core.Suspects.Explain(await Trials.GetExplained(), Now);
        var isGuilty = _core.Suspects.IsGuiltyStill(conviction, Now);
        Pump();
        return isGuilty;
    }
}
