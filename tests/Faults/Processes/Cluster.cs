using System.Globalization;
using OrleansJobs.Faults.Stores;

namespace OrleansJobs.Faults.Processes;

/// <summary>A redis-server, silos that carry gateways, and gateways of their own where asked for.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(3);
    private const int DiskMegabytes = 64;
    private readonly HttpClient _health = new() { Timeout = HealthTimeout };
    private readonly List<SiloProcess> _silos = [];
    private readonly List<GatewayProcess> _gateways = [];
    private readonly List<WorkerProcess> _workers = [];
    private readonly List<RedisServer> _replicas = [];
    private readonly string _directory;
    private readonly NetworkLab? _lab;

    private Cluster(string directory, RedisServer redis, SiloSettings settings, NetworkLab? lab, LoopDisk? disk)
    {
        Disk = disk;
        Store = settings.File is { } file ? new RawFile(file) : new RawRedis(() => redis.Database, settings.Cluster);
        _directory = directory;
        Redis = redis;
        Settings = settings;
        _lab = lab;
    }

    /// <summary>Not running where jobs are kept in a file.</summary>
    public RedisServer Redis { get; }

    /// <summary>The disk that the file is on, where it has one of its own.</summary>
    public LoopDisk? Disk { get; }

    public IRawStore Store { get; }
    public SiloSettings Settings { get; }
    public IReadOnlyList<SiloProcess> Silos => _silos;
    public IReadOnlyList<GatewayProcess> Gateways => _gateways;

    /// <summary>Where the load goes: the gateways where there are any, otherwise the silos, running or not.</summary>
    public IReadOnlyList<Uri> Addresses => _gateways.Count > 0 ? [.. _gateways.Select(gateway => gateway.Address)] : [.. _silos.Select(silo => silo.Address)];

    public static async Task<Cluster> StartAsync(string directory, ClusterPlan plan)
    {
        var lab = plan.InNamespaces ? new NetworkLab() : null;
        var address = lab?.Outside.Address ?? "127.0.0.1";
        var redis = new RedisServer(Path.Combine(directory, "redis"), plan.AppendFsync, Ports.Free(), address, null);
        var disk = plan.Store == StorePlan.FileOnADisk ? new LoopDisk(directory, DiskMegabytes) : null;
        var file = plan.Store == StorePlan.Redis ? null : Path.Combine(disk?.Folder ?? directory, "jobs.db");
        var settings = new SiloSettings(redis.ConnectionString, $"faults-{Ports.Free()}", plan.Options) { File = file };
        var cluster = new Cluster(directory, redis, settings, lab, disk);
        try
        {
            if (file is null) await redis.StartAsync();
            for (var i = 1; i <= plan.Silos; i++) cluster.AddSilo();
            // The first alone, so that the grid's record and the membership table are there for the others; then all at once.
            cluster._silos[0].Start(cluster.Settings);
            await cluster.UntilReadyAsync(cluster._silos[0]);
            foreach (var silo in cluster._silos.Skip(1)) silo.Start(cluster.Settings);
            for (var i = 1; i <= plan.Gateways; i++) cluster.AddGateway(i);
            await cluster.UntilAllReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A silo that is not running yet.</summary>
    public SiloProcess AddSilo()
    {
        var host = _lab?.AddHost();
        var silo = new SiloProcess($"s{_silos.Count + 1}", _directory, host?.Address ?? "127.0.0.1", host?.Namespace);
        _silos.Add(silo);
        return silo;
    }

    /// <summary>A worker outside that is not running yet. Each calls another gateway, as far as there are enough.</summary>
    public WorkerProcess AddWorker(WorkerProgram program, int slots)
    {
        var worker = new WorkerProcess(string.Create(CultureInfo.InvariantCulture, $"w{_workers.Count + 1}"), _directory, program, Addresses[_workers.Count % Addresses.Count], slots);
        _workers.Add(worker);
        return worker;
    }

    public void CutFromRedis(SiloProcess silo) => _lab!.Cut(_lab.Outside, HostOf(silo));

    public void HealToRedis(SiloProcess silo) => _lab!.Heal(_lab.Outside, HostOf(silo));

    public void Cut(SiloProcess one, SiloProcess other) => _lab!.Cut(HostOf(one), HostOf(other));

    public void Heal(SiloProcess one, SiloProcess other) => _lab!.Heal(HostOf(one), HostOf(other));

    public Task UntilReadyAsync(SiloProcess silo) => Deadlines.UntilAsync($"{silo.Life} is ready", StartDeadline, async () =>
    {
        if (!silo.IsRunning) throw new InvalidOperationException($"{silo.Life} ended with {silo.ExitCode}: see {silo.Log}.");
        return await IsReadyAsync(silo.Address);
    });

    public async Task UntilAllReadyAsync()
    {
        foreach (var silo in _silos.Where(silo => silo.IsRunning)) await UntilReadyAsync(silo);
        foreach (var gateway in _gateways.Where(gateway => gateway.IsRunning))
            await Deadlines.UntilAsync($"{gateway.Name} is ready", StartDeadline, () => IsReadyAsync(gateway.Address));
    }

    public async Task<bool> IsReadyAsync(Uri address)
    {
        try
        {
            using var answer = await _health.GetAsync(new Uri(address, "/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>What a silo says of whether it is ready; empty where it does not answer.</summary>
    public async Task<string> ReadinessAsync(SiloProcess silo)
    {
        try
        {
            using var answer = await _health.GetAsync(new Uri(silo.Address, "/health/ready"));
            return await answer.Content.ReadAsStringAsync();
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return "";
        }
    }

    /// <summary>A replica of the store, which has all that it has.</summary>
    public async Task<RedisServer> StartReplicaAsync()
    {
        var replica = new RedisServer(Path.Combine(_directory, $"replica{_replicas.Count + 1}"), "off", Ports.Free(), Redis.Endpoint.Host, null);
        _replicas.Add(replica);
        await replica.StartAsync();
        await replica.FollowAsync(Redis);
        return replica;
    }

    /// <summary>Asks a silo of this driver's to do something for a test, such as to die at a crash point.</summary>
    public async Task<string> TellAsync(SiloProcess silo, string path)
    {
        using var answer = await _health.PostAsync(new Uri(silo.Address, path), null);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>Whether another silo holds this one for dead.</summary>
    public async Task<bool> IsGivenUpAsync(SiloProcess silo)
    {
        var witness = _silos.First(other => other != silo && other.IsRunning);
        try
        {
            return await _health.GetStringAsync(new Uri(witness.Address, $"/faults/dead?silo={silo.Name}")) == "true";
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers) worker.Dispose();
        foreach (var gateway in _gateways) gateway.Dispose();
        foreach (var silo in _silos) silo.Dispose();
        foreach (var replica in _replicas) await replica.DisposeAsync();
        await Redis.DisposeAsync();
        _lab?.Dispose();
        if (Disk is not null) await Disk.DisposeAsync();
        _health.Dispose();
    }

    private void AddGateway(int number)
    {
        var gateway = new GatewayProcess(string.Create(CultureInfo.InvariantCulture, $"g{number}"), _directory);
        gateway.Start(Settings);
        _gateways.Add(gateway);
    }

    private static LabHost HostOf(SiloProcess silo) => new(silo.Namespace, silo.Host);
}

/// <param name="AppendFsync">Redis' <c>appendfsync</c>; <c>off</c>: no append-only file at all.</param>
/// <param name="Options">Configuration of every silo.</param>
internal sealed record ClusterPlan(
    int Silos, IReadOnlyDictionary<string, string> Options, int Gateways = 0, string AppendFsync = "everysec", bool InNamespaces = false,
    StorePlan Store = StorePlan.Redis);

/// <summary>Where jobs are kept.</summary>
internal enum StorePlan
{
    Redis,

    /// <summary>In a file of the only silo.</summary>
    File,

    /// <summary>The same, on a small disk of its own.</summary>
    FileOnADisk,
}
