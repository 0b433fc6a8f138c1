using OrleansJobs;

namespace HandlerHost;

public sealed record InvoiceArgs(string Order, IReadOnlyList<InvoiceLine> Lines);

public sealed record InvoiceLine(string Article, int Quantity);

/// <param name="Order">Whose invoice it is.</param>
/// <param name="Cents">The sum over all lines.</param>
public sealed record Invoice(string Order, long Cents);

/// <summary>Prices an order line by line, and goes on after the last priced line should its silo be lost.</summary>
[Job("invoice", Queue = "billing", Attempts = 5, TimeoutSeconds = 300, Description = "Prices an order and makes its invoice.")]
public sealed class InvoiceJob(PriceList prices) : IJob<InvoiceArgs, Invoice>
{
    public async Task<Invoice> RunAsync(InvoiceArgs args, JobContext job, CancellationToken cancellation)
    {
        var (line, cents) = job.Checkpoint<Priced>() ?? new(0, 0);
        for (; line < args.Lines.Count; line++)
        {
            var (article, quantity) = args.Lines[line];
            job.Report(line, args.Lines.Count, $"Pricing {article}");
            // Trying again would find the same.
            if (quantity < 1) throw new GiveUpException($"Line {line + 1}: a quantity is 1 or more; it is {quantity}.");
            cents += quantity * await prices.FindAsync(article, cancellation);
            if (line % 10 == 9) await job.SaveCheckpointAsync(new Priced(line + 1, cents), cancellation);
        }

        job.Report(line, args.Lines.Count, "Invoice made");
        return new Invoice(args.Order, cents);
    }

    private sealed record Priced(int Lines, long Cents);
}
