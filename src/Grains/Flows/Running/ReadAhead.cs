namespace OrleansJobs.Flows;

/// <summary>Something that was asked for together with others, if there was room for it.</summary>
internal readonly record struct Read<T>(bool IsThere, T Value);

/// <summary>Reads one after the other, by the page and a page in advance; what did not fit into its page, some at a time.</summary>
/// <param name="read">Those of some places.</param>
/// <param name="readOne">One that did not fit into its page.</param>
internal sealed class ReadAhead<T>(Func<int, int, Task<Read<T>[]>> read, Func<int, Task<T>> readOne, int first, int end)
{
    private const int PerPage = 128;

    /// <summary>Single ones that are read at a time.</summary>
    private const int MostSingles = 16;

    private readonly Dictionary<int, Task<T>> _singles = [];
    private int _next = first;
    private int _begin = first;
    private Task<Read<T>[]>? _page;
    private Task<Read<T>[]>? _after;

    public Task<T> NextAsync()
    {
        var place = _next++;
        if (_page is null || place >= _begin + PerPage)
        {
            if (_page is not null) _begin += PerPage;
            _page = _after ?? ReadPage(_begin);
            _after = _begin + PerPage < end ? ReadPage(_begin + PerPage) : null;
        }

        if (!_page.IsCompletedSuccessfully) return PickAsync(_page, place, _begin);
        var found = _page.Result[place - _begin];
        return found.IsThere ? Task.FromResult(found.Value) : One(_page.Result, place, _begin);
    }

    private Task<Read<T>[]> ReadPage(int from) => read(from, Math.Min(PerPage, end - from));

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
}
