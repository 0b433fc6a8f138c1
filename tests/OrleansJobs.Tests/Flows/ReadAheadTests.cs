using OrleansJobs.Flows;

namespace OrleansJobs.Tests.Flows;

public class ReadAheadTests
{
    [Theory]
    [InlineData(0, 0), InlineData(0, 1), InlineData(0, 128), InlineData(0, 129), InlineData(5, 700), InlineData(127, 1000), InlineData(0, 1024), InlineData(3, 5000)]
    public async Task Each_IsReadInItsTurn_AndOnce_WhateverFitsIntoAPage(int first, int end)
    {
        var random = new Random(end);
        var (pages, single) = (new List<(int From, int Count)>(), new List<int>());
        var missing = Enumerable.Range(0, end).Where(_ => random.Next(5) == 0).ToHashSet();
        var ahead = new ReadAhead<int>(ReadAsync, place =>
        {
            single.Add(place);
            return Task.FromResult(place);
        }, first, end);
        for (var place = first; place < end; place++) Assert.Equal(place, await ahead.NextAsync());
        Assert.Equal(Enumerable.Range(first, end - first), pages.OrderBy(page => page.From).SelectMany(page => Enumerable.Range(page.From, page.Count)));
        Assert.Equal(missing.Where(place => place >= first).Order(), single.Order());

        async Task<Read<int>[]> ReadAsync(int from, int count)
        {
            pages.Add((from, count));
            if (random.Next(2) == 0) await Task.Yield();
            return [.. Enumerable.Range(from, count).Select(place => missing.Contains(place) ? default : new Read<int>(true, place))];
        }
    }

    [Fact]
    public async Task WhereAPageDidNotHoldAll_LaterOnesAskForFew()
    {
        var pages = new List<int>();
        var ahead = new ReadAhead<int>((from, count) =>
        {
            pages.Add(count);
            return Task.FromResult(Enumerable.Range(from, count).Select(place => place == 1000 ? default : new Read<int>(true, place)).ToArray());
        }, Task.FromResult, 0, 2400);
        for (var place = 0; place < 2400; place++) Assert.Equal(place, await ahead.NextAsync());
        // Two are under way before it is known.
        Assert.Equal([1024, 1024, 128, 128, 96], pages);
    }

    [Fact]
    public async Task WhatDoesNotFit_IsReadSomeAtATime_AndNotOneAfterTheOther()
    {
        const int Count = 100;
        var asked = new List<TaskCompletionSource<int>>();
        var ahead = new ReadAhead<int>((_, count) => Task.FromResult(new Read<int>[count]), _ =>
        {
            asked.Add(new());
            return asked[^1].Task;
        }, 0, Count);
        for (var place = 0; place < Count; place++)
        {
            var next = ahead.NextAsync();
            Assert.Equal(Math.Min(Count, place + 16), asked.Count);
            asked[place].SetResult(place);
            Assert.Equal(place, await next);
        }
    }
}
