using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Submitting;

/// <summary>What a receipt that is no acceptance means to the client.</summary>
internal static class SubmitProblem
{
    private static readonly TimeSpan ShortWait = TimeSpan.FromSeconds(1);

    public static Problem? Of(SubmitReceipt receipt, bool byKey) => receipt.Outcome switch
    {
        SubmitOutcome.Accepted or SubmitOutcome.Replayed or SubmitOutcome.Coalesced => null,
        SubmitOutcome.NotUnique => Problem.OfMember(ProblemTypes.NotUnique, "/unique", receipt.Reason ?? "Another job has the same unique value."),
        SubmitOutcome.Throttled => new(ProblemTypes.KeyRate, receipt.Reason ?? "The rate of its key allows no other submit now.") { RetryAfter = receipt.RetryAfter },
        SubmitOutcome.Conflict when byKey => new(ProblemTypes.KeyReused, "A request with other content was sent with this Idempotency-Key."),
        SubmitOutcome.Conflict => Problem.OfMember(ProblemTypes.IdTaken, "/id", $"A job with other content has the id '{receipt.Id}'."),
        SubmitOutcome.Rejected => SubmissionBuilder.OfRules(receipt.Problems),
        SubmitOutcome.Overloaded => new(ProblemTypes.Overloaded, receipt.Reason ?? "The grid is full.")
        {
            RetryAfter = receipt.RetryAfter > TimeSpan.Zero ? receipt.RetryAfter : ShortWait,
        },
        _ => new(ProblemTypes.Unavailable, "The store did not answer in time. Send the request again, with the same id or Idempotency-Key if it had one.")
        {
            RetryAfter = ShortWait,
        },
    };
}
