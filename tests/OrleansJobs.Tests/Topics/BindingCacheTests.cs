using OrleansJobs.Tests.Partitions;
using OrleansJobs.Topics;

namespace OrleansJobs.Tests.Topics;

/// <summary>What a silo knows of bindings, of a home that changes them, moves, and is opened from a store that has lost some.</summary>
public class BindingCacheTests
{
    private readonly Home _home = new();
    private readonly BindingCache _cache;

    public BindingCacheTests() => _cache = new(() => _home);

    [Fact]
    public async Task WhatChanges_IsFetchedWhereItIsWanted_AndNotBefore()
    {
        _home.Put("a", "x");
        Assert.Equal("a", await MatchAsync());
        _home.Put("b", "#");
        Assert.Equal("a", await MatchAsync(_home.Told[0]));
        Assert.Equal("a b", await MatchAsync());
        var (asked, all) = (_home.Asked, _home.Pages);
        Assert.Equal("a b", await MatchAsync());
        Assert.Equal((asked, all), (_home.Asked, _home.Pages));
        _home.Delete("a");
        Assert.Equal("b", await MatchAsync());
        Assert.Equal(all, _home.Pages);
    }

    [Fact]
    public async Task WhatAFailoverHasLost_IsForgotten_AndWhatItHasBroughtBackIsThere()
    {
        _home.Put("kept", "x");
        _home.Keep();
        _home.Put("put-lost", "x");
        _home.Delete("kept");
        Assert.Equal("put-lost", await MatchAsync());
        _home.LoseAll();
        // All partitions have been told of the opening, before anything is put anew.
        Assert.Equal("kept", await MatchAsync());
        _home.Put("new", "x");
        Assert.Equal("kept new", await MatchAsync());
    }

    [Fact]
    public async Task AVersionThatTheHomeHasLost_IsOneThatItCountsOnFrom()
    {
        _home.Put("a", "x");
        var lost = _home.Known with { Number = _home.Known.Number + 5_000_000 };
        Assert.Equal("a", await MatchAsync(lost));
        Assert.InRange(_home.Asked, 1, 2);
        _home.Put("b", "x");
        Assert.True(_home.Known.Number > lost.Number);
        Assert.Equal("a b", await MatchAsync());
    }

    [Fact]
    public async Task AHomeThatDoesNotKnowYetThatItIsOver_IsNotAskedForEver()
    {
        _home.Put("a", "x");
        _home.IsStale = true;
        await Assert.ThrowsAsync<TimeoutException>(() => MatchAsync(_home.Known with { Opening = _home.Known.Opening + 1 }));
        Assert.InRange(_home.Asked, 1, 4);
        _home.IsStale = false;
        Assert.Equal("a", await MatchAsync());
    }

    [Fact]
    public async Task PagesOfTwoOpenings_AreNotTakenForOneList()
    {
        for (var i = 0; i < 5000; i++) _home.Put($"b{i:0000}", "x");
        _home.Keep();
        for (var i = 0; i < 2500; i++) _home.Delete($"b{i:0000}");
        _home.BetweenPages = _home.LoseAll;
        Assert.Equal(5000, (await MatchAsync()).Split(' ').Length);
    }

    [Fact]
    public async Task AHomeThatMovesAllTheTime_IsGivenUp()
    {
        for (var i = 0; i < 2001; i++) _home.Put($"b{i:0000}", "x");
        _home.BetweenPages = _home.Reopen;
        await Assert.ThrowsAsync<TimeoutException>(() => MatchAsync());
    }

    private async Task<string> MatchAsync(BindingsVersion? wanted = null) =>
        string.Join(' ', (await _cache.MatchAsync("x", wanted ?? _home.Known)).Found.Select(binding => binding.Id));

    /// <summary>The home of bindings without a grain about it. What it has lost is in another store.</summary>
    private sealed class Home : IPartitionTopics
    {
        private CoreDriver _driver = new();
        private List<(string Id, string Pattern)> _kept = [];

        public List<BindingsVersion> Told { get; } = [];
        public int Asked { get; private set; }
        public int Pages { get; private set; }
        public bool IsStale { get; set; }
        public Action? BetweenPages { get; set; }
        public BindingsVersion Known => _driver.Core.Bindings.Known;

        public void Put(string id, string pattern)
        {
            _driver.Core.Bindings.Put(new() { Id = id, Pattern = pattern, Type = "work" }, _driver.Now);
            _driver.Commit();
            Told.Add(Known);
        }

        public void Delete(string id)
        {
            Assert.True(_driver.Core.Bindings.Delete(id, _driver.Now));
            _driver.Commit();
        }

        /// <summary>What is there now is what the store will still have.</summary>
        public void Keep() => _kept = [.. _driver.Core.Bindings.Page("", int.MaxValue - 1).Bindings.Select(binding => (binding.Id, binding.Pattern))];

        public void LoseAll()
        {
            BetweenPages = null;
            var generation = _driver.Core.Generation;
            // As if it had never come so far: less has been put, and the versions of it are lower.
            _driver = new CoreDriver { Now = _driver.Now - 1_000_000 };
            foreach (var (id, pattern) in _kept) Put(id, pattern);
            while (_driver.Core.Generation <= generation) _driver.Reopen();
        }

        public void Reopen() => _driver.Reopen();

        public Task<BindingPage> ListBindings(string after, int limit)
        {
            if (after.Length > 0) BetweenPages?.Invoke();
            Pages++;
            return Task.FromResult(_driver.Core.Bindings.Page(after, limit));
        }

        public Task<BindingChanges> ReadBindingChanges(BindingsVersion after, BindingsVersion wanted)
        {
            Asked++;
            if (!IsStale) _driver.Core.Bindings.Know(wanted);
            return Task.FromResult(_driver.Core.Bindings.ChangesAfter(after));
        }

        public Task<PublishAnswer> Publish(TopicEvent told) => throw new NotSupportedException();

        public Task<BindingAnswer> PutBinding(TopicBinding binding) => throw new NotSupportedException();

        public Task<BindingAnswer> DeleteBinding(string id) => throw new NotSupportedException();

        public Task<TopicBinding?> GetBinding(string id) => throw new NotSupportedException();

        public Task KnowBindings(BindingsVersion version) => throw new NotSupportedException();

        public Task<PublishedEvents> ListenToTopics(ChangePlace after, TimeSpan atMost) => throw new NotSupportedException();
    }
}
