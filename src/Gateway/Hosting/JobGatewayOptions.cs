using System.ComponentModel.DataAnnotations;

namespace OrleansJobs.Gateway;

/// <summary>How the gateway serves and guards. Section <c>Gateway</c> of the configuration; validated at start.</summary>
public sealed class JobGatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>False: a silo that only runs jobs. Probes are answered, nothing else is served.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Without <see cref="Keys"/> and <see cref="Scheme"/> everybody who reaches the gateway may do everything, so it then listens on loopback
    /// only and refuses to start otherwise, unless this says that such is the intention.
    /// </summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>API keys, sent as <c>Authorization: Bearer ...</c>.</summary>
    public List<ApiKeyOptions> Keys { get; set; } = [];

    /// <summary>
    /// A folder with further keys, one in each file <c>*.json</c>: an object with the members of <see cref="ApiKeyOptions"/>. It is looked at every
    /// <see cref="KeyFolderInterval"/>, so that keys come and go with their files while the gateway runs. Where it is set, nobody is let in without a
    /// key, also while there is none. At most 1,000 files of 16 KiB.
    /// </summary>
    public string? KeyFolder { get; set; }

    /// <summary>How soon at the latest a change in <see cref="KeyFolder"/> holds.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan KeyFolderInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// While there are no keys, the gateway answers to the names <c>localhost</c>, <c>127.0.0.1</c> and <c>[::1]</c>, to that of
    /// <see cref="PublicUrl"/>, to those that it is told to listen at, and to these; without ports. A page whose name is made to point here is told apart
    /// by that alone, so <c>*</c>, for any name, lets every page in that a user of this network opens.
    /// </summary>
    public List<string> Hosts { get; set; } = [];

    /// <summary>
    /// Addresses, or networks such as <c>10.0.0.0/8</c>, of the proxies that are believed what they say in <c>X-Forwarded-For</c> and
    /// <c>X-Forwarded-Proto</c>. Empty: nobody is.
    /// </summary>
    public List<string> TrustedProxies { get; set; } = [];

    /// <summary>
    /// The host's own authentication scheme, in place of API keys; for one by cookies see <see cref="SignIn"/>. It grants by claims: <c>scope</c> (<c>submit</c>, <c>read</c>, <c>operate</c>, <c>work</c>;
    /// several in one claim are separated by spaces) and, to limit somebody to queues, one <c>queue</c> claim for each; to types that it may run, one <c>type</c> claim
    /// for each.
    /// </summary>
    public string? Scheme { get; set; }

    public SignInOptions SignIn { get; set; } = new();

    public ConsoleOptions Console { get; set; } = new();

    /// <summary>
    /// Secret that watch tokens are made with; at least 32 characters, the same for all gateways of a grid. Unset: random, so that tokens
    /// are worth nothing to another gateway process or after a restart.
    /// </summary>
    public string? WatchTokenKey { get; set; }

    /// <summary>Takes jobs of a type that no silo has ever had a handler for; they wait for one.</summary>
    public bool AcceptUnknownTypes { get; set; }

    /// <summary>Queues that submits may name. Empty: any.</summary>
    public List<string> Queues { get; set; } = [];

    public CorsOptions Cors { get; set; } = new();

    /// <summary>For every key that says nothing else, and for every address where there are no keys.</summary>
    public RateLimitOptions RateLimit { get; set; } = new();

    /// <summary>
    /// What clients reach this gateway as, where a proxy changes it; for addresses given to clients. Pages of its origin are the gateway's own.
    /// </summary>
    public Uri? PublicUrl { get; set; }

    /// <summary>
    /// A port beside the others that serves the probes and <c>/metrics</c>, without a key, and nothing else. It has <see cref="MaxConnections"/> of its own, so
    /// that readers who hold all connections keep no probe out.
    /// </summary>
    /// <value>Default 0: none.</value>
    [Range(0, 65535)] public int ProbePort { get; set; }

    /// <value>Bytes of the body of a batch; default 16 MiB.</value>
    [Range(1 << 10, 1 << 30)] public int MaxBatchBytes { get; set; } = 16 << 20;

    /// <summary>Bytes of the body of a worker's call (<c>POST /work</c>).</summary>
    /// <value>Default 4 MiB.</value>
    [Range(1 << 10, 1 << 30)] public int MaxWorkBytes { get; set; } = 4 << 20;

    /// <summary>Bytes of bodies that are being received and submitted at a time; beyond it submits are answered 503.</summary>
    /// <value>Default 256 MiB.</value>
    [Range(1 << 20, 1L << 40)] public long MaxBodyBytesInFlight { get; set; } = 256 << 20;

    /// <summary>
    /// Connections at a time, at each address that is listened at. More than <see cref="MaxEventStreams"/> and <see cref="MaxWaits"/> together, so that those
    /// who wait leave some to others.
    /// </summary>
    /// <value>Default 40,000.</value>
    [Range(1, 1_000_000)] public long MaxConnections { get; set; } = 40_000;

    /// <summary>
    /// Connections of one client address at a time, or of one /64 network of IPv6; more are closed. Those of <see cref="TrustedProxies"/> are not counted.
    /// </summary>
    /// <value>Default 10,000.</value>
    [Range(1, 1_000_000)] public int MaxConnectionsPerAddress { get; set; } = 10_000;

    /// <summary>Requests that wait for the end of a job (<c>Prefer: wait</c>) or for lines of its log at a time; beyond it they are answered at once.</summary>
    /// <value>Default 10,000.</value>
    [Range(0, 1_000_000)] public int MaxWaits { get; set; } = 10_000;

    /// <value>Streams of events at a time; beyond it 503. Default 20,000.</value>
    [Range(0, 1_000_000)] public int MaxEventStreams { get; set; } = 20_000;

    /// <value>Streams of events of one key, or of one address where there is no key; beyond it 429. Default 5,000.</value>
    [Range(0, 1_000_000)] public int MaxEventStreamsPerCaller { get; set; } = 5_000;

    /// <value>Jobs that one stream of events may name or follow; default 100. One that follows a filter has at most <see cref="JobLimits.MaxPage"/>.</value>
    [Range(1, 1000)] public int MaxEventJobs { get; set; } = 100;

    /// <summary>Bytes of events of more than 4 KiB that are kept for readers who have yet to take them; what does not fit is read from the grid again for each reader.</summary>
    /// <value>Default 64 MiB.</value>
    [Range(0, 1L << 40)] public long MaxEventBytes { get; set; } = 64 << 20;

    /// <summary>How often an idle stream of events says that it is alive.</summary>
    /// <value>Default 15 s.</value>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a reader of events may leave what was sent to it unread before it is dropped.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan EventWriteTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether nobody is asked who they are.</summary>
    internal bool IsOpen => Keys.Count == 0 && KeyFolder is null && Scheme is null && SignIn.Scheme is null;
}

