using OrleansJobs.Batches;

namespace OrleansJobs.Workers;

/// <summary>Batches: several leases, one slot. Each lease is named, fenced, cancelled and reported as any other.</summary>
internal sealed partial class WorkerEngine
{
    public void Returned(RunningBatch batch, IReadOnlyList<(RunningJob Job, AttemptEnding Ending)> endings)
    {
        lock (_gate)
        {
            var first = batch.Members[0];
            foreach (var (job, ending) in endings)
            {
                if (job.Stage is JobStage.Running) Report(job, ending, JobStage.Ended);
            }

            foreach (var job in batch.Members) job.Stage = JobStage.Ended;
            foreach (var job in batch.Members) Unstick(job);
            if (batch.IsStuck) _slots.Unstick(first.Queue);
            else _slots.Finish(first.Queue);
            _ahead.Finished(_time.GetElapsedTime(first.Since));
            _slots.Ahead = _ahead.Allowed;
            StartWaiting();
        }

        Pump();
    }

    /// <summary>A batch has come in and is counted as one that waits. Those of it that are here already, or have ended, are left out.</summary>
    private void TakeBatch(Lease[] leases, bool hasSlot)
    {
        var (queue, ties) = (leases[0].Queue, _ties[leases[0].Partition]);
        var members = new List<RunningJob>(leases.Length);
        foreach (var lease in leases)
        {
            var name = new LeaseName(lease.Id, lease.Token);
            if (_held.ContainsKey(name) || ties.Ended.Contains(name)) LogNotTaken(lease.Id, lease.Token);
            else if (FencingToken.GenerationOf(lease.Token) < ties.OldestGeneration)
            {
                LogTooOld(lease.Id, lease.Token);
                SendBack(lease, GivenUp);
            }
            else if (!_handlers.TryGet(lease.Type, out var handler) || handler is not IBatchHandler) SendBack(lease, UnknownType);
            else
            {
                ties.Meet(FencingToken.GenerationOf(lease.Token));
                var job = new RunningJob(lease, handler, _attempts) { Since = _time.GetTimestamp(), HasSlot = hasSlot };
                _held.Add(name, job);
                members.Add(job);
            }
        }

        if (members.Count == 0)
        {
            _slots.Drop(queue);
            return;
        }

        var batch = new RunningBatch([.. members]);
        if (_draining || _trial.IsOn || _slots.IsPaused(queue)) End([members[0]], AttemptEnding.Returned);
        else _waiting.Add(batch.Members[0]);
    }

    private void BeginBatch(RunningJob first)
    {
        foreach (var job in first.Batch!.Members) (job.Stage, job.Since) = (JobStage.Running, first.Since);
    }

    /// <summary>None of them got a slot.</summary>
    private void EndWaiting(RunningBatch batch, AttemptEnding ending)
    {
        foreach (var job in batch.Members) Report(job, job.Reason is StopReason.Cancel ? AttemptEnding.Cancelled : ending, JobStage.Ended);
    }

    /// <summary>One of a batch has ended while its handler runs on.</summary>
    /// <returns>Whether it was the last, and the handler was to have stopped.</returns>
    private bool EndMember(RunningJob job, RunningBatch batch, AttemptEnding ending, bool returned)
    {
        var isLast = !returned && !batch.IsStuck && !Array.Exists(batch.Members, member => member != job && member.Stage is JobStage.Running);
        Report(job, ending, returned ? JobStage.Ended : JobStage.Stuck, keepsSlot: isLast);
        // Also where it is the partition that is told next: nothing else would have it sent.
        Pump();
        if (!isLast) return false;
        batch.IsStuck = true;
        _slots.Stick(job.Queue);
        _stuck.Add(job);
        StartWaiting();
        return true;
    }
}
