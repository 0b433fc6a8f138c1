namespace OrleansJobs.Topics;

/// <summary>
/// Patterns as a tree of words, so that what fits a key is found by the key's words and not by the number of patterns. Each word of the key is one step for all branches
/// that are still in question; a branch is taken up once in a step, so that several <c>#</c> in a pattern do not multiply. One caller at a time.
/// </summary>
/// <typeparam name="T">What is bound to a pattern.</typeparam>
internal sealed class TopicTrie<T>
    where T : class
{
    private readonly Node _root = new(isAny: false);
    private List<Node> _now = [];
    private List<Node> _next = [];
    private long _step;

    /// <summary>How much is bound.</summary>
    public int Count { get; private set; }

    public void Add(string pattern, T value)
    {
        var node = _root;
        foreach (var word in pattern.Split('.')) node = node.Make(word);
        node.Values.Add(value);
        Count++;
    }

    /// <returns>False where it was not bound to the pattern.</returns>
    public bool Remove(string pattern, T value)
    {
        var words = pattern.Split('.');
        var path = new Node[words.Length + 1];
        path[0] = _root;
        for (var i = 0; i < words.Length; i++)
        {
            if (path[i].Find(words[i]) is not { } next) return false;
            path[i + 1] = next;
        }

        if (!path[^1].Values.Remove(value)) return false;
        Count--;
        for (var i = words.Length; i > 0 && path[i].IsEmpty; i--) path[i - 1].Drop(words[i - 1]);
        return true;
    }

    /// <summary>All that is bound to a pattern that the key fits, in no order.</summary>
    public List<T> Match(string key)
    {
        _now.Clear();
        _step++;
        Enter(_root, _now);
        var words = key.AsSpan();
        foreach (var range in words.Split('.'))
        {
            _next.Clear();
            _step++;
            var word = words[range];
            foreach (var node in _now)
            {
                // It takes any number of words: this one too.
                if (node.IsAny) Enter(node, _next);
                if (node.Find(word) is { } child) Enter(child, _next);
                if (node.One is { } one) Enter(one, _next);
            }

            (_now, _next) = (_next, _now);
            if (_now.Count == 0) return [];
        }

        var found = new List<T>();
        foreach (var node in _now) found.AddRange(node.Values);
        return found;
    }

    /// <summary>A branch is in question, and with it what follows it without a word.</summary>
    private void Enter(Node node, List<Node> into)
    {
        for (var next = node; next is not null && next.Step != _step; next = next.Any)
        {
            next.Step = _step;
            into.Add(next);
        }
    }

    private sealed class Node(bool isAny)
    {
        private Dictionary<string, Node>? _words;
        private Dictionary<string, Node>.AlternateLookup<ReadOnlySpan<char>> _lookup;

        public bool IsAny { get; } = isAny;
        public Node? One { get; private set; }
        public Node? Any { get; private set; }
        public List<T> Values { get; } = [];

        /// <summary>The step in which it was last entered.</summary>
        public long Step { get; set; }

        public bool IsEmpty => Values.Count == 0 && One is null && Any is null && _words is not { Count: > 0 };

        public Node? Find(ReadOnlySpan<char> word) => _words is not null && _lookup.TryGetValue(word, out var node) ? node : null;

        public Node? Find(string word) => word switch { TopicPatterns.One => One, TopicPatterns.Any => Any, _ => Find(word.AsSpan()) };

        public Node Make(string word)
        {
            switch (word)
            {
                case TopicPatterns.One: return One ??= new(isAny: false);
                case TopicPatterns.Any: return Any ??= new(isAny: true);
            }

            if (_words is null)
            {
                _words = new(StringComparer.Ordinal);
                _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();
            }

            if (!_words.TryGetValue(word, out var node)) _words.Add(word, node = new(isAny: false));
            return node;
        }

        public void Drop(string word)
        {
            switch (word)
            {
                case TopicPatterns.One: One = null; break;
                case TopicPatterns.Any: Any = null; break;
                default: _words!.Remove(word); break;
            }
        }
    }
}
