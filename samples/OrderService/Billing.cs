using OrleansJobs;

namespace OrderService;

/// <summary>What this service knows of the jobs that billing runs. The handler is in another process and another repository.</summary>
public static class Billing
{
    public static readonly JobType<InvoiceArgs, Invoice> MakeInvoice = new("invoice", Queue: "billing");
}

public sealed record InvoiceArgs(string Order, IReadOnlyList<OrderLine> Lines);

public sealed record OrderLine(string Article, int Quantity);

public sealed record Invoice(string Order, long Cents);
