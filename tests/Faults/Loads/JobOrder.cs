using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Loads;

/// <summary>One job that the load is to send.</summary>
/// <param name="Args">JSON.</param>
/// <param name="More">Further members of the request, each with a comma before it, such as <c>,"queue":"q"</c>.</param>
internal sealed record JobOrder(string Type, string Args, ExpectedEnd Expected, TimeSpan Countdown = default, string More = "", string? Key = null)
{
    public string ToJson(string? id)
    {
        var countdown = Countdown > TimeSpan.Zero ? FormattableString.Invariant($",\"countdown\":{Countdown.TotalSeconds}") : "";
        var name = id is null ? "" : $",\"id\":\"{id}\"";
        return $"{{\"type\":\"{Type}\",\"args\":{Args}{name}{countdown}{More}}}";
    }

    public static JobOrder Sleep(int milliseconds, TimeSpan countdown = default) =>
        new("sleep", $"{{\"ms\":{milliseconds}}}", ExpectedEnd.Success, countdown);
}
