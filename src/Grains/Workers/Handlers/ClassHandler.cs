using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansJobs.Workers;

/// <summary>A handler class with a result: an instance per attempt, in a scope of its own.</summary>
internal sealed class ClassHandler<THandler, TArgs, TResult>(string name, HandlerOptions options) : HandlerEntry<TArgs, TResult>(name, options)
    where THandler : class, IJob<TArgs, TResult>
{
    public override async Task<object?> RunAsync(IServiceProvider services, object? args, JobContext job, CancellationToken cancellation)
    {
        await using var attempt = new HandlerInstance<THandler>(services);
        return await attempt.Handler.RunAsync((TArgs)args!, job, cancellation).ConfigureAwait(false);
    }
}

/// <summary>A handler class without a result.</summary>
internal sealed class ClassActionHandler<THandler, TArgs>(string name, HandlerOptions options) : HandlerEntry<TArgs>(name, options)
    where THandler : class, IJob<TArgs>
{
    public override Type? ResultType => null;

    public override async Task<object?> RunAsync(IServiceProvider services, object? args, JobContext job, CancellationToken cancellation)
    {
        await using var attempt = new HandlerInstance<THandler>(services);
        await attempt.Handler.RunAsync((TArgs)args!, job, cancellation).ConfigureAwait(false);
        return null;
    }

    public override void WriteResult(Utf8JsonWriter writer, object? result) => writer.WriteNullValue();
}

/// <summary>A handler object and the scope it lives in. The scope does not know of the object, so that both are disposed of here.</summary>
internal readonly struct HandlerInstance<THandler> : IHandlerInstance
    where THandler : class
{
    private static readonly ObjectFactory<THandler> Factory = ActivatorUtilities.CreateFactory<THandler>(Type.EmptyTypes);

    private readonly AsyncServiceScope _scope;

    public HandlerInstance(IServiceProvider services)
    {
        _scope = services.CreateAsyncScope();
        try
        {
            Handler = Factory(_scope.ServiceProvider, []);
        }
        catch
        {
            _scope.Dispose();
            throw;
        }
    }

    public THandler Handler { get; }

    object IHandlerInstance.Handler => Handler;

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (Handler is IAsyncDisposable async) await async.DisposeAsync().ConfigureAwait(false);
            else (Handler as IDisposable)?.Dispose();
        }
        finally
        {
            await _scope.DisposeAsync().ConfigureAwait(false);
        }
    }
}

internal interface IHandlerInstance : IAsyncDisposable
{
    object Handler { get; }
}
