using OrleansJobs;

namespace OrderService;

/// <summary>Takes orders, and lets the grid make their invoices.</summary>
internal static class Orders
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    public static void MapOrders(this WebApplication app)
    {
        app.MapPut("/orders/{number}", PlaceAsync);
        app.MapGet("/orders/{number}/invoice", InvoiceAsync);
        app.MapGet("/orders/{number}/progress", ProgressAsync);
        app.MapDelete("/orders/{number}", CancelAsync);
    }

    /// <summary>Placing an order twice makes one invoice: the order's number is the job's id.</summary>
    private static async Task<IResult> PlaceAsync(string number, OrderLine[] lines, IJobClient jobs, CancellationToken cancellation)
    {
        try
        {
            var job = await jobs.SubmitAsync(Billing.MakeInvoice, new(number, lines), new() { Id = JobOf(number) }, cancellation);
            return Results.Accepted($"/orders/{number}/progress", new { number, job = job.Id });
        }
        catch (JobConflictException)
        {
            return Results.Conflict(new { error = $"Order {number} was placed with other lines." });
        }
        catch (JobRejectedException rejected)
        {
            return Results.UnprocessableEntity(new { error = rejected.Message });
        }
    }

    /// <summary>Waits for the invoice, for half a minute at most.</summary>
    private static async Task<IResult> InvoiceAsync(string number, IJobClient jobs, TimeProvider time, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(Wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            return Results.Ok(await jobs.Get<Invoice>(JobOf(number)).ResultAsync(either.Token));
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return Results.Accepted($"/orders/{number}/progress");
        }
        catch (JobNotFoundException)
        {
            return Results.NotFound();
        }
        catch (JobEndedException ended)
        {
            return Results.Conflict(new { error = ended.Message });
        }
    }

    /// <summary>A line for each change, until the end.</summary>
    private static async Task ProgressAsync(string number, HttpResponse response, IJobClient jobs, CancellationToken cancellation)
    {
        response.ContentType = "text/plain; charset=utf-8";
        try
        {
            await foreach (var status in jobs.Get(JobOf(number)).WatchAsync(cancellation))
            {
                await response.WriteAsync($"{status.State.Name} {status.Current}/{status.Total} {status.Message}\n", cancellation);
                await response.Body.FlushAsync(cancellation);
            }
        }
        catch (JobNotFoundException) when (!response.HasStarted)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
        }
    }

    private static async Task<IResult> CancelAsync(string number, IJobClient jobs, CancellationToken cancellation)
    {
        try
        {
            return await jobs.Get(JobOf(number)).CancelAsync("The customer withdrew.", cancellation) ? Results.NoContent() : Results.Conflict(new { error = "The invoice is made." });
        }
        catch (JobNotFoundException)
        {
            return Results.NotFound();
        }
    }

    private static string JobOf(string number) => $"invoice-{number}";
}
