using System.Text;
using OrleansJobs.Topics;

namespace OrleansJobs.Tests.Topics;

/// <summary>Which keys fit which patterns: the tree and the comparison of one pattern, beside a matcher that tries everything.</summary>
public class TopicPatternTests
{
    [Theory]
    [InlineData("orders.eu.created", "orders.eu.created", true)]
    [InlineData("orders.eu.created", "orders.us.created", false)]
    [InlineData("orders.eu", "orders.eu.created", false)]
    [InlineData("orders.eu.created", "orders.eu", false)]
    [InlineData("orders.*.created", "orders.eu.created", true)]
    [InlineData("orders.*.created", "orders.created", false)]
    [InlineData("orders.*.created", "orders.eu.x.created", false)]
    [InlineData("*", "orders", true)]
    [InlineData("*", "orders.eu", false)]
    [InlineData("#", "orders", true)]
    [InlineData("#", "orders.eu.created", true)]
    [InlineData("orders.#", "orders", true)]
    [InlineData("orders.#", "orders.eu.created", true)]
    [InlineData("orders.#", "order", false)]
    [InlineData("#.created", "created", true)]
    [InlineData("#.created", "orders.eu.created", true)]
    [InlineData("#.created", "orders.created.eu", false)]
    [InlineData("orders.#.created", "orders.created", true)]
    [InlineData("orders.#.created", "orders.a.b.created", true)]
    [InlineData("#.*", "a", true)]
    [InlineData("#.*.#", "a", true)]
    [InlineData("*.#.*", "a", false)]
    [InlineData("*.#.*", "a.b", true)]
    [InlineData("#.#", "a", true)]
    [InlineData("#.a.#.a.#", "b.a.b", false)]
    [InlineData("#.a.#.a.#", "b.a.b.a", true)]
    [InlineData("Orders", "orders", false)]
    public void Keys_FitPatterns(string pattern, string key, bool fits)
    {
        Assert.Equal(fits, TopicPatterns.Fits(pattern, key));
        Assert.Equal(fits, Naive(pattern.Split('.'), key.Split('.')));
        var tree = new TopicTrie<string>();
        tree.Add(pattern, "it");
        Assert.Equal(fits ? ["it"] : [], tree.Match(key));
    }

    [Theory]
    [InlineData("a", true, true)]
    [InlineData("a.b-c_d:e@f+g~0", true, true)]
    [InlineData("*", false, true)]
    [InlineData("#", false, true)]
    [InlineData("a.*.#", false, true)]
    [InlineData("", false, false)]
    [InlineData(".", false, false)]
    [InlineData("a.", false, false)]
    [InlineData(".a", false, false)]
    [InlineData("a..b", false, false)]
    [InlineData("a b", false, false)]
    [InlineData("a/b", false, false)]
    [InlineData("a*", false, false)]
    [InlineData("##", false, false)]
    [InlineData("a.\u00e9", false, false)]
    [InlineData(null, false, false)]
    public void Keys_AndPatterns_AreWordsWithDotsBetweenThem(string? text, bool isKey, bool isPattern)
    {
        Assert.Equal(isKey, TopicPatterns.IsKey(text));
        Assert.Equal(isPattern, TopicPatterns.IsPattern(text));
    }

    [Fact]
    public void Keys_HaveBounds()
    {
        Assert.True(TopicPatterns.IsKey(string.Join('.', Enumerable.Repeat("a", 32))));
        Assert.False(TopicPatterns.IsKey(string.Join('.', Enumerable.Repeat("a", 33))));
        Assert.True(TopicPatterns.IsKey(new string('a', 255)));
        Assert.False(TopicPatterns.IsKey(new string('a', 256)));
    }

    /// <summary>Bindings come and go, and what is found is always what trying each one would find.</summary>
    [Fact]
    public void Drawn_TheTreeFindsWhatTryingAllWouldFind()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var words = random.Next(1, 5);
            var tree = new TopicTrie<string>();
            var bound = new Dictionary<string, string>();
            for (var step = 0; step < 200; step++)
            {
                switch (random.Next(4))
                {
                    case 0 or 1:
                        var id = $"b{random.Next(40)}";
                        if (bound.TryGetValue(id, out var was)) Assert.True(tree.Remove(was, id));
                        bound[id] = Draw(random, words, isPattern: true);
                        tree.Add(bound[id], id);
                        break;
                    case 2 when bound.Count > 0:
                        var (gone, pattern) = bound.ElementAt(random.Next(bound.Count));
                        Assert.True(tree.Remove(pattern, gone));
                        Assert.False(tree.Remove(pattern, gone));
                        bound.Remove(gone);
                        break;
                    default:
                        var key = Draw(random, words, isPattern: false);
                        var wanted = bound.Where(entry => Naive(entry.Value.Split('.'), key.Split('.'))).Select(entry => entry.Key).Order(StringComparer.Ordinal);
                        Assert.Equal(wanted, tree.Match(key).Order(StringComparer.Ordinal));
                        Assert.All(bound, entry => Assert.Equal(Naive(entry.Value.Split('.'), key.Split('.')), TopicPatterns.Fits(entry.Value, key)));
                        break;
                }

                Assert.Equal(bound.Count, tree.Count);
            }

            foreach (var (id, pattern) in bound) Assert.True(tree.Remove(pattern, id));
            Assert.Empty(tree.Match("a"));
        }
    }

    /// <summary>Each of them may take up any of 32 words: trying all ways would not end.</summary>
    [Fact]
    public void ManyHashes_DoNotMultiply()
    {
        var pattern = string.Join('.', Enumerable.Repeat("#.a", 16));
        var key = string.Join('.', Enumerable.Repeat("a", 31).Append("b"));
        var tree = new TopicTrie<string>();
        tree.Add(pattern, "it");
        tree.Add(pattern, "again");
        Assert.Empty(tree.Match(key));
        Assert.False(TopicPatterns.Fits(pattern, key));
        Assert.Equal(2, tree.Match(key[..^2]).Count);
    }

    private static string Draw(Random random, int words, bool isPattern)
    {
        var text = new StringBuilder();
        for (var left = random.Next(1, 7); left > 0; left--)
        {
            if (text.Length > 0) text.Append('.');
            text.Append(isPattern && random.Next(5) < 2 ? (random.Next(2) == 0 ? "*" : "#") : ((char)('a' + random.Next(words))).ToString());
        }

        return text.ToString();
    }

    /// <summary>As it is said: no word more clever than the next.</summary>
    private static bool Naive(ReadOnlySpan<string> pattern, ReadOnlySpan<string> key)
    {
        if (pattern.Length == 0) return key.Length == 0;
        if (pattern[0] == "#")
        {
            for (var taken = 0; taken <= key.Length; taken++)
            {
                if (Naive(pattern[1..], key[taken..])) return true;
            }

            return false;
        }

        return key.Length > 0 && (pattern[0] == "*" || pattern[0] == key[0]) && Naive(pattern[1..], key[1..]);
    }
}
