using System.Text.Json;

namespace OrleansJobs.Workers;

/// <summary>A function with a result. It takes nothing from the services, so no scope is opened for it.</summary>
internal sealed class FunctionHandler<TArgs, TResult>(
    string name, HandlerOptions options, Func<TArgs, JobContext, CancellationToken, Task<TResult>> run) : HandlerEntry<TArgs, TResult>(name, options)
{
    public override async Task<object?> RunAsync(IServiceProvider services, object? args, JobContext job, CancellationToken cancellation) =>
        await run((TArgs)args!, job, cancellation).ConfigureAwait(false);
}

/// <summary>A function without a result.</summary>
internal sealed class ActionHandler<TArgs>(string name, HandlerOptions options, Func<TArgs, JobContext, CancellationToken, Task> run)
    : HandlerEntry<TArgs>(name, options)
{
    public override Type? ResultType => null;

    public override async Task<object?> RunAsync(IServiceProvider services, object? args, JobContext job, CancellationToken cancellation)
    {
        await run((TArgs)args!, job, cancellation).ConfigureAwait(false);
        return null;
    }

    public override void WriteResult(Utf8JsonWriter writer, object? result) => writer.WriteNullValue();
}
