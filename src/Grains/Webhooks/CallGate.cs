using System.Runtime.InteropServices;

namespace OrleansJobs.Webhooks;

/// <summary>
/// How many calls of a silo run at a time, of all and of each receiver, so that one that does not answer takes neither the slots nor the turns of the others. What finds
/// no place is put off for about as long as it takes until there is one: by how long calls take, and by how many have been put off before it. Without a clock of its own.
/// </summary>
internal sealed class CallGate(int most, int mostPerHost)
{
    /// <summary>Milliseconds.</summary>
    public const long LongestDelay = 600_000;

    private const long ShortestDelay = 20;

    /// <summary>A call that finds all places taken by others is put off by about this part of the time for which that has been so.</summary>
    private const long CrowdedOutShare = 16;
    private const long LongestCrowdedOutStep = 500;

    /// <summary>Receivers that are remembered; of those beyond that nobody knows how long they take.</summary>
    private const int MostKnown = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Line> _lines = new(StringComparer.OrdinalIgnoreCase);
    private int _running;

    /// <returns>Null: the call has a place, which <see cref="Leave"/> gives back. Else how many milliseconds to wait before asking again.</returns>
    public long? Enter(string host, long now)
    {
        lock (_gate)
        {
            if (_lines.Count >= MostKnown && !_lines.ContainsKey(host)) Forget(now);
            ref var line = ref CollectionsMarshal.GetValueRefOrAddDefault(_lines, host, out _);
            line ??= new(mostPerHost);
            // By its own pace, also where it is the others that take all places: how long they take is no reason to put this one off for as long.
            if (line.IsFull || _running >= most) return line.PutOff(now, isCrowdedOut: !line.IsFull);
            line.Enter(now);
            _running++;
            return null;
        }
    }

    /// <param name="since">When the call was let in.</param>
    public void Leave(string host, long since, long now)
    {
        lock (_gate)
        {
            _running--;
            if (_lines.TryGetValue(host, out var line)) line.Leave(since, now);
        }
    }

    private void Forget(long now)
    {
        foreach (var (host, line) in _lines)
        {
            if (line.IsIdle(now)) _lines.Remove(host);
        }
    }

    private sealed class Line(int most)
    {
        private readonly List<long> _since = [];
        private double _typical;
        private long _next;

        /// <summary>Since when others have taken all places.</summary>
        private long? _crowdedOutSince;

        public bool IsFull => _since.Count >= most;

        public bool IsIdle(long now) => _since.Count == 0 && _next <= now;

        public void Enter(long now)
        {
            _since.Add(now);
            _crowdedOutSince = null;
        }

        public void Leave(long since, long now)
        {
            _since.Remove(since);
            var took = Math.Max(0, now - since);
            _typical = _typical == 0 ? took : _typical + ((took - _typical) / 4);
        }

        public long PutOff(long now, bool isCrowdedOut)
        {
            // A call that has run for longer than calls do says more than those that have ended.
            var takes = _since.Count == 0 ? _typical : Math.Max(_typical, now - _since[0]);
            var step = Math.Max(ShortestDelay, (long)(takes / most));
            // The longer it lasts the more seldom it asks: each question is a lease and a commit.
            if (isCrowdedOut) step = Math.Max(step, Math.Min((now - (_crowdedOutSince ??= now)) / CrowdedOutShare, LongestCrowdedOutStep));
            _next = Math.Min(Math.Max(_next, now) + step, now + LongestDelay);
            return _next - now;
        }
    }
}
