using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Partitions;

namespace OrleansJobs.Tests.Letters;

/// <summary>How long a partition waits before it carries letters again to one that did not take them.</summary>
public sealed class LetterCarrierTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly CoreDriver _driver = new(new() { Partitions = 2 });
    private readonly Shell _shell;

    public LetterCarrierTests()
    {
        _shell = new Shell(_driver, _services);
        _ = new LetterCarrier(_shell, new Dictionary<LetterKind, ILetterReader>(), NullLogger.Instance);
    }

    public void Dispose() => _services.Dispose();

    [Fact]
    public void WhatFails_IsTriedAgainAfterLongerAndLonger()
    {
        _shell.Fail(int.MaxValue);
        Send();
        _shell.TryAgain();
        _shell.TryAgain();
        Assert.Equal(3, _shell.FailuresInARow);
    }

    [Fact]
    public void WhatFailsAfterProgress_BeginsWithTheShortestPause()
    {
        _shell.Fail(int.MaxValue);
        Send();
        for (var again = 0; again < 5; again++) _shell.TryAgain();
        Assert.Equal(6, _shell.FailuresInARow);
        // It takes one batch, in which there is no other letter yet, and then nothing more.
        _shell.Meanwhile = Send;
        _shell.Fail(0, then: int.MaxValue);
        _shell.TryAgain();
        Assert.Equal((1, 1), (_shell.Delivered, _shell.FailuresInARow));
        _shell.Fail(0);
        _shell.TryAgain();
        Assert.Equal((2, 0), (_shell.Delivered, _driver.Core.Letters.Waiting));
    }

    private void Send()
    {
        _driver.Core.Letters.Send(1, LetterKind.Cancel, [1]);
        _driver.Commit();
    }

    /// <summary>Of the grain what carrying letters needs: work in the background is tried again when the test says so.</summary>
    private sealed class Shell(CoreDriver driver, ServiceProvider services) : IPartitionShell
    {
        private Func<Task>? _work;
        private int _failing;
        private int _then;

        public int Partition => 0;
        public PartitionCore Core => driver.Core;
        public CommitLoop Commits { get; } = new(
            driver.Core.Changes, new MemoryPartitionStore(GridLayout.Layout), TimeProvider.System, new GridHealth(TimeProvider.System),
            new JobMeters(services.GetRequiredService<IMeterFactory>(), TimeProvider.System, Options.Create(new JobGridOptions { Partitions = 2 }), new GridHealth(TimeProvider.System)),
            NullLogger.Instance, CancellationToken.None);
        public IPartitionStore Store => throw new NotSupportedException();
        JobGridOptions IPartitionShell.Options => driver.Options;
        public TimeProvider Time => TimeProvider.System;
        public long Now => driver.Now;
        public bool IsClockRight => true;
        public bool IsStoreFull => false;
        public int Delivered { get; private set; }

        /// <summary>By which the pause grows.</summary>
        public int FailuresInARow { get; private set; }

        /// <summary>What happens while a batch is under way.</summary>
        public Action? Meanwhile { get; set; }

        /// <summary>So many deliveries fail, and after one that does not, so many more.</summary>
        public void Fail(int count, int then = 0) => (_failing, _then) = (count, then);

        public Task DeliverAsync(int receiver, LetterBatch letters)
        {
            if (_failing > 0)
            {
                _failing--;
                return Task.FromException(new TimeoutException());
            }

            (_failing, _then) = (_then, 0);
            Delivered += letters.Letters.Length;
            var meanwhile = Meanwhile;
            Meanwhile = null;
            meanwhile?.Invoke();
            return Task.CompletedTask;
        }

        public void Background(Func<Task> work, string what)
        {
            (_work, FailuresInARow) = (work, 0);
            TryAgain();
        }

        public void TryAgain()
        {
            var work = _work!;
            var done = work();
            Assert.True(done.IsCompleted);
            if (done.IsFaulted && _work == work) FailuresInARow++;
        }

        public Task<bool> ExistsAsync(string id) => throw new NotSupportedException();

        public Task<JobStatus?[]> GetListedAsync(int partition, string[] ids) => throw new NotSupportedException();

        public long NewIncarnation() => throw new NotSupportedException();

        public Task CommittedInTimeAsync() => throw new NotSupportedException();

        public Task<LiveJob?> BringAsync(string id) => throw new NotSupportedException();

        public Task ForgetStateAsync(string id) => throw new NotSupportedException();

        public Task PauseAsync(TimeSpan span) => throw new NotSupportedException();

        public void Pump()
        {
        }

        public void TellCancelled(LiveJob job) => throw new NotSupportedException();

        public void TellNews(LiveJob job) => throw new NotSupportedException();
    }
}
