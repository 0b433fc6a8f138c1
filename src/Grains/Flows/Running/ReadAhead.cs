namespace OrleansJobs.Flows;

/// <summary>Something that was asked for together with others, if there was room for it.</summary>
internal readonly record struct Read<T>(bool IsThere, T Value);

/// <summary>Reads one after the other, by the page and a page in advance; what did not fit into its page, some at a time.</summary>
/// <param name="read">Those of some places.</param>
/// <param name="readOne">One that did not fit into its page.</param>
internal sealed class ReadAhead<T>(Func<int, int, Task<Read<T>[]>> read, Func<int, Task<T>> readOne, int first, int end)
{
    /// <summary>Of a page: so many that each of the places they are read from is asked for more than a few of them.</summary>
    private const int MostPerPage = 1024;

    /// <summary>The same where they are so large that a page did not hold all of them.</summary>
    private const int FewPerPage = 128;

    /// <summary>Single ones that are read at a time.</summary>
    private const int MostSingles = 16;

    private readonly Dictionary<int, Task<T>> _singles = [];
    private int _perPage = MostPerPage;
    private int _next = first;
    private Page? _page;
    private Page? _after;

    public Task<T> NextAsync()
    {
        var place = _next++;
        if (_page is null || place >= _page.End)
        {
            if (_page is { IsShort: true }) _perPage = FewPerPage;
            _page = _after ?? ReadPage(place);
            _after = _page.End < end ? ReadPage(_page.End) : null;
        }

        if (!_page.Read.IsCompletedSuccessfully) return PickAsync(_page.Read, place, _page.Begin);
        var found = _page.Read.Result[place - _page.Begin];
        return found.IsThere ? Task.FromResult(found.Value) : One(_page.Read.Result, place, _page.Begin);
    }

    private Page ReadPage(int from)
    {
        var count = Math.Min(_perPage, end - from);
        return new(from, from + count, read(from, count));
    }

    private async Task<T> PickAsync(Task<Read<T>[]> page, int place, int begin)
    {
        var all = await page.ConfigureAwait(false);
        return all[place - begin] is { IsThere: true } found ? found.Value : await One(all, place, begin).ConfigureAwait(false);
    }

    /// <summary>One that is not in its page, and with it the next of those.</summary>
    private Task<T> One(Read<T>[] page, int place, int begin)
    {
        lock (_singles)
        {
            for (var next = place; next < begin + page.Length && _singles.Count < MostSingles; next++)
            {
                if (!page[next - begin].IsThere && !_singles.ContainsKey(next)) _singles.Add(next, readOne(next));
            }

            return _singles.Remove(place, out var one) ? one : readOne(place);
        }
    }

    private sealed record Page(int Begin, int End, Task<Read<T>[]> Read)
    {
        /// <summary>Not all that was asked for fitted into it.</summary>
        public bool IsShort => Read.IsCompletedSuccessfully && Array.Exists(Read.Result, static one => !one.IsThere);
    }
}
