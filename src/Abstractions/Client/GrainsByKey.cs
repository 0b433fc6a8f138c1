using System.Collections.Concurrent;
using Orleans.Runtime;

namespace OrleansJobs;

/// <summary>
/// References to the grains of one interface, by number. Orleans finds out what an interface is called by reflection whenever it makes a
/// reference, which takes longer than many a call; there are few of these grains, so each reference is made once.
/// </summary>
internal sealed class NumberedGrains<TGrain>(IGrainFactory grains) where TGrain : IGrainWithIntegerKey
{
    private readonly ConcurrentDictionary<int, TGrain> _grains = [];

    public TGrain this[int number] => _grains.GetOrAdd(number, static (key, factory) => KnownGrains.Get(() => factory.GetGrain<TGrain>(key)), grains);
}

/// <summary>References to the grains of one interface, by name. There are too many of these to keep; what is found out once is what the interface is called.</summary>
internal sealed class NamedGrains<TGrain>(IGrainFactory grains) where TGrain : IGrainWithStringKey
{
    private Naming? _naming;

    public TGrain this[string name]
    {
        get
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(name);
            if (Volatile.Read(ref _naming) is { } naming) return (TGrain)grains.GetGrain(GrainId.Create(naming.Grain, IdSpan.Create(name)), naming.Interface);
            var grain = KnownGrains.Get(() => grains.GetGrain<TGrain>(name));
            // Stand-ins of tests are no references; they are asked for each time.
            if (grain is GrainReference reference) Volatile.Write(ref _naming, new Naming(reference.GrainId.Type, reference.InterfaceType));
            return grain;
        }
    }

    private sealed record Naming(GrainType Grain, GrainInterfaceType Interface);
}

internal static class KnownGrains
{
    /// <summary>A client that has not met a silo yet knows of no grains at all; Orleans says so as if the interface were wrong.</summary>
    /// <exception cref="GridUnavailableException">This process has not met a silo of the job grid yet.</exception>
    public static TGrain Get<TGrain>(Func<TGrain> get)
    {
        try
        {
            return get();
        }
        catch (ArgumentException exception)
        {
            throw new GridUnavailableException("This process has not met a silo of the job grid yet.", exception);
        }
    }
}
