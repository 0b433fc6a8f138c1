using System.Text.RegularExpressions;

namespace OrleansJobs.Gateway.Schemas;

/// <summary>
/// The work that checking the arguments of one request may take, be they of one job or of a batch. Without it a few hundred bytes could cost minutes:
/// where alternatives nest, each level may double the walks, and a pattern may take time that grows with the power of a string's length.
/// </summary>
internal sealed class SchemaBudget
{
    /// <summary>Steps for any request, however short. A step is one value held against one schema, or <see cref="BytesPerStep"/> bytes read again.</summary>
    public const long BaseSteps = 500_000;

    /// <summary>Steps more for each byte of the body: the shortest value has two, and is held against a few schemas where the type is polymorphic.</summary>
    public const long StepsPerByte = 4;

    /// <summary>What is copied, skipped or searched costs by its length.</summary>
    public const int BytesPerStep = 16;

    /// <summary>Schemas within schemas at one place of the arguments. A schema that refers to itself without going deeper would never end.</summary>
    public const int MaxDepth = 256;

    /// <summary>Time that all patterns together may take.</summary>
    public static readonly TimeSpan PatternTime = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider _time;
    private readonly long _steps;
    private long _left;
    private TimeSpan _patternTime = PatternTime;
    private int _depth;

    /// <param name="bytes">The length of the body.</param>
    public SchemaBudget(long bytes, TimeProvider time)
    {
        _time = time;
        _left = _steps = BaseSteps + StepsPerByte * bytes;
    }

    /// <summary>What is checked has places that will be filled in later: they fit whatever is asked of them.</summary>
    public bool IsTemplate { get; set; }

    public void Spend(long bytes)
    {
        if ((_left -= 1 + bytes / BytesPerStep) < 0) throw new SchemaBudgetException($"more than {_steps:N0} steps");
    }

    public void Enter()
    {
        Spend(0);
        if (++_depth > MaxDepth) throw new SchemaBudgetException($"more than {MaxDepth} schemas within one another");
    }

    public void Leave() => _depth--;

    public bool Matches(Regex pattern, string text)
    {
        Spend(text.Length);
        var started = _time.GetTimestamp();
        try
        {
            if (_patternTime < TimeSpan.Zero) throw new RegexMatchTimeoutException();
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            // Used up: the next one is not tried.
            _patternTime = TimeSpan.MinValue / 2;
            throw new SchemaBudgetException($"more than {PatternTime.TotalMilliseconds} ms for its patterns");
        }
        finally
        {
            _patternTime -= _time.GetElapsedTime(started);
        }
    }

    /// <summary>Once it is used up, nothing else is checked in the same request.</summary>
    public void Close() => (_left, _depth) = (Math.Min(_left, 0), 0);
}

/// <summary>The arguments cannot be checked within the budget of their request.</summary>
internal sealed class SchemaBudgetException(string what) : Exception
{
    public string Detail => $"It cannot be checked against the job type's schema: that takes {what}. Send it in fewer or flatter values.";
}
