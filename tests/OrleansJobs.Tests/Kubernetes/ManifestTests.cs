using System.Text.Json.Nodes;
using static OrleansJobs.Tests.Kubernetes.KubeObject;

namespace OrleansJobs.Tests.Kubernetes;

/// <summary>What is true of every rendered object, in every overlay.</summary>
public sealed class ManifestTests
{
    public static TheoryData<string> Overlays => [.. Kustomize.Overlays];

    [KubectlTheory, MemberData(nameof(Overlays))]
    public void Objects_FitTheTypesOfTheirKind(string overlay)
    {
        var table = FieldTable.Load();
        Assert.Empty(Kustomize.Render(overlay).SelectMany(table.Check));
    }

    [KubectlTheory]
    [InlineData("""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"a"},"automountServiceAccountTokens":false}""", "no such field")]
    [InlineData("""{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"a"},"spec":{"maxUnavailable":true}}""", "is none of")]
    [InlineData("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"selector":{}}}""", "template: missing")]
    [InlineData("""{"apiVersion":"apps/v9","kind":"Deployment","metadata":{"name":"a"}}""", "no types of")]
    public void FieldTable_WhenAnObjectDoesNotFit_SaysWhere(string json, string error) =>
        Assert.Contains(FieldTable.Load().Check(new KubeObject((JsonObject)JsonNode.Parse(json)!)), line => line.Contains(error));

    [KubectlTheory, MemberData(nameof(Overlays))]
    public void Selectors_FindPods(string overlay)
    {
        var objects = Kustomize.Render(overlay);
        var workloads = objects.Where(item => item.Pod is not null).ToList();
        Assert.NotEmpty(workloads);
        Assert.All(workloads, workload => Assert.True(Matches(workload.At("spec.selector.matchLabels"), workload.PodLabels), $"{workload} does not select its own pods"));
        foreach (var item in objects)
        {
            var selector = item.Kind switch
            {
                "Service" => item.At("spec.selector"),
                "PodDisruptionBudget" => item.At("spec.selector.matchLabels"),
                "NetworkPolicy" => item.At("spec.podSelector.matchLabels"),
                _ => null,
            };
            if (selector is not null) Assert.True(workloads.Count(workload => Matches(selector, workload.PodLabels)) == 1, $"{item} does not select exactly one workload");
        }

        foreach (var workload in workloads)
        {
            Assert.All(List(workload.Pod, "topologySpreadConstraints"), constraint => Assert.True(Matches(At(constraint, "labelSelector.matchLabels"), workload.PodLabels)));
        }
    }

    [KubectlTheory, MemberData(nameof(Overlays))]
    public void References_LeadToWhatIsThere(string overlay)
    {
        var objects = Kustomize.Render(overlay);
        // Made by the operator; the production overlay names them in its first lines.
        string[] external = ["orleansjobs-redis", "orleansjobs-gateway", "orleansjobs-scaler", "orleansjobs-cluster-tls"];
        foreach (var workload in objects.Where(item => item.Pod is not null))
        {
            if (workload.Pod!["serviceAccountName"] is { } account) AssertExists(objects, "ServiceAccount", account.ToString());
            foreach (var container in workload.Containers)
            {
                foreach (var from in List(container, "envFrom"))
                {
                    if (At(from, "configMapRef.name") is { } map) AssertExists(objects, "ConfigMap", map.ToString());
                    if (At(from, "secretRef.name") is { } secret) Assert.Contains(secret.ToString(), external);
                }

                foreach (var name in List(container, "env").Select(variable => At(variable, "valueFrom.secretKeyRef.name")?.ToString()).OfType<string>())
                {
                    if (!external.Contains(name)) AssertExists(objects, "Secret", name);
                }

                var volumes = List(workload.Pod, "volumes").Concat(List(workload.Json, "spec.volumeClaimTemplates").Select(claim => (JsonObject)claim["metadata"]!));
                Assert.All(List(workload.Pod, "volumes").Select(volume => At(volume, "secret.secretName")?.ToString()).OfType<string>(), secret => Assert.Contains(secret, external));
                Assert.All(List(container, "volumeMounts"), mount => Assert.Contains(volumes, volume => volume["name"]!.ToString() == mount["name"]!.ToString()));
            }
        }

        foreach (var scaled in objects.Where(item => item.Kind == "ScaledObject"))
        {
            var target = AssertExists(objects, scaled.Text("spec.scaleTargetRef.kind")!, scaled.Text("spec.scaleTargetRef.name")!);
            Assert.True(target.At("spec.replicas") is null, "The autoscaler and the Deployment both say how many.");
            foreach (var trigger in List(scaled.Json, "spec.triggers"))
            {
                AssertExists(objects, "TriggerAuthentication", At(trigger, "authenticationRef.name")!.ToString());
                var host = new Uri(At(trigger, "metadata.url")!.ToString()).Host.Split('.');
                AssertExists(objects, "Service", host[0]);
                Assert.Equal(scaled.Namespace, host[1]);
            }
        }

        foreach (var backend in objects.Where(item => item.Kind == "HTTPRoute").SelectMany(route => List(route.Json, "spec.rules").SelectMany(rule => List(rule, "backendRefs"))))
        {
            var service = AssertExists(objects, "Service", backend["name"]!.ToString());
            Assert.Contains(List(service.Json, "spec.ports"), port => port["port"]!.ToString() == backend["port"]!.ToString());
        }
    }

