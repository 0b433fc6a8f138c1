using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Orleans.Runtime;
using OrleansJobs.Membership;
using OrleansJobs.Tests.Client;

namespace OrleansJobs.Tests.Cluster;

public class RefusalTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void EachSilo_IsLookedAfterByThoseBeforeIt_WhateverTheNumber()
    {
        var random = new Random(1);
        for (var count = 1; count <= 60; count++)
        {
            ImmutableArray<SiloAddress> silos = [.. Enumerable.Range(0, count).Select(number => Silo(20_000 + random.Next(200) * 100 + number)).OrderBy(_ => random.Next())];
            var watchers = silos.SelectMany(silo => Refusal.Behind(silo, silos).Take(Refusal.Watched)).GroupBy(silo => silo).ToDictionary(silo => silo.Key, silo => silo.Count());
            Assert.All(silos, silo => Assert.Equal(Math.Min(Refusal.Watched, count - 1), watchers.GetValueOrDefault(silo)));
            Assert.All(silos, silo => Assert.Equal(silos.Where(other => !other.Equals(silo)).ToHashSet(), Refusal.Behind(silo, silos).ToHashSet()));
        }
    }

    [Theory]
    [InlineData(Knock.Refused, Knock.Refused, true)]
    [InlineData(Knock.Refused, Knock.Open, false)]
    [InlineData(Knock.Refused, Knock.Silent, false)]
    [InlineData(Knock.Open, Knock.Refused, false)]
    [InlineData(Knock.Silent, Knock.Refused, false)]
    public async Task ARefusal_IsProofTheSecondTime(object first, object second, bool expected)
    {
        var knocks = new Queue<Knock>([(Knock)first, (Knock)second]);
        var certain = Refusal.IsCertainAsync(() => Task.FromResult(knocks.Dequeue()), _time);
        if (first is Knock.Refused) Assert.False(certain.IsCompleted);
        _time.Advance(Refusal.Beat);
        Assert.Equal(expected, await certain);
    }

    /// <summary>Of each other silo: + it is refused as well, - it is not, ? it does not answer and takes connections, x it refuses them itself.</summary>
    [Theory]
    [InlineData("", null)]
    [InlineData("+", true)]
    [InlineData("-", false)]
    [InlineData("?", false)]
    [InlineData("x", null)]
    [InlineData("x+", true)]
    [InlineData("x-", false)]
    [InlineData("x?", false)]
    [InlineData("?+", true)]
    [InlineData("?-", false)]
    [InlineData("?x", false)]
    [InlineData("xx", null)]
    [InlineData("-+", false)]
    [InlineData("+-", true)]
    public async Task ARefusal_IsConfirmedByTheFirstWhoCanTell_AndByNobodyWhereAllOthersRefuseToo(string others, bool? expected)
    {
        ImmutableArray<SiloAddress> silos = [.. Enumerable.Range(0, others.Length).Select(number => Silo(20_000 + number))];
        Assert.Equal(expected, await Refusal.IsConfirmedAsync(
            silos,
            other => Task.FromResult(Says(other) switch { '+' => true, '-' => false, _ => (bool?)null }),
            other => Task.FromResult(Says(other) == 'x' ? Knock.Refused : Knock.Open)));

        char Says(SiloAddress silo) => others[silos.IndexOf(silo)];
    }

    [Fact]
    public void AnAddressWhereThisProcessListens_IsTelling_AndAnotherIsNot()
    {
        using var listener = Listen(backlog: 1);
        var silo = SiloAddress.New((IPEndPoint)listener.LocalEndPoint!, 1);
        var knock = new SiloKnock(TimeProvider.System);
        Assert.True(knock.IsTelling(silo));
        listener.Close();
        Assert.False(knock.IsTelling(silo));
    }

    [Fact]
    public async Task AnAddressWhereNobodyListens_Refuses()
    {
        using var listener = Listen(backlog: 1);
        var silo = SiloAddress.New((IPEndPoint)listener.LocalEndPoint!, 1);
        var knock = new SiloKnock(TimeProvider.System);
        Assert.Equal(Knock.Open, await knock.KnockAsync(silo));
        listener.Close();
        Assert.Equal(Knock.Refused, await knock.KnockAsync(silo));
    }

    /// <summary>A process that stands still takes no connections out of its queue, and is not gone for that.</summary>
    [Fact]
    public async Task AnAddressWithAFullQueue_DoesNotRefuse()
    {
        using var listener = Listen(backlog: 1);
        var silo = SiloAddress.New((IPEndPoint)listener.LocalEndPoint!, 1);
        var knock = new SiloKnock(TimeProvider.System);
        var waiting = Enumerable.Range(0, 8).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();
        foreach (var socket in waiting) _ = socket.ConnectAsync(silo.Endpoint).ContinueWith(static _ => { }, TaskScheduler.Default);
        for (var i = 0; i < 3; i++) Assert.NotEqual(Knock.Refused, await knock.KnockAsync(silo));
        Assert.Equal(Knock.Silent, await knock.KnockAsync(silo));
        waiting.ForEach(static socket => socket.Dispose());
    }

    private static Socket Listen(int backlog)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(backlog);
        return listener;
    }

    private static SiloAddress Silo(int port) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), 1);
}
