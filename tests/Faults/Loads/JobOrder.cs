using System.Globalization;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Loads;

/// <summary>One job that the load is to send.</summary>
/// <param name="Args">JSON.</param>
/// <param name="Eta">Instead of a countdown: the instant at which it is due.</param>
/// <param name="More">Further members of the request, each with a comma before it, such as <c>,"queue":"q"</c>.</param>
internal sealed record JobOrder(string Type, string Args, ExpectedEnd Expected, TimeSpan Countdown = default, string More = "", string? Key = null, DateTimeOffset? Eta = null)
{
    /// <summary>The id that it is sent under; null: one that the load makes.</summary>
    public string? Id { get; init; }

    public string ToJson(string? id)
    {
        var countdown = Countdown > TimeSpan.Zero ? FormattableString.Invariant($",\"countdown\":{Countdown.TotalSeconds}") : "";
        if (Eta is { } eta) countdown = $",\"eta\":\"{eta.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)}\"";
        var name = id is null ? "" : $",\"id\":\"{id}\"";
        return $"{{\"type\":\"{Type}\",\"args\":{Args}{name}{countdown}{More}}}";
    }

    /// <summary>Before this moment, on the monotonic clock, no handler may start it.</summary>
    public long NotBefore(long sentAt)
    {
        var wait = Eta is { } eta ? eta - TimeProvider.System.GetUtcNow() : Countdown;
        // The wall clock is read in milliseconds by those who keep it.
        return sentAt + Math.Max(0, Monotonic.Of(wait) - Monotonic.Of(Eta is null ? TimeSpan.Zero : TimeSpan.FromMilliseconds(2)));
    }

    public static JobOrder Sleep(int milliseconds, TimeSpan countdown = default) =>
        new("sleep", $"{{\"ms\":{milliseconds}}}", ExpectedEnd.Success, countdown);
}
