using System.CommandLine;
using OrleansJobs.Tool.Commands;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Bulk;

/// <summary><c>submit -</c>: a submit a line from the standard input, in batches, one after the other.</summary>
internal sealed class BulkSubmit
{
    private const int Lines = 500;

    /// <summary>Of the key of all, to which the number of a block is added.</summary>
    private const int LongestKey = 240;

    private readonly Option<bool> _keepGoing = new("--keep-going", "-k") { Description = "With -: go on after a line that is wrong or refused. Default: the first one ends it." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "With -: print no ids." };
    private readonly Option<int?> _batch = new("--batch") { Description = $"With -: so many lines at a time, 1 to {Batch.MostLines}. Default: {Lines}." };

    public IEnumerable<Option> Options => [_keepGoing, _quiet, _batch];

    /// <param name="givenKey">The user's. Null: these lines are not to be sent a second time.</param>
    public async Task<int> RunAsync(Session session, ParseResult parsed, string? givenKey, CancellationToken cancellation)
    {
        var lines = parsed.GetValue(_batch) ?? Lines;
        if (lines is < 1 or > Batch.MostLines) throw new UsageException($"--batch is 1 to {Batch.MostLines}; it is {lines}.");
        if (givenKey?.Length > LongestKey) throw new UsageException($"With submit - an idempotency key has at most {LongestKey} characters: the lines' keys are made of it.");
        var key = Inputs.Key(session, givenKey);
        var report = new BulkReport(session, parsed.GetValue(_quiet));
        using var sender = new BatchSender(session.Gateway, key, session.Surroundings.Time, cancellation);
        using var batches = new BatchReader(session.Surroundings.OpenInput(), lines, givenKey is not null, session.Surroundings.Time, cancellation);
        return await RunAsync(batches, sender, report, parsed.GetValue(_keepGoing), cancellation);
    }

    private static async Task<int> RunAsync(BatchReader batches, BatchSender sender, BulkReport report, bool keepsGoing, CancellationToken cancellation)
    {
        var (first, last) = (0L, 0L);
        try
        {
            while (await batches.ReadAsync(cancellation) is { } batch)
            {
                var wrong = keepsGoing ? -1 : batch.Entries.FindIndex(entry => entry.Mistake is not null);
                var count = wrong < 0 ? batch.Entries.Count : wrong;
                if (count > 0) (first, last) = (batch.Entries[0].Line, batch.Entries[count - 1].Line);
                var answers = await sender.SendAsync(batch, count);
                for (var i = 0; i < count; i++) report.Tell(batch.Entries[i], answers[i]);
                if (wrong >= 0) report.Tell(batch.Entries[wrong], null);
                report.Flush();
                cancellation.ThrowIfCancellationRequested();
                if (!report.IsUnavailable && (keepsGoing || report.ExitCode == ExitCodes.Done)) continue;
                report.End(Behind(last));
                return report.ExitCode;
            }

            report.End(null);
            return report.ExitCode;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            report.End($"Interrupted. {Behind(last)}");
            return ExitCodes.Interrupted;
        }
        catch (GatewayException exception)
        {
            report.End(exception.IsTransient
                ? $"What came of lines {first} to {last} is not known; nothing behind them was sent. Where an --idempotency-key was given, all may be sent again."
                : $"Lines {first} to {last} were refused together, and nothing behind them was sent.{(exception.IsTooLarge ? " Fewer at a time may be taken: --batch." : "")}");
            throw;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            report.End(Behind(last));
            throw new UsageException($"The standard input cannot be read: {exception.Message}");
        }
    }

    private static string Behind(long line) => line > 0 ? $"Nothing behind line {line} was sent." : "Nothing was sent.";
}
