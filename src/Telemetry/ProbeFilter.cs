using System.Diagnostics;
using OpenTelemetry;

namespace OrleansJobs.Telemetry;

/// <summary>Keeps the requests of probes and scrapers, which come every few seconds for ever, out of the traces.</summary>
internal sealed class ProbeFilter : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        if (data.Source.Name != "Microsoft.AspNetCore") return;
        if (data.GetTagItem("url.path") is string path && (path.StartsWith("/health/", StringComparison.Ordinal) || path == "/metrics"))
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