/// <summary>An API key. The key itself is kept nowhere, only its hash.</summary>
public sealed class ApiKeyOptions
{
    /// <summary>Who it belongs to; shows in logs, and keeps its idempotency keys apart from those of others.</summary>
    public string Id { get; set; } = "";

    /// <summary>SHA-256 of the key, in hexadecimal: <c>printf %s "$KEY" | sha256sum</c>. Use keys of at least 32 random characters.</summary>
    public string Sha256 { get; set; } = "";

    /// <summary><c>submit</c>, <c>read</c>, <c>operate</c>, <c>work</c>.</summary>
    public List<string> Scopes { get; set; } = [];

    /// <summary>Queues that it is good for. Empty: all.</summary>
    public List<string> Queues { get; set; } = [];

    /// <summary>Job types that it may run and describe, with the scope <c>work</c>. Empty: all.</summary>
    public List<string> Types { get; set; } = [];

    /// <summary>Null: the limit of <see cref="JobGatewayOptions.RateLimit"/>.</summary>
    public RateLimitOptions? RateLimit { get; set; }
}

/// <summary>Which origins' pages may call the gateway.</summary>
public sealed class CorsOptions
{
    /// <summary>Such as <c>https://app.example.com</c>; <c>*</c> for all. Empty: none but the gateway's own page.</summary>
    public List<string> Origins { get; set; } = [];
}

/// <summary>A token bucket. A batch counts as many requests as it has jobs.</summary>
public sealed class RateLimitOptions
{
    /// <value>0: no limit, the default.</value>
    [Range(0.0, 1e9)] public double RequestsPerSecond { get; set; }

    /// <summary>Requests that may come at once after a pause.</summary>
    /// <value>Default 0: as many as two seconds bring, at least 1.</value>
    [Range(0, 1_000_000_000)] public double Burst { get; set; }
}
