using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansJobs.Tests.HttpCalls;

/// <summary>A real HTTP server that says what it is told to, and remembers what it was asked.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    public Receiver(Func<HttpContext, Call, Task> answer, IPAddress? address = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address ?? IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var headers = context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString());
            var call = new Call(context.Request.Method, context.Request.Path + context.Request.QueryString, headers, body.ToArray(), TimeProvider.System.GetUtcNow());
            Calls.Enqueue(call);
            await answer(context, call);
        });
    }

    public ConcurrentQueue<Call> Calls { get; } = new();

    /// <summary>Such as <c>http://127.0.0.1:5000</c>.</summary>
    public string Address => _app.Urls.First();

    public int Port => new Uri(Address).Port;

    public static async Task<Receiver> StartAsync(Func<HttpContext, Call, Task> answer, IPAddress? address = null)
    {
        var receiver = new Receiver(answer, address);
        await receiver._app.StartAsync();
        return receiver;
    }

    public static Task<Receiver> StartAsync(int status, string body = "", string type = "application/json") => StartAsync((context, _) =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body);
    });

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

internal sealed record Call(string Method, string Path, Dictionary<string, string> Headers, byte[] Body, DateTimeOffset At)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Body);
}
