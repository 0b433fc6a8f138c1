using System.CommandLine;
using OrleansJobs.Tool.Commands;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Bulk;

/// <summary><c>submit -</c>: a submit a line from the standard input, in batches, one after the other.</summary>
internal sealed class BulkSubmit
{
    private const int Lines = 500;

    /// <summary>Of the key of all, to which the size and the number of a block are added.</summary>
    private const int LongestKey = 240;

    private readonly Option<bool> _keepGoing = new("--keep-going", "-k") { Description = "With -: go on after a line that is wrong or refused. Default: the first one ends it." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "With -: print no ids." };
    private readonly Option<int?> _batch = new("--batch") { Description = $"With -: so many lines at a time, 1 to {Batch.MostLines}. Default: {Lines}." };
    private readonly Option<int?> _block = new("--block")
    {
        Description = $"With - and --idempotency-key: so many lines share a key, 1 to {Batch.MostLines}, and always as many where the same lines are sent again. For gateways that take fewer. Default: {Lines}.",
    };

    public IEnumerable<Option> Options => [_keepGoing, _quiet, _batch, _block];

    /// <param name="givenKey">The user's. Null: these lines are not to be sent a second time.</param>
    public async Task<int> RunAsync(Session session, ParseResult parsed, string? givenKey, CancellationToken cancellation)
    {
        var lines = parsed.GetValue(_batch) ?? Lines;
        if (lines is < 1 or > Batch.MostLines) throw new UsageException($"--batch is 1 to {Batch.MostLines}; it is {lines}.");
        if (givenKey?.Length > LongestKey) throw new UsageException($"With submit - an idempotency key has at most {LongestKey} characters: the lines' keys are made of it.");
        if (parsed.GetValue(_block) is { } given && (givenKey is null || given is < 1 or > Batch.MostLines)) throw new UsageException($"--block is 1 to {Batch.MostLines}, and goes with --idempotency-key.");
        // However many lines go at a time, a line keeps its place: what is sent again otherwise cut makes nothing twice.
        int? block = givenKey is null ? null : parsed.GetValue(_block) ?? Lines;
        var key = Inputs.Key(session, givenKey) + (block is null ? "" : $"/{block}");
        var report = new BulkReport(session, parsed.GetValue(_quiet));
        using var sender = new BatchSender(session.Gateway, key, session.Surroundings.Time, cancellation);
        using var batches = new BatchReader(session.Surroundings.OpenInput(), lines, block, session.Surroundings.Time, cancellation);
        return await RunAsync(batches, sender, report, parsed.GetValue(_keepGoing), cancellation);
    }

    private static async Task<int> RunAsync(BatchReader batches, BatchSender sender, BulkReport report, bool keepsGoing, CancellationToken cancellation)
    {
        var (first, last) = (0L, 0L);
        try
        {
            while (await ReadAsync() is { } batch)
            {
                var wrong = keepsGoing ? -1 : batch.Entries.FindIndex(entry => entry.Mistake is not null);
                var count = wrong < 0 ? batch.Entries.Count : wrong;
                if (count > 0) (first, last) = (batch.Entries[0].Line, batch.Entries[count - 1].Line);
                var answers = await sender.SendAsync(batch, count);
                for (var i = 0; i < count; i++)
                {
                    // What was not answered is told of together.
                    if (answers.Failure is null || answers.Items[i] is not null || batch.Entries[i].Mistake is not null) report.Tell(batch.Entries[i], answers.Items[i]);
                }

                if (answers.Failure is { } failure)
                {
                    report.End(WhyOf(answers, failure, first, last));
                    throw failure;
                }

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
        catch (IOException)
        {
            report.End($"Not all of it could be printed. {Behind(last)}");
            throw;
        }

        async Task<Batch?> ReadAsync()
        {
            try
            {
                return await batches.ReadAsync(cancellation);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                report.End(Behind(last));
                throw new UsageException($"The standard input cannot be read: {exception.Message}");
            }
        }
    }

    private static string WhyOf(BatchAnswers answers, GatewayException failure, long first, long last)
    {
        var lines = answers.HasAny ? $"the other lines from {first} to {last}" : $"lines {first} to {last}";
        return answers.MayBeAccepted
            ? $"What came of {lines} is not known; nothing behind them was sent. Where an --idempotency-key was given, all may be sent again."
            : $"{char.ToUpperInvariant(lines[0])}{lines[1..]} were refused together, and nothing behind them was sent.{(failure.IsTooLarge ? " Fewer at a time may be taken: --batch." : "")}";
    }

    private static string Behind(long line) => line > 0 ? $"Nothing behind line {line} was sent." : "Nothing was sent.";
}
