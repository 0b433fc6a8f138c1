using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OrleansJobs.Workers;

/// <summary>A registered handler: how to read its arguments, run it and write its result.</summary>
internal abstract class HandlerEntry(string name, HandlerOptions options)
{
    private JobTypeInfo? _info;

    public string Name { get; } = name;

    public HandlerOptions Options { get; } = options;

    /// <summary>What there is to tell of it; schemas are made on first use.</summary>
    public JobTypeInfo Info => _info ??= new JobTypeInfo
    {
        Name = Name,
        Queue = Options.Queue,
        Description = Options.Description,
        ArgsSchema = HandlerSchema.Of(ArgsType),
        ResultSchema = ResultType is null ? HandlerSchema.Nothing : HandlerSchema.Of(ResultType),
        Silos = 1,
        Key = Options.Defaults.Key?.Text,
        Weight = Options.Defaults.Weight,
        IsFlow = this is Flows.IFlowHandler,
    };

    public abstract Type ArgsType { get; }

    /// <summary>Null: the handler has no result.</summary>
    public abstract Type? ResultType { get; }

    /// <summary>Reads the arguments, for <see cref="RunAsync"/>.</summary>
    /// <exception cref="JsonException">They do not fit.</exception>
    public abstract object? ReadArgs(ReadOnlySpan<byte> json);

    /// <summary>Runs the handler, unless it is a flow. Exceptions are its own.</summary>
    public virtual Task<object?> RunAsync(IServiceProvider services, object? args, JobContext job, CancellationToken cancellation) =>
        throw new NotSupportedException($"'{Name}' is a flow.");

    /// <summary>Writes what the handler came back with.</summary>
    public abstract void WriteResult(Utf8JsonWriter writer, object? result);
}

/// <summary>The part of an entry that knows how arguments are read.</summary>
internal abstract class HandlerEntry<TArgs>(string name, HandlerOptions options) : HandlerEntry(name, options)
{
    private static readonly bool NullStandsForNothingGiven = typeof(TArgs).IsClass && typeof(TArgs) != typeof(object) && typeof(TArgs) != typeof(string);

    private readonly JsonTypeInfo<TArgs> _args = (JsonTypeInfo<TArgs>)JobJson.Options.GetTypeInfo(typeof(TArgs));

    public override Type ArgsType => typeof(TArgs);

    public override object? ReadArgs(ReadOnlySpan<byte> json)
    {
        // Who posts a job without arguments means that all of them are left at their defaults; a handler that cannot do without says so by
        // required members, and is never handed null.
        var args = JsonSerializer.Deserialize(json, _args);
        if (args is null && NullStandsForNothingGiven && _args.Kind == JsonTypeInfoKind.Object) args = JsonSerializer.Deserialize("{}"u8, _args);
        return args is null && NullStandsForNothingGiven ? throw new JsonException($"null is no {typeof(TArgs).Name}.") : args;
    }
}

/// <summary>The part of an entry that knows how results are written.</summary>
internal abstract class HandlerEntry<TArgs, TResult>(string name, HandlerOptions options) : HandlerEntry<TArgs>(name, options)
{
    private readonly JsonTypeInfo<TResult> _result = (JsonTypeInfo<TResult>)JobJson.Options.GetTypeInfo(typeof(TResult));

    public override Type ResultType => typeof(TResult);

    public override void WriteResult(Utf8JsonWriter writer, object? result) => JsonSerializer.Serialize(writer, (TResult)result!, _result);
}
