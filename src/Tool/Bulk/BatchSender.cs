using System.Text.Json;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Bulk;

/// <summary>
/// Sends batches, again where the answer is lost or the gateway has no room: nothing is made twice by that, since each line has an id of its own or its place under a key. What is under way when
/// it is to end may come to its end.
/// </summary>
internal sealed class BatchSender : IDisposable
{
    /// <summary>How long the gateway may be away, or full.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <summary>Whoever asks to be left alone for longer is asked after so long whether it is still so.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>How long a request that is under way is waited for when all is to end.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);

    private readonly GatewayClient _gateway;
    private readonly string _key;
    private readonly TimeProvider _time;
    private readonly CancellationToken _end;
    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenRegistration _registration;

    /// <param name="key">Of all, to which the number of a block is added.</param>
    /// <param name="end">All is to end.</param>
    public BatchSender(GatewayClient gateway, string key, TimeProvider time, CancellationToken end)
    {
        (_gateway, _key, _time, _end) = (gateway, key, time, end);
        _registration = end.Register(() => _ = EndAsync());
    }

    public void Dispose()
    {
        _registration.Dispose();
        // Not disposed of: a farewell may still be on its way.
        _over.Cancel();
    }

    /// <param name="count">So many of its lines.</param>
    public async Task<BatchAnswers> SendAsync(Batch batch, int count)
    {
        var answers = new BatchAnswers(new JsonElement?[count]);
        if (count == 0) return answers;
        // Those that others may name in their after come first.
        await SendAsync(batch, count, entry => entry.Mistake is null && entry.HasId, null, answers);
        if (answers.Failure is null) await SendAsync(batch, count, entry => entry.Mistake is null && !entry.HasId, $"{_key}/{batch.Block}", answers);
        return answers;
    }

    private async Task SendAsync(Batch batch, int count, Predicate<Entry> isMeant, string? key, BatchAnswers answers)
    {
        if (batch.Write(count, isMeant) is not { } lines) return;
        var (began, wasLost) = (_time.GetTimestamp(), false);
        for (var tries = 1; ; tries++)
        {
            GatewayException? failure = null;
            var delay = TimeSpan.FromMilliseconds(Math.Min(250 << Math.Min(tries, 10), LongestDelay.TotalMilliseconds));
            try
            {
                if (Take(await _gateway.SubmitLinesAsync(lines, key, _over.Token), batch, isMeant, answers.Items)) return;
            }
            catch (GatewayException exception) when (exception.IsTransient)
            {
                failure = exception;
                wasLost |= !exception.IsRate;
                if (exception.RetryAfter is { } wait && wait > delay) delay = wait < LongestWait ? wait : LongestWait;
                // It has done nothing, and says when it will: that is no gateway that is away, however slow its limit makes this.
                if (exception is { IsRate: true, RetryAfter: not null }) began = _time.GetTimestamp() + (long)(delay.TotalSeconds * _time.TimestampFrequency);
            }
            catch (GatewayException exception)
            {
                answers.Fail(exception, wasLost || exception.IsForeign);
                return;
            }
            catch (OperationCanceledException) when (_over.IsCancellationRequested)
            {
                return;
            }

            if (_end.IsCancellationRequested) return;
            if (_time.GetElapsedTime(began) + delay > Patience)
            {
                // Where some were answered, what came of the others is told by their own answers.
                if (failure is not null && !answers.HasAny) answers.Fail(failure, mayBeAccepted: true);
                return;
            }

            try
            {
                await Task.Delay(delay, _time, _end);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <returns>False: of some it may be otherwise when they are sent again.</returns>
    private bool Take(JsonElement answer, Batch batch, Predicate<Entry> isMeant, JsonElement?[] answers)
    {
        var isFinal = true;
        var items = answer.Items("items").Skip(batch.Offset).ToList();
        for (var i = 0; i < answers.Length; i++)
        {
            if (!isMeant(batch.Entries[i])) continue;
            if (i >= items.Count || items[i].Number("status") is null) throw GatewayException.Foreign(_gateway.Url, "It answered fewer lines than it was sent.");
            answers[i] = items[i];
            isFinal &= !IsTransient(items[i]);
        }

        return isFinal;
    }

    /// <summary>Whether a line may be answered otherwise soon. What its key's rate refuses is refused for as long as the rule says, and the others are not.</summary>
    public static bool IsTransient(JsonElement item) => item.Number("status") switch
    {
        429 => item.Member("problem")?.Text("type") != "urn:orleansjobs:problem:key-rate",
        408 or >= 500 => true,
        _ => false,
    };

    private async Task EndAsync()
    {
        await Task.Delay(Farewell, _time);
        await _over.CancelAsync();
    }
}
