using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Extensions.Hosting;
using OrleansJobs.Tests.Configuration;
using OrleansJobs.Tests.Infrastructure;
using static OrleansJobs.Tests.Kubernetes.KubeObject;

namespace OrleansJobs.Tests.Kubernetes;

/// <summary>What the overlays say to the processes is what the processes understand.</summary>
public sealed class SettingsTests
{
    public static TheoryData<string, string> Workloads
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var overlay in Kustomize.Overlays)
            {
                data.Add(overlay, "silo");
                data.Add(overlay, "gateway");
            }

            return data;
        }
    }

    [KubectlTheory, MemberData(nameof(Workloads))]
    public void Environment_HasOnlyNamesThatSomebodyReads(string overlay, string workload) =>
        Assert.Empty(SettingsOf(overlay, workload).Unknown);

    [KubectlTheory, MemberData(nameof(Workloads))]
    public void Environment_MakesValidOptions(string overlay, string workload)
    {
        var settings = SettingsOf(overlay, workload);
        var gateway = settings.Gateway;
        Assert.Equal("orleansjobs", settings["Orleans:ClusterId"]);
        Assert.Equal("orleansjobs", settings["Orleans:ServiceId"]);
        Assert.NotNull(settings["ConnectionStrings:redis"]);
        Assert.True(settings.Http.IsOpen, "The kubelet asks from outside the pod.");
        if (workload == "silo")
        {
            Assert.InRange(settings.Grid.Slots, 1, 1000);
            Assert.NotNull(settings["JobGrid:Slots"]);
            Assert.False(gateway.Enabled);
            return;
        }

        var secrets = List(Container(overlay, workload), "envFrom").Select(from => At(from, "secretRef.name")?.ToString());
        Assert.True(gateway.AllowAnonymous ^ secrets.Contains("orleansjobs-gateway"), "Either keys or, in so many words, none.");
        Assert.Equal(overlay == "dev", gateway.AllowAnonymous);
        // Whoever calls the Service by its name is answered.
        if (gateway.AllowAnonymous) Assert.Contains("orleansjobs-gateway", gateway.Hosts);
    }

    [KubectlTheory, MemberData(nameof(Workloads))]
    public void Ports_AreThoseOfTheOptionsAndOfTheImage(string overlay, string workload)
    {
        var settings = SettingsOf(overlay, workload);
        var ports = List(Container(overlay, workload), "ports").ToDictionary(port => port["name"]!.ToString(), port => (int)port["containerPort"]!);
        Assert.Equal(settings.Http.Port, ports["http"]);
        if (workload == "gateway") Assert.Equal(settings.Gateway.ProbePort, ports["probes"]);
        if (workload == "silo")
        {
            Assert.Equal(settings["Orleans:Endpoints:SiloPort"], ports["silo"].ToString(CultureInfo.InvariantCulture));
            Assert.Equal(settings["Orleans:Endpoints:GatewayPort"], ports["clients"].ToString(CultureInfo.InvariantCulture));
        }

        var project = ProjectOf(workload);
        Assert.Equal(ports.Values.Order(), project.Descendants("ContainerPort").Select(port => int.Parse(port.Attribute("Include")!.Value, CultureInfo.InvariantCulture)).Order());
    }

    [KubectlTheory, MemberData(nameof(Workloads))]
    public void Images_AreThoseThatTheProjectsMake(string overlay, string workload)
    {
        var project = ProjectOf(workload);
        Assert.Contains($"{project.Descendants("ContainerRepository").Single().Value}:", Container(overlay, workload)["image"]!.ToString());
        Assert.EndsWith("-chiseled", project.Descendants("ContainerBaseImage").Single().Value);
        Assert.Empty(project.Descendants("ContainerUser"));
    }

    [KubectlTheory, MemberData(nameof(Workloads))]
    public void Silo_TakesNameAndAddressFromItsPod(string overlay, string workload)
    {
        if (workload != "silo") return;
        var variables = List(Container(overlay, workload), "env").ToList();
        Assert.Equal("metadata.name", At(variables.Single(variable => variable["name"]!.ToString() == "POD_NAME"), "valueFrom.fieldRef.fieldPath")!.ToString());
        Assert.Equal("status.podIP", At(variables.Single(variable => variable["name"]!.ToString() == "POD_IP"), "valueFrom.fieldRef.fieldPath")!.ToString());
        var settings = SettingsOf(overlay, workload);
        Assert.Equal("$(POD_NAME)", settings["Orleans:Name"]);
        Assert.Equal("$(POD_IP)", settings["Orleans:Endpoints:AdvertisedIPAddress"]);
        // A variable can refer only to those before it.
        var names = variables.ConvertAll(variable => variable["name"]!.ToString());
        Assert.True(names.IndexOf("POD_NAME") < names.IndexOf("Orleans__Name"));
        Assert.True(names.IndexOf("POD_IP") < names.IndexOf("Orleans__Endpoints__AdvertisedIPAddress"));
    }

    [KubectlTheory, MemberData(nameof(Workloads))]
    public void Probes_AskRoutesThatThereAre(string overlay, string workload)
    {
        var routes = GatewayRoutes.Paths;
        foreach (var (probe, path) in new[] { ("startupProbe", "/health/startup"), ("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready") })
        {
            var request = At(Container(overlay, workload), $"{probe}.httpGet")!;
            Assert.Equal(path, request["path"]!.ToString());
            // The gateway's readers must not keep its probes out; a silo has none.
            Assert.Equal(workload == "silo" ? "http" : "probes", request["port"]!.ToString());
            Assert.Contains(path, routes);
        }
    }

    [KubectlTheory, MemberData(nameof(Workloads))]
    public void GracePeriod_CoversTheDrain(string overlay, string workload)
    {
        var item = Kustomize.Render(overlay).Single(candidate => candidate.Name == $"orleansjobs-{workload}" && candidate.Kind == "Deployment");
        var grace = TimeSpan.FromSeconds((int)At(item.Pod, "terminationGracePeriodSeconds")!);
        var preStop = TimeSpan.FromSeconds((int?)At(Container(overlay, workload), "lifecycle.preStop.sleep.seconds") ?? 0);
        var shutdown = workload == "silo" ? SettingsOf(overlay, workload).Grid.ShutdownTime : new HostOptions().ShutdownTimeout;
        Assert.True(grace > preStop + shutdown + TimeSpan.FromSeconds(10), $"{grace} is not more than {preStop} + {shutdown} + 10 s");
    }

    [KubectlTheory]
    [InlineData("silo")]
    [InlineData("gateway")]
    public void ClusterTls_ReadsWhatTheSecretHas_AndMayReadIt(string workload)
    {
        const string Overlay = "all";
        var settings = SettingsOf(Overlay, workload);
        var pod = Kustomize.Render(Overlay).Single(item => item.Kind == "Deployment" && item.Name == $"orleansjobs-{workload}").Pod;
        var mount = List(Container(Overlay, workload), "volumeMounts").Single(mount => mount["name"]!.ToString() == "cluster-tls");
        Assert.Equal("true", mount["readOnly"]!.ToString());
        // A file mounted by itself is never renewed.
        Assert.Null(mount["subPath"]);
        var folder = mount["mountPath"]!.ToString();
        Assert.Equal($"{folder}/tls.crt", settings["ClusterTls:Certificate"]);
        Assert.Equal($"{folder}/tls.key", settings["ClusterTls:Key"]);
        Assert.Equal($"{folder}/ca.crt", settings["ClusterTls:Authorities"]);
        var secret = List(pod, "volumes").Single(volume => volume["name"]!.ToString() == "cluster-tls")["secret"]!;
        // Octal 440: the group of the pod, which is fsGroup.
        Assert.Equal(Convert.ToInt32("440", 8), (int)secret["defaultMode"]!);
        Assert.Equal("1654", At(pod, "securityContext.fsGroup")!.ToString());
    }

    [KubectlTheory, InlineData("all")]
    public void Scaler_ReadsWhatTheGatewaySaysAndAimsBelowTheSlots(string overlay)
    {
        var scaled = Kustomize.Render(overlay).Single(item => item.Kind == "ScaledObject");
        var trigger = List(scaled.Json, "spec.triggers").Single();
        Assert.Contains(new Uri(At(trigger, "metadata.url")!.ToString()).AbsolutePath, GatewayRoutes.Paths);
        Assert.Equal("load", At(trigger, "metadata.valueLocation")!.ToString());
        var slots = SettingsOf(overlay, "silo").Grid.Slots;
        Assert.Equal(slots * 3 / 4, int.Parse(At(trigger, "metadata.targetValue")!.ToString(), CultureInfo.InvariantCulture));
        Assert.True((int)scaled.At("spec.minReplicaCount")! >= 2);
        var down = scaled.At("spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown")!;
        var policy = List(down, "policies").Single();
        Assert.Equal("1", policy["value"]!.ToString());
        // The next silo is not told to leave before the last one could have drained.
        Assert.True((int)policy["periodSeconds"]! >= SettingsOf(overlay, "silo").Grid.ShutdownTime.TotalSeconds);
    }

    [KubectlTheory, InlineData("all")]
    public void Route_LetsOutTheGatewayAndNothingOfTheClusters(string overlay)
    {
        var rules = List(Kustomize.Render(overlay).Single(item => item.Kind == "HTTPRoute").Json, "spec.rules").ToList();
        var inside = GatewayRoutes.Paths.Where(path => path.StartsWith("/health/", StringComparison.Ordinal) || path == "/metrics").ToList();
        Assert.True(inside.Count >= 4);
        Assert.All(inside, path => Assert.DoesNotContain(rules, rule => Matches(rule, path)));
        Assert.All(GatewayRoutes.Paths.Except(inside), path => Assert.True(rules.Any(rule => Matches(rule, path)), $"{path} is not routed"));
        var gateway = SettingsOf(overlay, "gateway").Gateway;
        var names = Kustomize.Render(overlay).Single(item => item.Kind == "HTTPRoute").At("spec.hostnames")!.AsArray().Select(name => name!.ToString());
        Assert.Equal(gateway.PublicUrl!.Host, Assert.Single(names));
        Assert.NotEmpty(gateway.TrustedProxies);
        Assert.All(GatewayRoutes.Paths.Where(path => path.EndsWith("/events", StringComparison.Ordinal)), path => Assert.Equal("0s", At(rules.First(rule => Matches(rule, path)), "timeouts.request")!.ToString()));

        static bool Matches(System.Text.Json.Nodes.JsonObject rule, string path) => List(rule, "matches").Any(match => (At(match, "path.type")!.ToString(), At(match, "path.value")!.ToString()) switch
        {
            ("Exact", var value) => path == value,
            ("PathPrefix", var value) => path == value || path.StartsWith(value + "/", StringComparison.Ordinal),
            ("RegularExpression", var value) => Regex.IsMatch(path, $"^{value}$"),
            _ => false,
        });
    }

    internal static XDocument ProjectOf(string workload) =>
        XDocument.Parse(Repository.Read(workload == "silo" ? "src/Silo/OrleansJobs.Silo.csproj" : "src/Gateway/OrleansJobs.Gateway.csproj"));

    private static System.Text.Json.Nodes.JsonObject Container(string overlay, string workload) =>
        Kustomize.Render(overlay).Single(item => item.Kind == "Deployment" && item.Name == $"orleansjobs-{workload}").Containers.Single();

    private static ProcessSettings SettingsOf(string overlay, string workload)
    {
        var environment = new Dictionary<string, string>();
        var container = Container(overlay, workload);
        foreach (var map in List(container, "envFrom").Select(from => At(from, "configMapRef.name")?.ToString()).OfType<string>())
        {
            foreach (var (name, value) in Map(Kustomize.Render(overlay).Single(item => item.Kind == "ConfigMap" && item.Name == map).At("data"))) environment[name] = value;
        }

        foreach (var variable in List(container, "env")) environment[variable["name"]!.ToString()] = variable["value"]?.ToString() ?? "from elsewhere";
        return new ProcessSettings(environment);
    }
}
