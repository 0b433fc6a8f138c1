using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;
using OrleansJobs.Workers;

namespace OrleansJobs.Logs;

/// <summary>
/// Catches what the code of a handler logs with <c>ILogger</c> while its attempt runs, known by the log scope that every attempt has anyway: nothing is set up for those that log nothing. What
/// the grid and Orleans say of an attempt is none of it. Filters of the host hold here too, and may be said for this provider alone (<c>Logging:JobLogs:LogLevel</c>).
/// </summary>
[ProviderAlias("JobLogs")]
internal sealed class AttemptLogProvider : ILoggerProvider, ISupportExternalScope
{
    [ThreadStatic]
    private static Finder? _finder;

    private IExternalScopeProvider? _scopes;

    public ILogger CreateLogger(string categoryName) => IsOwn(categoryName) ? Deaf.Instance : new Catcher(this);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
    }

    /// <summary>Whether lines of a category are the grid's or Orleans' own.</summary>
    public static bool IsOwn(string category) => category.StartsWith("Orleans.", StringComparison.Ordinal) || category.StartsWith("Microsoft.Orleans.", StringComparison.Ordinal)
        || (category.StartsWith("OrleansJobs.", StringComparison.Ordinal) && typeof(AttemptLogProvider).Assembly.GetType(category) is not null);

    /// <summary>The attempt in whose scope this is called; null: none.</summary>
    private RunningJob? Attempt()
    {
        if (_scopes is not { } scopes) return null;
        var finder = _finder ??= new();
        finder.Found = null;
        scopes.ForEachScope(static (scope, found) => found.Found = (scope as AttemptScope)?.Job ?? found.Found, finder);
        var job = finder.Found;
        finder.Found = null;
        return job;
    }

    private sealed class Finder
    {
        public RunningJob? Found { get; set; }
    }

    private sealed class Catcher(AttemptLogProvider provider) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is not LogLevel.None && provider.Attempt()?.Captures((JobLogLevel)logLevel) == true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel is LogLevel.None || provider.Attempt() is not { } job || !job.Captures((JobLogLevel)logLevel)) return;
            string text;
            try
            {
                text = formatter(state, exception);
            }
            catch (Exception broken)
            {
                text = $"A line could not be written: {ExceptionText.TypeOf(broken)}.";
            }

            job.Log((JobLogLevel)logLevel, text, exception);
        }
    }

    private sealed class Deaf : ILogger
    {
        public static readonly Deaf Instance = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => false;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }
    }
}
