using System.Reflection;
using OrleansJobs.Gateway;

namespace OrleansJobs.Tests.Gateway;

public class ArchitectureTests
{
    [Fact]
    public void Gateway_KnowsNothingOfTheGrains()
    {
        var reached = new HashSet<string>();
        Walk(typeof(JobGatewayOptions).Assembly);
        Assert.Contains("OrleansJobs.Abstractions", reached);
        Assert.DoesNotContain("OrleansJobs.Grains", reached);

        void Walk(Assembly assembly)
        {
            foreach (var reference in assembly.GetReferencedAssemblies())
            {
                if (reference.Name!.StartsWith("OrleansJobs.", StringComparison.Ordinal) && reached.Add(reference.Name)) Walk(Assembly.Load(reference));
            }
        }
    }
}
