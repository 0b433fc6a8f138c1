using System.Text.Json;
using OrleansJobs.Workers;

namespace OrleansJobs.Batches;

/// <summary>A handler that runs several jobs in one attempt.</summary>
internal interface IBatchHandler
{
    /// <summary>A job of a batch, as the handler is given it.</summary>
    BatchItem ItemOf(object? args, JobContext job, CancellationToken cancellation);

    /// <summary>Runs them. Exceptions are the handler's own.</summary>
    Task RunAsync(IServiceProvider services, BatchItem[] items, CancellationToken cancellation);
}

/// <summary>A handler class of batches without results.</summary>
internal sealed class BatchActionHandler<THandler, TArgs>(string name, HandlerOptions options) : HandlerEntry<TArgs>(name, options), IBatchHandler
    where THandler : class, IBatchJob<TArgs>
{
    public override Type? ResultType => null;

    public BatchItem ItemOf(object? args, JobContext job, CancellationToken cancellation) => new BatchItem<TArgs>((TArgs)args!, job, cancellation);

    public async Task RunAsync(IServiceProvider services, BatchItem[] items, CancellationToken cancellation)
    {
        await using var attempt = new HandlerInstance<THandler>(services);
        await attempt.Handler.RunAsync(Array.ConvertAll(items, static item => (BatchItem<TArgs>)item), cancellation).ConfigureAwait(false);
    }

    public override void WriteResult(Utf8JsonWriter writer, object? result) => writer.WriteNullValue();
}

/// <summary>A handler class of batches with a result for each job.</summary>
internal sealed class BatchHandler<THandler, TArgs, TResult>(string name, HandlerOptions options) : HandlerEntry<TArgs, TResult>(name, options), IBatchHandler
    where THandler : class, IBatchJob<TArgs, TResult>
{
    public BatchItem ItemOf(object? args, JobContext job, CancellationToken cancellation) => new BatchItem<TArgs, TResult>((TArgs)args!, job, cancellation);

    public async Task RunAsync(IServiceProvider services, BatchItem[] items, CancellationToken cancellation)
    {
        await using var attempt = new HandlerInstance<THandler>(services);
        await attempt.Handler.RunAsync(Array.ConvertAll(items, static item => (BatchItem<TArgs, TResult>)item), cancellation).ConfigureAwait(false);
    }
}
