using System.Reflection;
using OrleansJobs.Batches;
using OrleansJobs.Flows;
using OrleansJobs.Hosting;

namespace OrleansJobs.Workers;

/// <summary>What a handler class says of itself: its name, and the one contract it implements.</summary>
internal sealed record HandlerContract(Type Handler, JobAttribute Attribute, Type Args, Type? Result, bool IsFlow, bool IsBatch)
{
    /// <summary>A class that could be made and carries <c>[Job]</c>, itself or on an interface.</summary>
    public static bool IsNamedHandler(Type type) =>
        type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && Names(type).Length > 0;

    /// <exception cref="JobRegistrationException">It is no handler, or has no name, or several.</exception>
    public static HandlerContract Of(Type handler)
    {
        if (!handler.IsClass || handler.IsAbstract || handler.ContainsGenericParameters)
            throw new JobRegistrationException($"{handler.FullName} cannot be a job handler: it must be a class that is not abstract and not an open generic.");

        var names = Names(handler);
        if (names.Length == 0)
            throw new JobRegistrationException($"{handler.FullName} has no [Job(\"name\")] attribute, neither itself nor on its contract interface: a handler needs the name that submits use.");
        if (names.Length > 1)
            throw new JobRegistrationException($"{handler.FullName} has several names: {string.Join(", ", names.Select(name => $"'{name.Name}'"))}. A handler has one.");

        var contracts = handler.GetInterfaces().Where(IsContract).ToArray();
        if (contracts.Length != 1)
        {
            var found = contracts.Length == 0 ? "none" : string.Join(" and ", contracts.Select(Describe));
            throw new JobRegistrationException($"{handler.FullName}, the handler of job '{names[0].Name}', must implement exactly one of IJob<TArgs, TResult>, IJob<TArgs>, IBatchJob<TArgs, TResult>, IBatchJob<TArgs>, IFlow<TArgs, TResult> and IFlow<TArgs>; it implements {found}.");
        }

        var types = contracts[0].GetGenericArguments();
        var definition = contracts[0].GetGenericTypeDefinition();
        if (!IsOfBatches(definition) && (names[0].Batch != 0 || names[0].BatchSeconds != 0))
            throw new JobRegistrationException($"{handler.FullName}, the handler of job '{names[0].Name}', has Batch or BatchSeconds, and implements {Describe(contracts[0])}, which runs one job at a time: implement IBatchJob.");
        return new(handler, names[0], types[0], types.Length > 1 ? types[1] : null, IsOfFlows(definition), IsOfBatches(definition));
    }

    public HandlerEntry MakeEntry(string name, HandlerOptions options)
    {
        var type = Result is null
            ? (IsFlow ? typeof(ClassActionFlow<,>) : IsBatch ? typeof(BatchActionHandler<,>) : typeof(ClassActionHandler<,>)).MakeGenericType(Handler, Args)
            : (IsFlow ? typeof(ClassFlow<,,>) : IsBatch ? typeof(BatchHandler<,,>) : typeof(ClassHandler<,,>)).MakeGenericType(Handler, Args, Result);
        return (HandlerEntry)Activator.CreateInstance(type, name, options)!;
    }

    /// <summary>The class's own attribute goes before those of its interfaces.</summary>
    private static JobAttribute[] Names(Type handler) =>
        handler.GetCustomAttribute<JobAttribute>(inherit: false) is { } own
            ? [own]
            : [.. handler.GetInterfaces().Select(contract => contract.GetCustomAttribute<JobAttribute>(inherit: false)).OfType<JobAttribute>()];

    private static bool IsContract(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var definition && (definition == typeof(IJob<,>) || definition == typeof(IJob<>) || IsOfBatches(definition) || IsOfFlows(definition));

    private static bool IsOfBatches(Type definition) => definition == typeof(IBatchJob<,>) || definition == typeof(IBatchJob<>);

    private static bool IsOfFlows(Type definition) => definition == typeof(IFlow<,>) || definition == typeof(IFlow<>);

    private static string Describe(Type contract) => $"{contract.Name[..contract.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", contract.GetGenericArguments().Select(type => type.Name))}>";
}