    [KubectlTheory, MemberData(nameof(Overlays))]
    public void Containers_HaveNoRightsTheyDoNotNeed(string overlay)
    {
        foreach (var workload in Kustomize.Render(overlay).Where(item => item.Pod is not null))
        {
            Assert.Equal("false", At(workload.Pod, "automountServiceAccountToken")?.ToString());
            Assert.Equal("true", At(workload.Pod, "securityContext.runAsNonRoot")?.ToString());
            Assert.Equal("RuntimeDefault", At(workload.Pod, "securityContext.seccompProfile.type")?.ToString());
            if (!workload.Name.EndsWith("-redis")) Assert.Equal("1654", At(workload.Pod, "securityContext.runAsUser")?.ToString());
            foreach (var container in workload.Containers)
            {
                Assert.Equal("false", At(container, "securityContext.allowPrivilegeEscalation")?.ToString());
                Assert.Equal("true", At(container, "securityContext.readOnlyRootFilesystem")?.ToString());
                Assert.Equal("""["ALL"]""", At(container, "securityContext.capabilities.drop")?.ToJsonString());
                Assert.Contains(List(container, "volumeMounts"), mount => mount["mountPath"]!.ToString() == "/tmp");
                Assert.Equal("/tmp", List(workload.Pod, "volumes").Where(volume => volume["emptyDir"] is not null).Select(_ => "/tmp").Distinct().Single());
            }
        }

        Assert.All(Kustomize.Render(overlay).Where(item => item.Kind == "ServiceAccount"), account => Assert.Equal("false", account.Text("automountServiceAccountToken")));
        Assert.DoesNotContain(Kustomize.Render(overlay), item => item.Kind is "Role" or "ClusterRole" or "RoleBinding" or "ClusterRoleBinding");
    }

    [KubectlTheory, MemberData(nameof(Overlays))]
    public void Containers_AskForCpuAndAreNotThrottled(string overlay)
    {
        foreach (var container in Kustomize.Render(overlay).SelectMany(item => item.Containers))
        {
            Assert.NotNull(At(container, "resources.requests.cpu"));
            Assert.NotNull(At(container, "resources.requests.memory"));
            Assert.NotNull(At(container, "resources.limits.memory"));
            Assert.Null(At(container, "resources.limits.cpu"));
        }
    }

    [KubectlTheory, MemberData(nameof(Overlays))]
    public void Images_HaveATagAndAKnownUpkeep(string overlay)
    {
        string[] known = ["orleansjobs/silo", "orleansjobs/gateway", "registry.example.com/orleansjobs/silo", "registry.example.com/orleansjobs/gateway", "docker.io/library/redis"];
        foreach (var image in Kustomize.Render(overlay).SelectMany(item => item.Containers).Select(container => container["image"]!.ToString()))
        {
            var parts = image.Split(':');
            Assert.Equal(2, parts.Length);
            Assert.NotEqual("latest", parts[1]);
            Assert.Contains(parts[0], known);
        }
    }

