using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>A token bucket for each key, or for each address where there are no keys.</summary>
internal sealed class RateLimits(IOptions<JobGatewayOptions> options, TimeProvider time)
{
    /// <summary>Buckets of addresses that are kept at a time; full ones are dropped beyond it, since a fresh one is full too.</summary>
    private const int MaxBuckets = 10_000;

    private readonly RateLimitOptions _common = options.Value.RateLimit;
    private readonly ConcurrentDictionary<string, TokenBucket> _buckets = new(StringComparer.Ordinal);

    /// <exception cref="ProblemException">429: it has used up what it may.</exception>
    public void Take(HttpContext context, int requests = 1)
    {
        if (requests <= 0) return;
        var limit = ApiKeys.Of(context)?.RateLimit ?? _common;
        if (limit.RequestsPerSecond <= 0) return;
        var name = Caller.ShareOf(context);
        if (!_buckets.TryGetValue(name, out var bucket))
        {
            if (_buckets.Count >= MaxBuckets) Sweep();
            bucket = _buckets.GetOrAdd(name, static (_, arg) => new TokenBucket(arg.limit, arg.time), (limit, time));
        }
        else if (bucket.Limit != limit)
        {
            // The key was given another limit since.
            _buckets[name] = bucket = new TokenBucket(limit, time);
        }

        if (bucket.TryTake(requests, out var wait)) return;
        throw new ProblemException(new(ProblemTypes.RateLimited, $"At most {limit.RequestsPerSecond:0.###} requests a second; a batch counts as many as it has jobs.")
        {
            RetryAfter = wait,
        });
    }

    private void Sweep()
    {
        foreach (var (name, bucket) in _buckets)
        {
            if (bucket.IsFull) _buckets.TryRemove(name, out _);
        }
    }
}

/// <summary>Tokens that come back at a steady rate, up to a full bucket.</summary>
internal sealed class TokenBucket(RateLimitOptions limit, TimeProvider time)
{
    private readonly double _size = limit.Burst > 0 ? Math.Max(1, limit.Burst) : Math.Max(1, limit.RequestsPerSecond * 2);
    private readonly Lock _lock = new();
    private double _tokens = limit.Burst > 0 ? Math.Max(1, limit.Burst) : Math.Max(1, limit.RequestsPerSecond * 2);
    private long _asOf = time.GetTimestamp();

    public RateLimitOptions Limit => limit;

    public bool IsFull
    {
        get
        {
            lock (_lock)
            {
                Refill();
                return _tokens >= _size;
            }
        }
    }

    /// <summary>Takes so many tokens, all or none. More than the bucket holds are granted to a full one and leave a debt, so that no batch is too large for ever.</summary>
    /// <param name="wait">How long until it would work.</param>
    public bool TryTake(int count, out TimeSpan wait)
    {
        lock (_lock)
        {
            Refill();
            var needed = Math.Min(count, _size);
            if (_tokens < needed)
            {
                wait = TimeSpan.FromSeconds((needed - _tokens) / limit.RequestsPerSecond);
                return false;
            }

            _tokens -= count;
            wait = TimeSpan.Zero;
            return true;
        }
    }

    private void Refill()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(_size, _tokens + time.GetElapsedTime(_asOf, now).TotalSeconds * limit.RequestsPerSecond);
        _asOf = now;
    }
}
