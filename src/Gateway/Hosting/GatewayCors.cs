using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Submitting;
using OrleansJobs.Gateway.Topics;

namespace OrleansJobs.Gateway.Hosting;

/// <summary>The gateway's CORS policy, from its configuration. Credentials are no part of it: keys and tokens are sent by hand.</summary>
internal sealed class GatewayCors(IOptions<JobGatewayOptions> options) : IConfigureOptions<Microsoft.AspNetCore.Cors.Infrastructure.CorsOptions>
{
    public const string Policy = "OrleansJobs";

    public void Configure(Microsoft.AspNetCore.Cors.Infrastructure.CorsOptions cors) => cors.AddPolicy(Policy, Build);

    private void Build(CorsPolicyBuilder policy)
    {
        var origins = options.Value.Cors.Origins;
        if (origins.Contains("*")) policy.AllowAnyOrigin();
        else policy.WithOrigins([.. origins]);
        policy
            .WithMethods("GET", "POST", "PUT", "DELETE")
            .WithHeaders("Content-Type", "Authorization", Preferences.Header, IdempotencyKey.Header, "If-None-Match", "Last-Event-ID", TopicEndpoints.EventIdHeader)
            .WithExposedHeaders("Location", "Retry-After", "ETag", "Link", Preferences.AppliedHeader, IdempotencyKey.ReplayedHeader)
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10));
    }
}
