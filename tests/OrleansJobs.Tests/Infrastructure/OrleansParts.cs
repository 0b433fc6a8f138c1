using System.Runtime.CompilerServices;
using Orleans.Hosting;

namespace OrleansJobs.Tests.Infrastructure;

/// <summary>
/// Orleans knows the grains and codecs of what is loaded when the first silo or client of a process is built. Which test that is depends on what is
/// run, so everything is loaded before the first.
/// </summary>
internal static class OrleansParts
{
#pragma warning disable CA2255 // The tests are the program here.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Load()
    {
        GC.KeepAlive(typeof(SiloBuilderReminderMemoryExtensions));
        GC.KeepAlive(typeof(MemoryGrainStorageSiloBuilderExtensions));
        GC.KeepAlive(typeof(Hosting.JobGridHosting));
    }
}
