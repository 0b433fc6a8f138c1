using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansJobs.Workers;

/// <summary>A method of a grain of the application's own. The grain is found by the arguments of each job, and runs where the cluster has it.</summary>
internal sealed class GrainHandler<TGrain, TArgs>(
    string name, HandlerOptions options, Func<IGrainFactory, TArgs, TGrain> find, Func<TGrain, TArgs, JobContext, CancellationToken, Task> call) : HandlerEntry<TArgs>(name, options)
{
    public override Type? ResultType => null;

    public override async Task<object?> RunAsync(IServiceProvider services, object? args, JobContext job, CancellationToken cancellation)
    {
        var typed = (TArgs)args!;
        await call(find(services.GetRequiredService<IGrainFactory>(), typed), typed, job, cancellation).ConfigureAwait(false);
        return null;
    }

    public override void WriteResult(Utf8JsonWriter writer, object? result) => writer.WriteNullValue();
}