    [KubectlTheory, MemberData(nameof(Overlays))]
    public void Disruptions_TakeOnePodAtATimeAndNeverBlockABrokenOne(string overlay)
    {
        var budgets = Kustomize.Render(overlay).Where(item => item.Kind == "PodDisruptionBudget").ToList();
        Assert.Equal(2, budgets.Count);
        Assert.All(budgets, budget => Assert.Equal("1", budget.Text("spec.maxUnavailable")));
        Assert.All(budgets, budget => Assert.Equal("AlwaysAllow", budget.Text("spec.unhealthyPodEvictionPolicy")));
    }

    [KubectlTheory, MemberData(nameof(Overlays))]
    public void NetworkPolicies_NameOnlyPortsThatSomebodyListensOn(string overlay)
    {
        var objects = Kustomize.Render(overlay);
        var workloads = objects.Where(item => item.Pod is not null).ToList();
        foreach (var policy in objects.Where(item => item.Kind == "NetworkPolicy"))
        {
            Assert.Equal("""["Ingress","Egress"]""", policy.At("spec.policyTypes")!.ToJsonString());
            var self = workloads.Single(workload => Matches(policy.At("spec.podSelector.matchLabels"), workload.PodLabels));
            foreach (var port in List(policy.Json, "spec.ingress").SelectMany(rule => List(rule, "ports")))
                Assert.True(Listens(self, port["port"]!), $"{policy} lets in port {port["port"]}, where nobody listens");
            foreach (var rule in List(policy.Json, "spec.egress"))
            {
                foreach (var peer in List(rule, "to").Select(to => workloads.SingleOrDefault(workload => Matches(At(to, "podSelector.matchLabels"), workload.PodLabels))).OfType<KubeObject>())
                {
                    // A name in an egress rule is looked up on the peer, and not every network plug-in does so: numbers only.
                    Assert.All(List(rule, "ports"), port => Assert.Equal(System.Text.Json.JsonValueKind.Number, port["port"]!.GetValueKind()));
                    Assert.All(List(rule, "ports"), port => Assert.True(Listens(peer, port["port"]!), $"{policy} lets out to {peer} at {port["port"]}, where nobody listens"));
                    Assert.True(IsLetIn(objects, peer, self, List(rule, "ports").Select(port => port["port"]!)), $"{self} may go to {peer}, which does not let it in");
                }
            }
        }
    }

    private static bool IsLetIn(IReadOnlyList<KubeObject> objects, KubeObject target, KubeObject source, IEnumerable<JsonNode> ports)
    {
        var policy = objects.Single(item => item.Kind == "NetworkPolicy" && Matches(item.At("spec.podSelector.matchLabels"), target.PodLabels));
        return ports.All(port => List(policy.Json, "spec.ingress").Any(rule =>
            (rule["from"] is null || List(rule, "from").Any(from => Matches(At(from, "podSelector.matchLabels"), source.PodLabels)))
            && List(rule, "ports").Any(open => Number(target, open["port"]!) == Number(target, port))));
    }

    private static bool Listens(KubeObject workload, JsonNode port) => Number(workload, port) is not null;

    private static string? Number(KubeObject workload, JsonNode port) => workload.Containers
        .SelectMany(container => List(container, "ports"))
        .Where(open => open["name"]!.ToString() == port.ToString() || open["containerPort"]!.ToString() == port.ToString())
        .Select(open => open["containerPort"]!.ToString())
        .FirstOrDefault();

    private static KubeObject AssertExists(IReadOnlyList<KubeObject> objects, string kind, string name) =>
        objects.SingleOrDefault(item => item.Kind == kind && item.Name == name)
        ?? throw new Xunit.Sdk.XunitException($"{kind} {name} is referred to and not there.");
}
