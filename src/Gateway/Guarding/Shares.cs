namespace OrleansJobs.Gateway.Guarding;

/// <summary>Counts what each of many has taken, up to the same share for all.</summary>
internal sealed class Shares(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);

    public bool TryTake(string name)
    {
        lock (_lock)
        {
            var taken = _taken.GetValueOrDefault(name);
            if (taken >= most) return false;
            _taken[name] = taken + 1;
            return true;
        }
    }

    public void GiveBack(string name)
    {
        lock (_lock)
        {
            var left = _taken[name] - 1;
            if (left > 0) _taken[name] = left;
            else _taken.Remove(name);
        }
    }
}
