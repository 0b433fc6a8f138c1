using System.Reflection;
using System.Runtime.CompilerServices;
using OrleansJobs.Connections;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;
using OrleansJobs.Samples;
using OrleansJobs.Telemetry;

namespace OrleansJobs.Tests.Packages;

/// <summary>An exception that leaves an <c>async void</c> ends the process: there is none, lambdas and event handlers included.</summary>
public class AsyncVoidTests
{
    private const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static TheoryData<string> Assemblies => [.. All.Keys];

    private static readonly Dictionary<string, Assembly> All = new Assembly[]
    {
        typeof(IJobClient).Assembly, typeof(JobGridBuilder).Assembly, typeof(JobGatewayOptions).Assembly, typeof(JobTelemetryOptions).Assembly, typeof(ClusterTls).Assembly,
        Assembly.Load("orleansjobs"), Assembly.Load("OrleansJobs.Silo"), typeof(LongTaskJob).Assembly,
    }.ToDictionary(assembly => assembly.GetName().Name!);

    [Theory, MemberData(nameof(Assemblies))]
    public void NoMethod_IsAsyncAndVoid(string assembly) => Assert.Empty(AsyncVoidsOf(All[assembly].GetTypes()));

    [Fact]
    public void Search_FindsMethodsAndLambdas()
    {
        var found = AsyncVoidsOf(typeof(Bad).GetNestedTypes(Any).Append(typeof(Bad))).ToList();
        Assert.Equal(2, found.Count);
        Assert.Contains(found, name => name.EndsWith(".Method", StringComparison.Ordinal));
    }

    private static IEnumerable<string> AsyncVoidsOf(IEnumerable<Type> types) => types.SelectMany(type => type.GetMethods(Any))
        .Where(method => method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute), inherit: false))
        .Select(method => $"{method.DeclaringType!.FullName}.{method.Name}");

    private static class Bad
    {
        public static readonly Action Lambda = async () => await Task.Yield();

        public static async void Method() => await Task.Yield();
    }
}
