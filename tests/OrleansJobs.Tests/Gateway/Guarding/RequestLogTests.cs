using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansJobs.Faults.Processes;
using RedisServer = OrleansJobs.Tests.Infrastructure.Redis.RedisServer;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>A watch token stands in the address, since a browser's <c>EventSource</c> sends no headers; so addresses are no matter for logs.</summary>
public sealed class RequestLogTests
{
    private const string Token = "a-token-that-nobody-may-read";

    [Fact]
    public async Task AGatewayProcess_WritesNoRequestLines()
    {
        await using var redis = await RedisServer.StartAsync();
        var folder = Directory.CreateTempSubdirectory("orleansjobs-gateway-log-");
        try
        {
            var (log, address) = (Path.Combine(folder.FullName, "gateway.log"), new Uri($"http://127.0.0.1:{Ports.Free()}"));
            using (ChildProcess.Start(log, null, "dotnet", Path.Combine(AppContext.BaseDirectory, "OrleansJobs.Gateway.dll"), "--urls", address.ToString(), "--ConnectionStrings:redis", redis.ConnectionString))
            {
                using var http = new HttpClient { BaseAddress = address };
                await Eventually.AnswersAsync(() => IsUpAsync(http), up => up);
                await http.GetAsync($"/jobs/x?watchToken={Token}");
                await http.GetAsync($"/jobs/x/events?watchToken={Token}");
                // A line that comes after them, so that theirs would be there.
                await http.GetAsync("/health/ready");
            }

            var lines = await File.ReadAllTextAsync(log);
            Assert.Contains("Now listening on", lines);
            Assert.DoesNotContain(Token, lines);
            Assert.DoesNotContain("/jobs/x", lines);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore")]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics")]
    [InlineData("Logging:Recorder:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics")]
    public async Task WhateverIsLogged_NoTokenIs(string level)
    {
        using var recorder = new Recorder();
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?> { [level] = "Trace" }.With("web", ["read"]), configure: builder => builder.Services.AddLogging(logging =>
        {
            logging.SetMinimumLevel(LogLevel.Trace).AddConfiguration(builder.Configuration.GetSection("Logging"));
            logging.AddProvider(recorder);
        }));
        await host.Http.GetAsync($"/jobs/x?watchToken={Token}");
        await host.Http.GetAsync($"/events?jobs=x&watchToken={Token}");
        await host.Http.GetAsync($"/jobs/x?watchToken={Token}", KeySettings.Bearer("web"));
        Assert.NotEmpty(recorder.Lines);
        Assert.DoesNotContain(recorder.Lines, line => line.Contains(Token, StringComparison.Ordinal));
    }

    private static async Task<bool> IsUpAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync("/health/live");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Everything that is logged, with its scopes.</summary>
    [ProviderAlias("Recorder")]
    private sealed class Recorder : ILoggerProvider, ISupportExternalScope
    {
        private IExternalScopeProvider? _scopes;

        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string category) => new Line(this, category);

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public void Dispose()
        {
        }

        private sealed class Line(Recorder recorder, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel level) => true;

            public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> format)
            {
                var scopes = new List<string>();
                recorder._scopes?.ForEachScope((scope, all) => all.Add($"{scope}"), scopes);
                recorder.Lines.Enqueue($"{category}: {format(state, exception)} {string.Join(' ', scopes)}");
            }
        }
    }
}
