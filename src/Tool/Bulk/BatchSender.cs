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

    /// <summary>How long a request that is under way is waited for when all is to end.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);

    private readonly GatewayClient _gateway;
    private readonly string _key;
    private readonly TimeProvider _time;
    private readonly CancellationToken _end;
    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenRegistration _registration;

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
    /// <returns>What came of each line that is none by itself: its item of the answer. Null: nobody knows.</returns>
    /// <exception cref="GatewayException">Of all of it.</exception>
    public async Task<JsonElement?[]> SendAsync(Batch batch, int count)
    {
        var answers = new JsonElement?[count];
        if (count == 0) return answers;
        // Those that others may name in their after come first.
        await SendAsync(batch, count, entry => entry.Mistake is null && entry.HasId, null, answers);
        await SendAsync(batch, count, entry => entry.Mistake is null && !entry.HasId, $"{_key}/{batch.Block}", answers);
        return answers;
    }

    private async Task SendAsync(Batch batch, int count, Predicate<Entry> isMeant, string? key, JsonElement?[] answers)
    {
        if (batch.Write(count, isMeant) is not { } lines) return;
        var began = _time.GetTimestamp();
        for (var tries = 1; ; tries++)
        {
            GatewayException? failure = null;
            var delay = TimeSpan.FromMilliseconds(Math.Min(250 << Math.Min(tries, 10), LongestDelay.TotalMilliseconds));
            try
            {
                if (Take(await _gateway.SubmitLinesAsync(lines, key, _over.Token), batch, isMeant, answers)) return;
            }
            catch (GatewayException exception) when (exception.IsTransient)
            {
                failure = exception;
                if (exception.RetryAfter is { } wait && wait > delay) delay = wait;
            }
            catch (OperationCanceledException) when (_over.IsCancellationRequested)
            {
                return;
            }

            if (_end.IsCancellationRequested) return;
            if (_time.GetElapsedTime(began) + delay > Patience)
            {
                // Where some were answered, what came of the others is told by their own answers.
                if (failure is null || answers.Any(answer => answer is not null)) return;
                throw failure;
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
            if (i >= items.Count || items[i].Number("status") is not { } status) throw GatewayException.Foreign(_gateway.Url, "It answered fewer lines than it was sent.");
            answers[i] = items[i];
            isFinal &= !IsTransient(status);
        }

        return isFinal;
    }

    public static bool IsTransient(long status) => status is 408 or 429 or >= 500;

    private async Task EndAsync()
    {
        await Task.Delay(Farewell, _time);
        await _over.CancelAsync();
    }
}
