using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;

namespace OrleansJobs.Tests.Cluster;

public class StandstillGuardTests
{
    private readonly ManualTime _time = new();
    private readonly FakeMembership _membership = new();
    private readonly StandstillGuard _guard;

    public StandstillGuardTests()
    {
        _guard = new StandstillGuard(_membership, _membership, _time, NullLogger<StandstillGuard>.Instance);
        var lifecycle = new FakeLifecycle();
        _guard.Participate(lifecycle);
        _ = lifecycle.StartAsync();
    }

    [Fact]
    public async Task WhileTheProcessRuns_NobodyIsAsked()
    {
        for (var second = 0; second < 60; second++)
        {
            await AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.True(_guard.ConfirmAsync().IsCompletedSuccessfully);
        }

        Assert.Equal(0, _membership.Asked);
    }

    [Fact]
    public async Task AfterAStandstill_TheMembershipIsAskedOnce()
    {
        await AdvanceAsync(StandstillGuard.Harmless);

        await _guard.ConfirmAsync();
        await _guard.ConfirmAsync();

        Assert.Equal(1, _membership.Asked);
    }

    [Fact]
    public async Task BeforeItsAnswer_NobodyIsLetThrough()
    {
        _membership.Gate = new TaskCompletionSource();
        await AdvanceAsync(StandstillGuard.Harmless);
        var first = _guard.ConfirmAsync().AsTask();
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        var second = _guard.ConfirmAsync().AsTask();
        Assert.False(first.IsCompleted || second.IsCompleted);

        _membership.Gate.SetResult();

        await Task.WhenAll(first, second);
        Assert.Equal(1, _membership.Asked);
    }

    [Fact]
    public async Task WhenTheSiloWasGivenUp_NothingIsAnsweredEverAgain()
    {
        _membership.Status = SiloStatus.Dead;
        await AdvanceAsync(TimeSpan.FromMinutes(1));

        await Assert.ThrowsAsync<SiloUnavailableException>(async () => await _guard.ConfirmAsync());
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<SiloUnavailableException>(async () => await _guard.ConfirmAsync());
    }

    [Fact]
    public async Task WhenTheMembershipCannotBeRead_DoubtRemains()
    {
        _membership.Trouble = new InvalidOperationException("The store does not answer.");
        await AdvanceAsync(StandstillGuard.Harmless);
        await Assert.ThrowsAsync<SiloUnavailableException>(async () => await _guard.ConfirmAsync());
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<SiloUnavailableException>(async () => await _guard.ConfirmAsync());

        _membership.Trouble = null;
        await _guard.ConfirmAsync();

        Assert.True(_guard.ConfirmAsync().IsCompletedSuccessfully);
    }

    /// <summary>Lets the clock go on, and waits until the guard has armed its next beat.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        _time.Advance(by);
        while (_time.Timers == 0) await Task.Yield();
    }

    private sealed class FakeMembership : IClusterMembershipService, ILocalSiloDetails
    {
        public int Asked;
        public SiloStatus Status { get; set; } = SiloStatus.Active;
        public Exception? Trouble { get; set; }
        public TaskCompletionSource? Gate { get; set; }
        public SiloAddress SiloAddress { get; } = SiloAddress.FromParsableString("127.0.0.1:11111@1");
        public SiloAddress GatewayAddress => SiloAddress;
        public string Name => "s1";
        public string ClusterId => "c";
        public string DnsHostName => "localhost";

        public ClusterMembershipSnapshot CurrentSnapshot => new(
            ImmutableDictionary<SiloAddress, ClusterMember>.Empty.Add(SiloAddress, new ClusterMember(SiloAddress, Status, Name)), new MembershipVersion(1));

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion) => Refresh(minimumVersion, CancellationToken.None);

        public async ValueTask Refresh(MembershipVersion minimumVersion, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref Asked);
            if (Gate is { } gate) await gate.Task;
            if (Trouble is { } trouble) throw trouble;
        }

        public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();
    }
}
