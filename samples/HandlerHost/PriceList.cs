namespace HandlerHost;

/// <summary>Stands in for a service of some other team that takes its time.</summary>
public sealed class PriceList(TimeProvider time)
{
    private static readonly TimeSpan LookUp = TimeSpan.FromMilliseconds(50);

    /// <returns>Cents.</returns>
    public async Task<long> FindAsync(string article, CancellationToken cancellation)
    {
        await Task.Delay(LookUp, time, cancellation);
        return 100 + article.Length * 25;
    }
}
