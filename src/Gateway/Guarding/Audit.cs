using Microsoft.Extensions.Logging;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>A line of the log for each change that somebody asked for and was entitled to: who, from where, what, which, with what outcome, and why.</summary>
internal sealed partial class Audit(ILogger<Audit> logger)
{
    /// <summary>The order as the grid keeps it.</summary>
    public static ChangeOrder Order(HttpContext context, string? reason)
    {
        var caller = Caller.Of(context);
        return new(caller.Id, reason) { Queues = caller.IsLimited ? [.. caller.Queues] : null };
    }

    /// <summary>Makes a change of a job and writes it down.</summary>
    public Task<JobChange> JobAsync(HttpContext context, string what, string id, string? reason, Func<ChangeOrder, Task<JobChange>> change) =>
        NoteAsync(context, what, $"job {id}", reason, change, done => done.Outcome.ToString());

    /// <summary>Submits another job like one and writes it down.</summary>
    public Task<SubmitReceipt> CopyAsync(HttpContext context, string id, Func<Task<SubmitReceipt>> submit) =>
        NoteAsync(context, "copy", $"job {id}", null, _ => submit(), receipt => $"{receipt.Outcome} as job {receipt.Id}");

    /// <summary>Begins what is to be done to many jobs and writes it down: to which, and the job that does it, under whose id each change is kept.</summary>
    public Task<SubmitReceipt> ActionAsync(HttpContext context, ActionArgs action, Func<Task<SubmitReceipt>> begin) => NoteAsync(
        context, action.DryRun ? $"count to {action.Action}" : action.Action,
        action.Ids is { } ids ? $"{ids.Length} jobs" : OnOneLine($"jobs with {string.Join(", ", action.Filter!.Select(one => $"{one.Key}={one.Value}"))}"),
        action.Reason, _ => begin(), receipt => $"{receipt.Outcome} as job {receipt.Id}");

    /// <summary>Makes a change of a queue and writes it down.</summary>
    public Task<QueueInfo> QueueAsync(HttpContext context, string what, string queue, string? reason, Func<ChangeOrder, Task<QueueInfo>> change) =>
        NoteAsync(context, what, $"queue {queue}", reason, change, _ => nameof(JobChangeOutcome.Done));

    /// <summary>Makes a change of a schedule and writes it down.</summary>
    public Task<ScheduleAnswer> ScheduleAsync(HttpContext context, string what, string id, string? reason, Func<ChangeOrder, Task<ScheduleAnswer>> change) =>
        NoteAsync(context, what, $"schedule {id}", reason, change, answer => answer.Outcome.ToString());

    /// <summary>Makes a change of a key and writes it down.</summary>
    public Task<KeyAnswer> KeyAsync(HttpContext context, string what, string name, string? reason, Func<Task<KeyAnswer>> change) =>
        NoteAsync(context, what, $"key {name}", reason, _ => change(), answer => answer.Outcome.ToString());

    /// <summary>Makes a change of a binding and writes it down.</summary>
    public Task<BindingAnswer> BindingAsync(HttpContext context, string what, string id, Func<Task<BindingAnswer>> change) =>
        NoteAsync(context, what, $"binding {id}", null, _ => change(), answer => answer.Outcome.ToString());

    /// <summary>Changes the limits of a queue and writes it down.</summary>
    public Task<KeyAnswer> QueueLimitsAsync(HttpContext context, string what, string queue, string? reason, Func<Task<KeyAnswer>> change) =>
        NoteAsync(context, what, $"limits of queue {queue}", reason, _ => change(), answer => answer.Outcome.ToString());

    /// <summary>Does something with the store and writes it down.</summary>
    public Task<StoreCopy> StoreAsync(HttpContext context, string what, Func<ChangeOrder, Task<StoreCopy>> change) =>
        NoteAsync(context, what, "store", null, change, copy => copy.Name ?? "Refused");

    /// <summary>Says what a job type is and writes it down.</summary>
    public Task<string[]> TypeAsync(HttpContext context, string type, Func<ChangeOrder, Task<string[]>> change) =>
        NoteAsync(context, "announce", $"type {type}", null, change, warnings => warnings.Length == 0 ? nameof(JobChangeOutcome.Done) : "Warned");

    /// <summary>Sends a job a signal and writes it down, without what it says.</summary>
    public Task<SignalReceipt> SignalAsync(HttpContext context, string id, string name, Func<Task<SignalReceipt>> send) =>
        NoteAsync(context, "signal", $"job {id} '{OnOneLine(name)}'", null, _ => send(), receipt => receipt.Outcome.ToString());

    private async Task<T> NoteAsync<T>(HttpContext context, string what, string which, string? reason, Func<ChangeOrder, Task<T>> change, Func<T, string> outcomeOf)
    {
        // Whoever changes something does not choose what is written of it by an exception: of a lost answer nobody knows what became.
        var outcome = "Unknown";
        var order = Order(context, reason);
        try
        {
            var done = await change(order);
            outcome = outcomeOf(done);
            return done;
        }
        finally
        {
            LogChange(OnOneLine(order.By), ClientAddress.NameOf(context.Connection.RemoteIpAddress), what, which, outcome, OnOneLine(reason));
        }
    }

    /// <summary>A line break in it would look like another line of the log.</summary>
    private static string OnOneLine(string? text) =>
        text is null ? "" : text.Any(char.IsControl) ? string.Create(text.Length, text, (line, from) =>
        {
            for (var i = 0; i < line.Length; i++) line[i] = char.IsControl(from[i]) ? ' ' : from[i];
        }) : text;

    [LoggerMessage(1, LogLevel.Information, "{Who} from {Address}: {What} {Which}: {Outcome}. Reason: {Why}")]
    private partial void LogChange(string who, string address, string what, string which, string outcome, string why);
}
