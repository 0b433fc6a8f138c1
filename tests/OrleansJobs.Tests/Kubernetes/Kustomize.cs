using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Kubernetes;

/// <summary>What <c>kubectl kustomize</c> makes of an overlay. It needs no cluster.</summary>
internal static class Kustomize
{
    public static readonly string[] Overlays = ["dev", "production", "all"];

    private static readonly ConcurrentDictionary<string, Lazy<IReadOnlyList<KubeObject>>> Rendered = new();

    /// <summary><c>all</c>: production with every component.</summary>
    public static IReadOnlyList<KubeObject> Render(string overlay) =>
        Rendered.GetOrAdd(overlay, name => new Lazy<IReadOnlyList<KubeObject>>(() => name == "all" ? RenderAll() : Run(Repository.PathOf($"k8s/overlays/{name}")))).Value;

    public static bool IsInstalled { get; } = Paths().Any(folder => File.Exists(Path.Combine(folder, "kubectl")));

    private static IReadOnlyList<KubeObject> RenderAll()
    {
        var copy = Directory.CreateTempSubdirectory("orleansjobs-k8s-");
        try
        {
            foreach (var folder in new[] { "base", "overlays", "components" }) Copy(Repository.PathOf($"k8s/{folder}"), Path.Combine(copy.FullName, folder));
            var all = Directory.CreateDirectory(Path.Combine(copy.FullName, "overlays", "all")).FullName;
            File.WriteAllText(Path.Combine(all, "kustomization.yaml"), """
                apiVersion: kustomize.config.k8s.io/v1beta1
                kind: Kustomization
                namespace: orleansjobs
                resources:
                  - ../production
                components:
                  - ../../components/keda
                  - ../../components/gateway-api
                  - ../../components/cluster-tls
                """);
            return Run(all);
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    private static KubeObject[] Run(string folder)
    {
        using var process = Process.Start(new ProcessStartInfo("kubectl", ["kustomize", folder]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return [.. Yaml.ReadAll(output).Select(json => new KubeObject(json))];
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static string[] Paths() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
}

/// <summary>Runs where kubectl is installed, and says so where it is not.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KubectlTheoryAttribute : TheoryAttribute
{
    public KubectlTheoryAttribute()
    {
        if (!Kustomize.IsInstalled) Skip = "kubectl is not installed: the overlays are not rendered. Install it and run again.";
    }
}

/// <summary>One rendered object.</summary>
internal sealed record KubeObject(JsonObject Json)
{
    public string ApiVersion => Text("apiVersion")!;
    public string Kind => Text("kind")!;
    public string Name => Text("metadata.name")!;
    public string? Namespace => Text("metadata.namespace");

    /// <summary>The labels of the pods that it makes.</summary>
    public IReadOnlyDictionary<string, string> PodLabels => Map(At("spec.template.metadata.labels"));

    public JsonObject? Pod => At("spec.template.spec") as JsonObject;

    public IEnumerable<JsonObject> Containers => List(Pod, "containers");

    public JsonNode? At(string path) => At(Json, path);

    public string? Text(string path) => At(path)?.ToString();

    public static JsonNode? At(JsonNode? node, string path) =>
        path.Split('.').Aggregate(node, (at, name) => (at as JsonObject)?[name]);

    public static IEnumerable<JsonObject> List(JsonNode? node, string path) => (At(node, path) as JsonArray)?.OfType<JsonObject>() ?? [];

    public static IReadOnlyDictionary<string, string> Map(JsonNode? node) =>
        (node as JsonObject)?.ToDictionary(pair => pair.Key, pair => pair.Value!.ToString()) ?? [];

    /// <summary>Whether a selector's labels are all among these.</summary>
    public static bool Matches(JsonNode? matchLabels, IReadOnlyDictionary<string, string> labels) =>
        Map(matchLabels) is { Count: > 0 } wanted && wanted.All(pair => labels.GetValueOrDefault(pair.Key) == pair.Value);

    public override string ToString() => $"{Kind} {Name}";
}
