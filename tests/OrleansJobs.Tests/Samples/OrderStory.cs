using System.Net;
using System.Net.Http.Json;

namespace OrleansJobs.Tests.Samples;

/// <summary>What a customer of the order service sees.</summary>
internal static class OrderStory
{
    public static async Task RunAsync(HttpClient service)
    {
        object[] lines = [.. Enumerable.Range(1, 25).Select(i => new { article = $"cup-{i:00}", quantity = i })];

        using var placed = await service.PutAsJsonAsync("/orders/A-1", lines);
        Assert.Equal(HttpStatusCode.Accepted, placed.StatusCode);
        Assert.Equal("/orders/A-1/progress", placed.Headers.Location!.ToString());

        // Watched to the end, step by step.
        var progress = (await service.GetStringAsync("/orders/A-1/progress")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(progress, line => line.StartsWith("PROGRESS ", StringComparison.Ordinal) && line.Contains("/25 Pricing cup-", StringComparison.Ordinal));
        Assert.Equal("SUCCESS 25/25 Invoice made", progress[^1]);

        // Awaited: 100 cents, and 25 more for each of the 6 letters.
        var invoice = await service.GetFromJsonAsync<Invoice>("/orders/A-1/invoice");
        Assert.Equal(new Invoice("A-1", Enumerable.Range(1, 25).Sum() * 250), invoice);

        // Placed again, it is the same order; with other lines, it is a mistake.
        using var again = await service.PutAsJsonAsync("/orders/A-1", lines);
        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        using var other = await service.PutAsJsonAsync("/orders/A-1", lines[..1]);
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);

        // One that cannot succeed says why; one that nobody placed is not there.
        using var wrong = await service.PutAsJsonAsync("/orders/A-2", new[] { new { article = "cup", quantity = 0 } });
        using var failed = await service.GetAsync("/orders/A-2/invoice");
        Assert.Equal(HttpStatusCode.Conflict, failed.StatusCode);
        Assert.Contains("Line 1: a quantity is 1 or more", await failed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var none = await service.GetAsync("/orders/B-1/progress");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);

        // Withdrawn while it runs.
        using var withdrawn = await service.PutAsJsonAsync("/orders/A-3", Enumerable.Range(1, 1000).Select(i => new { article = "cup", quantity = i }));
        using var cancelled = await service.DeleteAsync("/orders/A-3");
        Assert.Equal(HttpStatusCode.NoContent, cancelled.StatusCode);
        Assert.StartsWith("REVOKED", (await service.GetStringAsync("/orders/A-3/progress")).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);
    }

    private sealed record Invoice(string Order, long Cents);
}
