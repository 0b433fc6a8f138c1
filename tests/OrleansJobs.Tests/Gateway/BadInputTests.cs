using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using System.Net.Sockets;

namespace OrleansJobs.Tests.Gateway;

public sealed class BadInputTests(BadInputTests.Fixture fixture) : IClassFixture<BadInputTests.Fixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Names => [.. BadInputs.All.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task BadInput_IsAnsweredAsTheTableSays(string name)
    {
        var row = BadInputs.All.Single(row => row.Name == name);
        using var patience = new CancellationTokenSource(Patience);
        var before = fixture.Host.Grid.Jobs.Count;

        var answer = await RawHttp.SendAsync(fixture.Host.Http.BaseAddress!, row.Request, patience.Token);

        Assert.Equal((row.Status, row.Type), (answer.Status, answer.ProblemType));
        if (row.Type != "-")
        {
            Assert.Contains("Content-Type: application/problem+json", answer.Head);
            Assert.Contains("X-Content-Type-Options: nosniff", answer.Head);
        }

        Assert.DoesNotContain("   at ", answer.Body);
        Assert.DoesNotContain("Exception", answer.Body);
        Assert.Equal(before, fixture.Host.Grid.Jobs.Count);
    }

    [Fact]
    public async Task HeadersThatNeverEnd_EndTheConnection()
    {
        using var patience = new CancellationTokenSource(Patience);
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", fixture.Host.Http.BaseAddress!.Port, patience.Token);
        await socket.GetStream().WriteAsync("GET /stats HTTP/1.1\r\nHost: localhost\r\n"u8.ToArray(), patience.Token);

        var answer = await RawHttp.ReadAsync(socket.GetStream(), patience.Token);

        Assert.Equal((408, "-"), (answer.Status, answer.ProblemType));
    }

    [Fact]
    public async Task BodyThatNeverEnds_EndsTheRequest()
    {
        using var patience = new CancellationTokenSource(Patience);
        var request = RawHttp.Request("POST", "/jobs", "Content-Type: application/json\r\nContent-Length: 1000\r\n", []);

        var answer = await RawHttp.SendAsync(fixture.Host.Http.BaseAddress!, [.. request, .. "{"u8], patience.Token);

        Assert.Equal((408, "body-timeout"), (answer.Status, answer.ProblemType));
    }

    [Fact]
    public async Task ProblemOfAMember_PointsToIt()
    {
        var request = RawHttp.Request("POST", "/jobs", "Content-Type: application/json\r\n", """{"type":"longtask","countdown":-1,"a/b":1,"tags":{"x":2}}"""u8.ToArray());
        var answer = await RawHttp.SendAsync(fixture.Host.Http.BaseAddress!, request, CancellationToken.None);
        Assert.Contains("\"pointer\":\"/a~1b\"", answer.Body);
        Assert.Contains("\"pointer\":\"/tags/x\"", answer.Body);
    }

    /// <summary>Limited to queues, and less patient than by default with those who dawdle.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        internal GatewayHost Host { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Host = await GatewayHost.StartAsync(
                new() { ["Gateway:Queues:0"] = "default", ["Gateway:Queues:1"] = "side" },
                configure: builder => builder.Services.PostConfigure<KestrelServerOptions>(kestrel =>
                {
                    kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1);
                    kestrel.Limits.MinRequestBodyDataRate = new(240, TimeSpan.FromSeconds(1.5));
                }));
            Host.Grid.Add(new() { Id = "known", Type = "longtask", Queue = "default" });
            Host.Grid.Lists = query => query.Cursor is null ? new([], null) : throw new ArgumentException("Not a cursor.");
        }

        public async Task DisposeAsync() => await Host.DisposeAsync();
    }
}
