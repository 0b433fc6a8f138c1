using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Faults.Silos;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Client;

namespace OrleansJobs.Tests.Cluster;

public sealed class ClockGuardTests : IDisposable
{
    private static readonly TimeSpan Tolerance = new JobGridOptions().ClockTolerance;
    private readonly ManualTime _steady = new();
    private readonly SkewedTime _silos;
    private readonly SkewedTime _stores;
    private readonly ServiceProvider _services;
    private readonly GridHealth _health;
    private readonly ClockStore _store;
    private readonly ApplicationLifetime _host = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly ClockGuard _guard;
    private readonly FakeLifecycle _lifecycle = new();
    private readonly LevelLog _log = new();

    public ClockGuardTests()
    {
        _silos = new SkewedTime(_steady);
        _stores = new SkewedTime(_steady);
        _services = new ServiceCollection().AddSingleton<TimeProvider>(_silos).AddJobDiagnostics().BuildServiceProvider();
        _health = _services.GetRequiredService<GridHealth>();
        _health.Grid = new GridRecord(1, "x", "secret");
        _store = new ClockStore(_stores, _steady);
        _guard = new ClockGuard(
            _store.Store, Options.Create(new JobGridOptions()), _silos, _health, _services.GetRequiredService<JobMeters>(), _host, _log);
        _guard.Participate(_lifecycle);
    }

