using Microsoft.Extensions.Hosting;
using OrleansJobs.Gateway;
using OrleansJobs.Telemetry;

var builder = WebApplication.CreateBuilder(args);
builder.AddJobTelemetry("orleansjobs-gateway");
builder.Services.AddJobGateway(builder.Configuration);
builder.UseOrleansClient(GridConnection.Configure);
// Kestrel answers probes while the client still looks for silos.
builder.Services.Configure<HostOptions>(host => host.ServicesStartConcurrently = true);
var app = builder.Build();
app.MapJobs();
app.MapJobMetrics();
app.Run();
