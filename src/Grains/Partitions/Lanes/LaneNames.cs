namespace OrleansJobs.Partitions;

/// <summary>Names of lanes, with the last one remembered: jobs that come one after the other mostly go to the same lane, and each asks for it more than once.</summary>
internal sealed class LaneNames
{
    private (string Queue, int Priority, string Type, bool Suspects, string? Key) _last;
    private string _name = "";

    public string Of(string queue, int priority, string type, bool suspects, string? key)
    {
        var asked = (queue, priority, type, suspects, key);
        if (_name.Length > 0 && asked == _last) return _name;
        _last = asked;
        return _name = Lane.NameOf(queue, priority, type, suspects, key);
    }
}