    [Fact]
    public void BeforeTheStoresClockIsKnown_NothingMayBeDecided()
    {
        Assert.False(_guard.IsRight);
        Assert.Contains("not been compared", _health.Trouble());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4.9)]
    [InlineData(-4.9)]
    public async Task WhileTheClocksAgree_TheSilosOwnCounts(double seconds)
    {
        _silos.Offset = TimeSpan.FromSeconds(seconds);
        await _lifecycle.StartAsync();

        for (var minute = 0; minute < 5; minute++)
        {
            await AdvanceAsync(TimeSpan.FromMinutes(1));
            Assert.True(_guard.IsRight);
            Assert.Equal(_silos.GetUtcNow().ToUnixTimeMilliseconds(), _guard.Now);
            Assert.Null(_health.Trouble());
        }
    }

    [Fact]
    public async Task TheStoresClock_IsReadAtStartAndEveryMinute()
    {
        await _lifecycle.StartAsync();
        Assert.Equal(1, _store.Reads);
        for (var second = 0; second < 180; second++) await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(4, _store.Reads);
    }

    [Theory]
    [InlineData(590)]
    [InlineData(-86_400)]
    [InlineData(5.1)]
    [InlineData(-5.1)]
    public async Task WhenTheClockJumps_ItIsWrongAtOnce_AndTimeGoesOnAsBefore(double seconds)
    {
        await _lifecycle.StartAsync();
        var righted = 0;
        _guard.Righted += () => righted++;
        await AdvanceAsync(TimeSpan.FromSeconds(10));
        var before = _guard.Now;

        _silos.Offset = TimeSpan.FromSeconds(seconds);

        Assert.False(_guard.IsRight);
        Assert.Equal(before, _guard.Now);
        Assert.Contains($"{_silos.GetUtcNow().UtcDateTime:O}", _health.Trouble());
        Assert.Contains($"{_stores.GetUtcNow().UtcDateTime:O}", _health.Trouble());
        for (var second = 0; second < 100; second++) await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.False(_guard.IsRight);
        Assert.Equal(before + 100_000, _guard.Now);
        Assert.Equal(0, righted);

        _silos.Offset = TimeSpan.Zero;
        Assert.True(_guard.IsRight);
        Assert.Null(_health.Trouble());
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(1, righted);
        Assert.Equal(before + 101_000, _guard.Now);
        Assert.False(_host.ApplicationStopping.IsCancellationRequested);
    }

    /// <summary>Orleans has gone along with the clock and does not come back.</summary>
    [Fact]
    public async Task WhenTheClockWasFarAheadAndIsSetBack_TheSiloStops()
    {
        await _lifecycle.StartAsync();
        _silos.Offset = ClockGuard.LongestLead + TimeSpan.FromSeconds(1);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.False(_host.ApplicationStopping.IsCancellationRequested);

        _silos.Offset = TimeSpan.Zero;
        _steady.Advance(TimeSpan.FromSeconds(1));
        await StoppingAsync();
    }

    /// <summary>A file has no clock but the silo's own: both leap and are put right together, and agree all along.</summary>
    [Fact]
    public async Task WhenBothClocksWereFarAheadAndAreSetBack_TheSiloStops()
    {
        await _lifecycle.StartAsync();
        await LeapAsync(ClockGuard.LongestLead + TimeSpan.FromSeconds(5));
        _silos.Offset = _stores.Offset = TimeSpan.Zero;
        _steady.Advance(TimeSpan.FromSeconds(1));
        await StoppingAsync();
    }

    [Fact]
    public async Task WhenBothClocksWereAheadForAWhileAndAreSetBack_ItIsSaid_AndTimeGoesOnOnceTheyAreThere()
    {
        await _lifecycle.StartAsync();
        await LeapAsync(TimeSpan.FromMinutes(5));
        var before = _guard.Now;
        _silos.Offset = _stores.Offset = TimeSpan.Zero;
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.True(_guard.IsRight);
        Assert.Equal(before, _guard.Now);
        Assert.Equal([LogLevel.Error], _log.Levels);
        Assert.Equal(1, ClockWrong());
        // A timer that waited for a moment would go off again and again.
        Assert.InRange(_guard.Until(before + 1), TimeSpan.FromMinutes(4.9), TimeSpan.FromMinutes(5));
        Assert.Equal(TimeSpan.Zero, _guard.Until(before));

        for (var second = 0; second < 300; second++) await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(_silos.GetUtcNow().ToUnixTimeMilliseconds(), _guard.Now);
        Assert.Equal([LogLevel.Error, LogLevel.Warning], _log.Levels);
        Assert.Equal(0, ClockWrong());
        Assert.False(_host.ApplicationStopping.IsCancellationRequested);
    }

    /// <summary>The steady clock stands still in a host that sleeps, and those of silo and store do not.</summary>
    [Fact]
    public async Task WhenTheHostHasSlept_AndTheStoreIsSilentAtFirst_TheSiloGoesOn()
    {
        await _lifecycle.StartAsync();
        var righted = 0;
        _guard.Righted += () => righted++;
        _silos.Offset = _stores.Offset = ClockGuard.LongestLead * 2;
        _store.Silent = true;
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.False(_guard.IsRight);

        _store.Silent = false;
        for (var second = 0; second < 3; second++) await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.True(_guard.IsRight);
        Assert.Equal(1, righted);
        Assert.False(_host.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task WhenTheClockWasFarAheadWhileTheStoreWasSilent_TheSiloStopsOnceItIsHeard()
    {
        await _lifecycle.StartAsync();
        _silos.Offset = ClockGuard.LongestLead + TimeSpan.FromSeconds(1);
        _store.Silent = true;
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        _silos.Offset = TimeSpan.Zero;
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.False(_host.ApplicationStopping.IsCancellationRequested);

        _store.Silent = false;
        _steady.Advance(TimeSpan.FromSeconds(1));
        await StoppingAsync();
    }

    /// <summary>Whoever put work off in that moment has to hear of it.</summary>
    [Fact]
    public async Task WhenTheClockWasWrongForAMoment_WhoeverWasToldSoIsToldThatItIsRight()
    {
        await _lifecycle.StartAsync();
        var righted = 0;
        _guard.Righted += () => righted++;
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, righted);

        _silos.Offset = TimeSpan.FromDays(1);
        Assert.False(_guard.IsRight);
        _silos.Offset = TimeSpan.Zero;
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(1, righted);
    }

    [Fact]
    public async Task WhenTheClockGoesBackALittle_TimeDoesNot()
    {
        _silos.Offset = TimeSpan.FromSeconds(3);
        await _lifecycle.StartAsync();
        var before = _guard.Now;

        _silos.Offset = TimeSpan.FromSeconds(-1);
        Assert.True(_guard.IsRight);
        Assert.Equal(before, _guard.Now);
        await AdvanceAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(before, _guard.Now);
        await AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(before + 1000, _guard.Now);
    }

    /// <summary>Nobody can say which of the two is wrong; what was agreed goes on.</summary>
    [Fact]
    public async Task WhenTheStoresClockJumps_TheSiloIsNotReady_AndTimeGoesOnAsBefore()
    {
        await _lifecycle.StartAsync();
        var before = _guard.Now;
        _stores.Offset = TimeSpan.FromDays(1);
        // A minute, after which it is read again, and a second.
        for (var second = 0; second < 61; second++) await AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.False(_guard.IsRight);
        Assert.Equal(before + 61_000, _guard.Now);

        _stores.Offset = TimeSpan.Zero;
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.True(_guard.IsRight);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task WhenItStartsWithAWrongClock_ItDoesNot(int days)
    {
        _silos.Offset = TimeSpan.FromDays(days);
        var error = await Assert.ThrowsAsync<WrongClockException>(() => _lifecycle.StartAsync());
        Assert.Contains($"{_silos.GetUtcNow().UtcDateTime:O}", error.Message);
        Assert.Contains($"{_stores.GetUtcNow().UtcDateTime:O}", error.Message);
    }

    [Fact]
    public async Task WhenTheStoreIsSilentAtTheStart_ItWaits()
    {
        _store.Silent = true;
        var starting = _lifecycle.StartAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.False(starting.IsCompleted);

        _store.Silent = false;
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await starting;
        Assert.True(_guard.IsRight);
    }

    [Fact]
    public async Task WhileTheStoreIsSilent_WhatItSaidLastIsReckonedOn()
    {
        await _lifecycle.StartAsync();
        _store.Silent = true;
        for (var second = 0; second < 200; second++) await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.True(_guard.IsRight);
        Assert.True(_store.Reads > 100, "It is asked again until it answers.");

        _silos.Offset = TimeSpan.FromDays(1);
        Assert.False(_guard.IsRight);
    }

    [Fact]
    public async Task AnAnswerThatTakesLong_TellsNothing()
    {
        _store.Takes = Tolerance;
        Assert.False(await _guard.TryCompareAsync());
        Assert.False(_guard.IsRight);

        // Off by the four seconds that a slow answer could hide, and known all the same, since what was known stays.
        _store.Takes = TimeSpan.Zero;
        Assert.True(await _guard.TryCompareAsync());
        _store.Takes = Tolerance / 2;
        _silos.Offset = TimeSpan.FromSeconds(5.1);
        Assert.True(await _guard.TryCompareAsync());
        Assert.False(_guard.IsRight);
    }

    public void Dispose()
    {
        _lifecycle.StopAsync();
        _services.Dispose();
    }

    /// <summary>Both clocks leap, and the silo has gone along.</summary>
    private async Task LeapAsync(TimeSpan by)
    {
        _silos.Offset = _stores.Offset = by;
        var before = _guard.Now;
        for (var second = 0; second < 3; second++) await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.True(_guard.IsRight);
        Assert.True(_guard.Now - before >= (by - TimeSpan.FromSeconds(5)).TotalMilliseconds, "the guard goes along with both");
    }

    private int ClockWrong()
    {
        var wrong = -1;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "orleansjobs.clock.wrong" && ReferenceEquals(instrument.Meter.Scope, _services.GetRequiredService<IMeterFactory>())) listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((_, value, _, _) => wrong = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return wrong;
    }

    private Task StoppingAsync() =>
        Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _host.ApplicationStopping).ContinueWith(_ => { }).WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Lets the clock go on, and waits until the guard has armed its next beat, or stops the silo.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        _steady.Advance(by);
        while (_steady.Timers == 0 && !_host.ApplicationStopping.IsCancellationRequested) await Task.Yield();
    }

    private sealed class LevelLog : ILogger<ClockGuard>
    {
        public List<LogLevel> Levels { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Levels.Add(logLevel);
    }

    /// <summary>A store of which only the clock is looked at.</summary>
    private sealed class ClockStore
    {
        public ClockStore(TimeProvider clock, ManualTime steady) => Store = WatchedStore.Around(new MemoryPartitionStore(GridLayout.Layout), (call, _) =>
        {
            if (call != nameof(IPartitionStore.ReadTimeAsync)) return Task.FromResult<object?>(null);
            Reads++;
            if (Silent) throw new TimeoutException("The store does not answer.");
            var told = clock.GetUtcNow() + (Takes / 2);
            steady.Advance(Takes);
            return Task.FromResult<object?>(told);
        });

        public IPartitionStore Store { get; }
        public int Reads { get; private set; }
        public bool Silent { get; set; }
        public TimeSpan Takes { get; set; }
    }
}
