using System.Text.Json;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Bulk;

/// <summary>What came of a batch.</summary>
/// <param name="items">Of each line that is none by itself: its item of the answer. Null: it was not answered.</param>
internal sealed class BatchAnswers(JsonElement?[] items)
{
    public JsonElement?[] Items => items;

    /// <summary>What ended it, where not all were answered because of it.</summary>
    public GatewayException? Failure { get; private set; }

    /// <summary>Those that were not answered may have been accepted all the same.</summary>
    public bool MayBeAccepted { get; private set; }

    public bool HasAny => items.Any(item => item is not null);

    public BatchAnswers Fail(GatewayException failure, bool mayBeAccepted)
    {
        (Failure, MayBeAccepted) = (failure, mayBeAccepted);
        return this;
    }
}
