using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OrleansJobs.Bench.Http;

namespace OrleansJobs.Tests.Bench;

/// <summary>The load generator against a real server: what it cannot read it must not count.</summary>
public sealed class HttpLoadTests : IAsyncLifetime
{
    private WebApplication _app = null!;
    private int _requests;

    private int Port => new Uri(_app.Urls.Single()).Port;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/echo", async context =>
        {
            Interlocked.Increment(ref _requests);
            using var body = new StreamReader(context.Request.Body);
            context.Response.StatusCode = 202;
            await context.Response.WriteAsync(await body.ReadToEndAsync());
        });
        _app.MapGet("/chunked", async context =>
        {
            await context.Response.WriteAsync("first ");
            await context.Response.Body.FlushAsync();
            await context.Response.WriteAsync("second");
        });
        _app.MapGet("/close", context =>
        {
            context.Response.Headers.Connection = "close";
            return context.Response.WriteAsync("bye");
        });
        await _app.StartAsync();
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task Connection_ReadsAnswersOfEveryKind_OneAfterTheOther()
    {
        using var connection = new HttpConnection(Port);

        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(new HttpAnswer(202, """{"n":1}"""), await connection.SendAsync(HttpConnection.Format("POST", "/echo", """{"n":1}"""), keepBody: true));
            Assert.Equal(new HttpAnswer(200, "first second"), await connection.SendAsync(HttpConnection.Format("GET", "/chunked", null), keepBody: true));
            Assert.Equal(new HttpAnswer(200, "bye"), await connection.SendAsync(HttpConnection.Format("GET", "/close", null), keepBody: true));
            Assert.Equal(404, (await connection.SendAsync(HttpConnection.Format("GET", "/nowhere", null))).Status);
        }
    }

    [Fact]
    public async Task Load_CountsEveryAnswer_AndWhichWereNotAsExpected()
    {
        byte[][] requests = [HttpConnection.Format("POST", "/echo", "{}"), HttpConnection.Format("GET", "/nowhere", null)];

        var result = await HttpLoad.RunAsync(Port, connections: 4, TimeSpan.FromMilliseconds(300), requests, expectedStatus: 202);

        Assert.True(_requests > 0);
        Assert.InRange(result.Latencies.Count, _requests * 2 - 8, _requests * 2 + 8);
        Assert.Equal(result.Latencies.Count - _requests, result.Unexpected);
        Assert.Equal(404, result.LastUnexpected);
        Assert.Throws<InvalidOperationException>(result.Checked);
    }

    [Fact]
    public async Task Load_WithARate_SendsNoMoreThanThat()
    {
        byte[][] requests = [HttpConnection.Format("POST", "/echo", "{}")];

        var result = await HttpLoad.RunAsync(Port, connections: 4, TimeSpan.FromSeconds(1), requests, expectedStatus: 202, rate: 100);

        Assert.InRange(result.Latencies.Count, 1, 101);
        Assert.Equal(0, result.Unexpected);
    }
}
