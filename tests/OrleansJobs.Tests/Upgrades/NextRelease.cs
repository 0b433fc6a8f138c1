using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;

namespace OrleansJobs.Tests.Upgrades;

/// <summary>
/// The release after this one, as far as the rules of upgrades let it differ: the present sources with something added to each record in the
/// store, to each message between processes, and to the handlers; built in a folder of its own.
/// </summary>
internal static class NextRelease
{
    /// <summary>The type that only the next release has a handler for.</summary>
    public const string OwnType = "later";

    private const string Member = "    [Id(200)] public string LaterMember { get; init; } = \"later\";\n";
    private const string Field = "        writer.Text(200, \"later\");\n";
    private static readonly string[] Folders = ["src/Abstractions", "src/Connections", "src/Grains", "src/Gateway", "src/Telemetry", "clients/node", "clients/python/src", "tests/Faults"];

    private static readonly (string File, string After, string Added)[] Additions =
    [
        ("src/Abstractions/Contracts/JobStatus.cs", "public sealed record JobStatus\n{\n", Member),
        ("src/Abstractions/Contracts/JobSubmission.cs", "public sealed record JobSubmission\n{\n", Member),
        ("src/Abstractions/Contracts/IJobPartitionGrain.cs", "Task<byte[]?> GetArgs(string id);\n", "    [Alias(\"later\")] Task<int> LaterMethod(string id);\n"),
        ("src/Grains/Partitions/JobPartitionGrain.cs", "private PartitionCore _core = null!;\n", "    public Task<int> LaterMethod(string id) => Task.FromResult(id.Length);\n"),
        ("src/Grains/Workers/WorkProtocol.cs", "internal sealed record WorkerProfile\n{\n", Member),
        ("src/Grains/Workers/WorkProtocol.cs", "internal sealed record ExchangeRequest\n{\n", Member),
        ("src/Grains/Workers/WorkProtocol.cs", "internal sealed record ExchangeReply\n{\n", Member),
        ("src/Grains/Workers/WorkProtocol.cs", "internal sealed record Lease\n{\n", Member),
        ("src/Grains/Workers/WorkProtocol.cs", "internal sealed record JobReport\n{\n", Member),
        ("src/Grains/Records/JobSpec.cs", "if (Fingerprint is not null) writer.Bytes(15, Fingerprint);\n", Field),
        ("src/Grains/Records/JobTrack.cs", "writer.Number(16, Earlier);\n", Field),
        ("src/Grains/Records/JobOutcome.cs", "writer.Close(track);\n", Field),
        ("tests/Faults/Silos/FaultHandlers.cs", "AddBad(jobs, sink);\n", $"        jobs.AddJob<MillisecondsArgs, RunResult>(\"{OwnType}\", (_, job, _) => RunAsync(sink, job, () => Task.CompletedTask));\n"),
    ];

    /// <returns>The driver of that release.</returns>
    public static async Task<string> BuildAsync(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(Repository.Root)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        foreach (var source in Folders) Copy(Repository.PathOf(source), Path.Combine(folder, source));
        foreach (var (file, after, added) in Additions) Add(Path.Combine(folder, file), after, added);
        // What analyzers say of these sources has been said; without them they build in half the time.
        await Command.DotnetAsync(
            folder, "build", "tests/Faults", "-c", "Release", "-v", "quiet", "-p:Version=99.0.0", "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false", "-o", "built");
        return Path.Combine(folder, "built", "OrleansJobs.Faults.dll");
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.EnumerateDirectories(from).Where(folder => Path.GetFileName(folder) is not ("bin" or "obj" or "node_modules")))
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }

    private static void Add(string file, string after, string added)
    {
        var text = File.ReadAllText(file);
        var at = text.IndexOf(after, StringComparison.Ordinal);
        Assert.True(at >= 0, $"{file} has changed: there is no \"{after.Trim()}\" to add something after.");
        File.WriteAllText(file, text.Insert(at + after.Length, added));
    }
}
