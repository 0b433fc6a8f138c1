using System.Text.Json;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>The canvases of one run: reads of which jobs they are made, and afterwards holds what came of each against what must.</summary>
internal sealed class CanvasWatch
{
    /// <summary>What waits for a hundred jobs each, where a chord has more than one may follow; the face makes them, and the program does not know of them.</summary>
    private const string Join = "celery.join.canvas";

    /// <summary>The type of what is given the results of a chord's header.</summary>
    private const string Body = "canvas.total";

    /// <summary>As the program has it: a header of 120, and so two joins.</summary>
    private const int JoinsOfOne = 2;
    private const int Readers = 16;
    private readonly FaultRun _run;
    private readonly List<CanvasJob> _jobs = [];
    private int _canvases;
    private int _wide;

    public CanvasWatch(FaultRun run, string file)
    {
        (_run, File) = (run, file);
        run.Complete(CompleteAsync);
    }

    /// <summary>Where the program writes a line for each canvas that was taken.</summary>
    public string File { get; }

    /// <summary>Takes those that have come since: from now on they are looked at as all jobs are.</summary>
    public void Read()
    {
        using var file = new StreamReader(new FileStream(File, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite));
        var text = file.ReadToEnd();
        foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(_canvases)) Take(line);
    }

    private void Take(string line)
    {
        using var json = JsonDocument.Parse(line);
        var canvas = json.RootElement;
        var (sentAt, acceptedAt) = (canvas.GetProperty("sentAt").GetInt64(), canvas.GetProperty("acceptedAt").GetInt64());
        _canvases++;
        if (canvas.GetProperty("kind").GetString() == "a_wide_chord") _wide++;
        foreach (var said in canvas.GetProperty("jobs").EnumerateArray())
        {
            var job = new CanvasJob(
                said.GetProperty("id").GetString()!, said.GetProperty("type").GetString()!, [.. said.GetProperty("after").EnumerateArray().Select(one => one.GetString()!)],
                new(said.GetProperty("end").GetString()!, said.GetProperty("code").GetString()), said.GetProperty("value") is { ValueKind: JsonValueKind.Number } value ? value.GetInt64() : null);
            _jobs.Add(job);
            _run.Load.Adopt(new Submitted(job.Id, job.Type, sentAt, acceptedAt, 0, job.Expected));
        }
    }

    private async Task CompleteAsync(History history)
    {
        await TakeJoinsAsync(history);
        var ends = _jobs.ToDictionary(job => job.Id, job => job.Expected);
        var followers = _jobs.Where(job => job.After.Count > 0).Select(job => new Follower(job.Id, [.. job.After.Select(leader => (leader, FollowOn.Success))], false, job.Expected));
        _run.Then(whole =>
        {
            var bodies = _jobs.Where(job => job.Type == Body).Select(job => job.Id).ToHashSet();
            _run.Figures["bodiesRan"] = whole.Marks.Where(mark => bodies.Contains(mark.Id)).Select(mark => mark.Id).Distinct().Count();
            _run.Expect(_run.Figures["bodiesRan"] > 0, "no body of a chord has said anything, so nothing was looked at");
            _run.Report(FollowChecker.Check(followers, ends, whole.Marks));
        });
        _run.Report(CanvasChecker.Check(_jobs, await ReadEndsAsync()));
        (_run.Figures["canvases"], _run.Figures["wide"], _run.Figures["bodies"]) = (_canvases, _wide, _jobs.Count(job => job.Type == Body));
        _run.Figures["failed"] = _jobs.Count(job => job.Value is null);
    }

    private async Task TakeJoinsAsync(History history)
    {
        var joins = history.Store!.Select(row => row.Id).Except(history.Submits.Select(submit => submit.Id)).ToList();
        var found = new List<string>();
        foreach (var id in joins)
        {
            using var job = JsonDocument.Parse((await _run.AskAsync(() => _run.Client.GetAsync($"/jobs/{id}"))).Body);
            if (job.RootElement.GetProperty("type").GetString() == Join) found.Add(id);
        }

        _run.Expect(found.Count == _wide * JoinsOfOne, $"{_wide} wide chords have {found.Count} joins, and not {JoinsOfOne} each");
        history.Submits.AddRange(found.Select(id => new Submitted(id, Join, 0, 0, 0, ExpectedEnd.Success)));
    }

    private async Task<Dictionary<string, CanvasEnd>> ReadEndsAsync()
    {
        var ends = new Dictionary<string, CanvasEnd>();
        using var turns = new SemaphoreSlim(Readers);
        await Task.WhenAll(_jobs.Select(async job =>
        {
            await turns.WaitAsync();
            try
            {
                using var json = JsonDocument.Parse((await _run.AskAsync(() => _run.Client.GetAsync($"/jobs/{job.Id}"))).Body);
                if (!json.RootElement.TryGetProperty("result", out var result) || result.ValueKind != JsonValueKind.Object) return;
                var end = new CanvasEnd(
                    result.GetProperty("value").GetInt64(), result.GetProperty("token").GetInt64(),
                    [.. result.GetProperty("given").EnumerateArray().Select(one => (one[0].GetString()!, one[1].GetInt64()))]);
                lock (ends) ends[job.Id] = end;
            }
            finally
            {
                turns.Release();
            }
        }));
        return ends;
    }
}
