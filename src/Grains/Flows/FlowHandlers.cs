using System.Text.Json;
using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>A handler that is a flow.</summary>
internal interface IFlowHandler
{
    /// <summary>What one attempt needs, to be disposed of when it ends or is parked, of which its code hears nothing.</summary>
    IFlowInstance Open(IServiceProvider services);
}

internal interface IFlowInstance : IAsyncDisposable
{
    Task<object?> RunAsync(object? args, FlowContext flow, CancellationToken cancellation);
}

/// <summary>A flow class with a result: an instance per attempt, in a scope of its own.</summary>
internal sealed class ClassFlow<TFlow, TArgs, TResult>(string name, HandlerOptions options) : HandlerEntry<TArgs, TResult>(name, options), IFlowHandler
    where TFlow : class, IFlow<TArgs, TResult>
{
    public IFlowInstance Open(IServiceProvider services) => new FlowInstance(
        new HandlerInstance<TFlow>(services), static async (handler, args, flow, cancellation) => await ((TFlow)handler!).RunAsync((TArgs)args!, flow, cancellation));
}

/// <summary>A flow class without a result.</summary>
internal sealed class ClassActionFlow<TFlow, TArgs>(string name, HandlerOptions options) : HandlerEntry<TArgs>(name, options), IFlowHandler
    where TFlow : class, IFlow<TArgs>
{
    public override Type? ResultType => null;

    public override void WriteResult(Utf8JsonWriter writer, object? result) => writer.WriteNullValue();

    public IFlowInstance Open(IServiceProvider services) => new FlowInstance(new HandlerInstance<TFlow>(services), static async (handler, args, flow, cancellation) =>
    {
        await ((TFlow)handler!).RunAsync((TArgs)args!, flow, cancellation);
        return null;
    });
}

/// <summary>A flow that is a function, with a result.</summary>
internal sealed class FunctionFlow<TArgs, TResult>(
    string name, HandlerOptions options, Func<TArgs, FlowContext, CancellationToken, Task<TResult>> run) : HandlerEntry<TArgs, TResult>(name, options), IFlowHandler
{
    public IFlowInstance Open(IServiceProvider services) => new FlowInstance(null, async (_, args, flow, cancellation) => await run((TArgs)args!, flow, cancellation));
}

/// <summary>A flow that is a function, without a result.</summary>
internal sealed class ActionFlow<TArgs>(string name, HandlerOptions options, Func<TArgs, FlowContext, CancellationToken, Task> run)
    : HandlerEntry<TArgs>(name, options), IFlowHandler
{
    public override Type? ResultType => null;

    public override void WriteResult(Utf8JsonWriter writer, object? result) => writer.WriteNullValue();

    public IFlowInstance Open(IServiceProvider services) => new FlowInstance(null, async (_, args, flow, cancellation) =>
    {
        await run((TArgs)args!, flow, cancellation);
        return null;
    });
}

/// <param name="run">Awaits without leaving the context it is called in: what comes after is the flow's own too.</param>
internal sealed class FlowInstance(IHandlerInstance? instance, Func<object?, object?, FlowContext, CancellationToken, Task<object?>> run) : IFlowInstance
{
    public Task<object?> RunAsync(object? args, FlowContext flow, CancellationToken cancellation) => run(instance?.Handler, args, flow, cancellation);

    public ValueTask DisposeAsync() => instance?.DisposeAsync() ?? default;
}
