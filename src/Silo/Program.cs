using OrleansJobs;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;
using OrleansJobs.Samples;
using OrleansJobs.Silo;
using OrleansJobs.Telemetry;

var builder = WebApplication.CreateBuilder(args);
builder.AddJobTelemetry("orleansjobs-silo");
builder.Services.AddJobGateway(builder.Configuration);
builder.UseOrleans(silo => silo
    .UseConfiguredCluster(builder.Configuration)
    .AddJobGrid(jobs => jobs.AddJobsFrom(typeof(LongTaskJob).Assembly)));

var app = builder.Build();
app.MapJobs();
app.MapTutorial("longtask");
app.MapJobMetrics();
app.Run();
