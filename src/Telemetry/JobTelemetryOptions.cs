namespace OrleansJobs.Telemetry;

/// <summary>
/// What a process tells of itself. Section <c>Telemetry</c> of the configuration. Where it is sent is said by OpenTelemetry's own variables:
/// traces, metrics and logs go out over OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, and nowhere otherwise.
/// </summary>
public sealed class JobTelemetryOptions
{
    public const string Section = "Telemetry";

    /// <summary>The variable, or configuration key, that switches OTLP on.</summary>
    public const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Serves metrics as Prometheus text at <c>/metrics</c>.</summary>
    /// <value>Default true.</value>
    public bool Metrics { get; set; } = true;

    /// <summary>What a scraper has to send as <c>Authorization: Bearer ...</c>. Unset: what <see cref="JobTelemetry.MetricsPolicy"/> asks for, or nothing.</summary>
    public string? MetricsToken { get; set; }

    /// <summary>Adds Orleans' own meter and the spans of grain calls; several times as many series and spans as the grid's own.</summary>
    /// <value>Default false.</value>
    public bool Orleans { get; set; }

    /// <summary>Adds the runtime's meter: memory, collections, threads, exceptions.</summary>
    /// <value>Default true.</value>
    public bool Runtime { get; set; } = true;

    /// <summary>More meters to export, such as those of handlers.</summary>
    public List<string> Meters { get; set; } = [];

    /// <summary>More activity sources to export, such as those of handlers.</summary>
    public List<string> Sources { get; set; } = [];
}
