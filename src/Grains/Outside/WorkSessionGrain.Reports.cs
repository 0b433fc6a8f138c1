using OrleansJobs.Diagnostics;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>What the worker says of how attempts have ended.</summary>
internal sealed partial class WorkSessionGrain
{
    private async Task<bool> ReportAsync(WorkReport report)
    {
        var name = NameOf(report.Lease);
        // Another silo may have kept the session: its partition says whose the lease is. Until then it is held, on the worker's word, though its call names it no more.
        var hasWaited = false;
        while (_answers.Find(name) is null && !_book.ContainsKey(name) && !_ties[PartitionOf(name.Id)].IsKnown)
        {
            hasWaited = true;
            _reported.Add(name);
            await _woken.Task.WaitAsync(_closing.Token);
        }

        _reported.Remove(name);
        if (_answers.Find(name) is { } earlier) return await earlier;
        if (End(report, name) is not { } answer) return false;
        // What its call brought went out long ago.
        if (hasWaited) Pump();
        return await answer;
    }

    /// <returns>What its partition will say; null where the lease is not this session's.</returns>
    private Task<bool>? End(WorkReport report, LeaseName name)
    {
        if (!_book.TryGetValue(name, out var lease) || lease.HasEnded)
            return Sabotage.IsOff(Safeguard.SessionLeases) && report.Outcome is WorkOutcome.Success ? PassOn(report, name) : null;
        // It was, if not in an answer of this activation.
        if (lease.GivenAt == 0) lease.GivenAt = _time.GetTimestamp();
        lease.Log(report.Logs, services.Clock.Now, _time.GetTimestamp());
        End(lease, ReportRules.EndingOf(
            report, lease.Failures, lease.Policy, lease.Stop, services.Options.Limits, Random.Shared.NextDouble()));
        return _answers.Await(name);
    }

    /// <summary>What a session must not do: it leaves the partition to see that the lease is not its own.</summary>
    private Task<bool> PassOn(WorkReport report, LeaseName name)
    {
        Tell(PartitionOf(name.Id), new JobReport { Id = name.Id, Token = name.Token, Kind = ReportKind.Succeeded, Result = report.Result, MaxAttempts = 1 });
        return _answers.Await(name);
    }

    private void End(HeldLease lease, AttemptEnding ending) => Tell(lease.Lease.Partition, lease.End(ending));

    private void Tell(int partition, JobReport report)
    {
        _outbox.Add(partition, report);
        _ties[partition].Reports++;
        _plan.Reported(partition);
    }
}
