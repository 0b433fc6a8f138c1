namespace OrleansJobs;

/// <summary>Reports of attempts that somebody outside of the grid's workers has taken over, as the service that an <c>http</c> job called. Key: the partition's number.</summary>
[Alias("oj.IPartitionReports")]
internal interface IPartitionReports : IGrainWithIntegerKey
{
    /// <summary>How an attempt ended. Stored when it is answered; one that is repeated is answered as it was before.</summary>
    /// <returns><see cref="JobChangeOutcome.WrongState"/>: the attempt is not the job's current one any more.</returns>
    [Alias("end"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobChangeOutcome> EndHeld(WorkReport report);

    /// <summary>How far an attempt is.</summary>
    /// <inheritdoc cref="EndHeld" path="/returns"/>
    [Alias("progress"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobChangeOutcome> TellHeld(WorkProgress progress);
}
