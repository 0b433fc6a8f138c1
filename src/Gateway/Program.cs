using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Hosting;
using OrleansJobs.Gateway;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Telemetry;

var builder = WebApplication.CreateBuilder(args);
// Before all other sources, so that each of them may say otherwise.
builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = QuietLogs.Levels });
builder.AddJobTelemetry("orleansjobs-gateway");
builder.Services.AddJobGateway(builder.Configuration);
builder.UseOrleansClient(GridConnection.Configure);
// Kestrel answers probes while the client still looks for silos.
builder.Services.Configure<HostOptions>(host => host.ServicesStartConcurrently = true);
var app = builder.Build();
app.MapJobs();
app.MapJobMetrics();
app.Run();
