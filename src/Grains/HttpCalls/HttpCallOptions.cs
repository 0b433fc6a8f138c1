using System.ComponentModel.DataAnnotations;

namespace OrleansJobs.Hosting;

/// <summary>Whom silos may call over HTTP, for <c>http</c> jobs and webhooks. Section <c>JobGrid:Http</c> of the configuration. Without hosts there is neither.</summary>
public sealed class HttpCallOptions
{
    /// <summary>
    /// Hosts that may be called: <c>api.example.com</c> and <c>*.example.com</c> by https, <c>http://intranet:8080</c> as it says, <c>*</c> all by https. A port other than the
    /// scheme's own is named, or <c>*</c>. Empty: none.
    /// </summary>
    public List<string> Hosts { get; set; } = [];

    /// <summary>
    /// Networks whose addresses may be connected to although they are not public, such as <c>10.1.0.0/16</c>. Loopback, private, link-local and reserved addresses
    /// are refused otherwise, whatever name leads there.
    /// </summary>
    public List<string> AllowNetworks { get; set; } = [];

    /// <summary>Networks whose addresses are not connected to although they are public, or allowed: such as the public addresses of the grid itself.</summary>
    public List<string> DenyNetworks { get; set; } = [];

    /// <summary>The proxy that all calls take; addresses are then for the proxy to check. Null: none, whatever the environment says. Without user and password.</summary>
    public Uri? Proxy { get; set; }

    /// <summary>Bytes of an answer that are read; what is longer is cut off.</summary>
    /// <value>Default 128 KiB.</value>
    [Range(1024, 16 << 20)] public int MaxAnswerBytes { get; set; } = 128 << 10;

    /// <summary>How long a call may take that does not say so itself.</summary>
    /// <value>Default 30 s.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a call may say that it takes.</summary>
    /// <value>Default 10 minutes.</value>
    public TimeSpan MaxTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How the services that are called reach a gateway, such as <c>https://jobs.example.com</c>: calls of <c>http</c> jobs then say where to report, and one that is answered 202 is held until
    /// somebody does. Null: 202 is a success as any 2xx.
    /// </summary>
    public Uri? ReportTo { get; set; }

    /// <summary>How long a call that was answered 202 is waited for, where the job's submit has no timeout.</summary>
    /// <value>Default a day.</value>
    public TimeSpan ReportWithin { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Connections of a silo to one host at a time; further calls wait for one.</summary>
    /// <value>Default 32.</value>
    [Range(1, 10_000)] public int MaxConnectionsPerHost { get; set; } = 32;
}
