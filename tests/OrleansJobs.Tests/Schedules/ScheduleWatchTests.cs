using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;
using OrleansJobs.Partitions;
using OrleansJobs.Schedules;
using OrleansJobs.Tests.Partitions;

namespace OrleansJobs.Tests.Schedules;

/// <summary>What schedules do not do is told: in the log, and as figures.</summary>
public sealed class ScheduleWatchTests : IDisposable
{
    private const long Minute = 60_000;
    private const long Midnight = 1_767_225_600_000;

    private readonly CoreDriver _driver = new() { Now = Midnight + 1 };
    private readonly ServiceProvider _services = new ServiceCollection().AddSingleton(TimeProvider.System).AddJobDiagnostics().BuildServiceProvider();
    private readonly LinesLog _log = new();
    private readonly Dictionary<string, long> _figures = [];
    private readonly MeterListener _listener = new();
    private readonly JobMeters _meters;

    public ScheduleWatchTests()
    {
        _meters = _services.GetRequiredService<JobMeters>();
        var scope = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == scope && instrument.Name.StartsWith("orleansjobs.schedules.", StringComparison.Ordinal)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => _figures[instrument.Name.Split('.')[^1]] = value);
        _listener.Start();
        Watch();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void WhatTheGridPauses_IsLogged_AndCounted_UntilItIsResumedOrDeleted()
    {
        ScheduleEntry[] entries = [Put("mended", new() { Type = "work", Cron = "* * * * *" }), Put("deleted", new() { Type = "work", Cron = "* * * * *" }), Put("well", new() { Type = "work", Cron = "* * * * *" })];
        foreach (var entry in entries[..2]) entry.Record = entry.Record! with { Spec = entry.Record.Spec with { Zone = "Mars/Olympus" } };
        foreach (var entry in entries) Serve(entry, Midnight + Minute);
        Assert.Equal(
            ((string[])["mended", "deleted"]).Select(id =>
                $"Warning The schedule '{id}' of partition 3 cannot be served, and is paused until somebody mends and resumes it: The silo that has it does not know the time zone 'Mars/Olympus'."),
            _log.Lines);
        Assert.Equal(2, Unserved());
        Reopen();
        Assert.Equal(2, Unserved());

        var orders = _driver.Core.Schedules.Orders;
        var mended = Find("mended");
        Assert.Equal(ScheduleOutcome.Done, orders.Put(mended, mended.Record!.Spec with { Zone = "Europe/Berlin" }, new(), 7, null, _driver.Now).Outcome);
        Assert.Equal(2, Unserved());
        Assert.Equal(ScheduleOutcome.Done, orders.Resume(mended, new(), _driver.Now).Outcome);
        Assert.Equal(1, Unserved());
        Assert.Equal(ScheduleOutcome.Done, orders.Delete(Find("deleted"), new(), null).Outcome);
        _driver.Commit();
        Reopen();
        Assert.Equal((0L, 2L), (Unserved(), _driver.Core.Schedules.Count));

        long Unserved()
        {
            using var writer = new PartitionGaugeWriter(_driver.Core, 1, _meters, _meters.Partitions.OpenPartition());
            writer.Refresh(_driver.Now);
            return Figures()["unserved"];
        }
    }

    [Theory]
    [InlineData(ScheduleMissed.One, 8), InlineData(ScheduleMissed.None, 9), InlineData(ScheduleMissed.All, 4)]
    public void WhatWasMissedAndIsLeftOut_IsCounted_AndLoggedForAllOfThemOnce(ScheduleMissed missed, int dropped)
    {
        ScheduleSpec spec = new() { Type = "work", Overlap = ScheduleOverlap.All, Missed = missed, MissedAfter = 59_999, MissedWithin = missed == ScheduleMissed.All ? 5 * Minute : null };
        ScheduleEntry[] entries = [Put("cron", spec with { Cron = "* * * * *" }), Put("every", spec with { Every = Minute, Anchor = Midnight })];
        // Of the ten since midnight, nine are late by a minute or more, and five of these by five at most.
        foreach (var entry in entries) Serve(entry, Midnight + 10 * Minute);
        _driver.Core.Schedules.Occurrences.Watch!.Served();
        Assert.Equal(2 * dropped, Figures()["dropped"]);
        Assert.Equal([$"Warning {2 * dropped} instants of 2 schedules of partition 3 came too late and are left out, as their rules of what was missed say; the first was of 'cron' at 2026-01-01T00:01:00Z"], _log.Lines);
        _driver.Core.Schedules.Occurrences.Watch!.Served();
        Assert.Single(_log.Lines);
    }

    [Theory]
    [InlineData(ScheduleOverlap.Skip, 3), InlineData(ScheduleOverlap.Queue, 2), InlineData(ScheduleOverlap.Replace, 2), InlineData(ScheduleOverlap.All, 0)]
    public void WhatIsPassedOver_IsCounted(ScheduleOverlap overlap, int skipped)
    {
        var entry = Put("s", new() { Type = "work", Cron = "* * * * *", Overlap = overlap });
        for (var i = 1; i <= 4; i++)
        {
            Serve(entry, Midnight + i * Minute);
            // Where it is to be cancelled, it takes its time.
            if (i == 1) Assert.Single(_driver.Take());
        }

        Assert.Equal(skipped, Figures()["skipped"]);
        Assert.Empty(_log.Lines);
    }

    private void Watch() => _driver.Core.Schedules.Occurrences.Watch = new ScheduleWatch(3, _meters, _log);

    private void Reopen()
    {
        _driver.Commit();
        _driver.Reopen();
        Watch();
    }

    private ScheduleEntry Put(string id, ScheduleSpec spec)
    {
        // As whoever decides something of a schedule holds it.
        _driver.Core.Schedules.BeginReading();
        var entry = _driver.Core.Schedules.New(id);
        Assert.Equal(ScheduleOutcome.Created, _driver.Core.Schedules.Orders.Put(entry, spec, new(), 7, null, _driver.Now).Outcome);
        _driver.Commit();
        return entry;
    }

    private ScheduleEntry Find(string id)
    {
        _driver.Core.Schedules.BeginReading();
        return _driver.Core.Schedules.Resolve(id, _driver.Rows(new(GridLayout.Schedules.Records, GridLayout.Schedules.States), id))!;
    }

    private void Serve(ScheduleEntry entry, long now)
    {
        _driver.Now = now;
        foreach (var job in _driver.Core.Schedules.Occurrences.ToBeCancelled(entry).ToList()) _driver.Bring(job);
        Assert.True(_driver.Core.Schedules.Occurrences.Serve(entry, now));
        _driver.Commit();
    }

    private Dictionary<string, long> Figures()
    {
        _listener.RecordObservableInstruments();
        return _figures;
    }

    private sealed class LinesLog : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add($"{logLevel} {formatter(state, exception)}");
    }
}
