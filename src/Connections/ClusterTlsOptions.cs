namespace OrleansJobs.Connections;

/// <summary>
/// What a process shows and asks for on the connections of its cluster. Section <c>ClusterTls</c> of the configuration. Without it connections are
/// neither encrypted nor authenticated; with it both sides of each must show a certificate. The same on all silos and clients.
/// </summary>
public sealed class ClusterTlsOptions
{
    public const string Section = "ClusterTls";

    /// <summary>
    /// PEM file with the certificate of this process, and behind it the intermediate ones, if any. Good for server and client
    /// authentication, since a silo is both. Read again for each new connection, so that it can be renewed while the process runs.
    /// </summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file with the certificate's key, not encrypted.</summary>
    public string? Key { get; set; }

    /// <summary>PEM file with the certificates of the authorities that those of the others must come from. Those of the machine do not count.</summary>
    public string? Authorities { get; set; }

    /// <summary>DNS names, one of which the certificate of the other side must carry. None: whatever the authorities have signed is let in.</summary>
    public List<string> Peers { get; set; } = [];

    /// <summary>Whether the section says anything.</summary>
    internal bool IsOn => Certificate is not null || Key is not null || Authorities is not null || Peers.Count > 0;
}
