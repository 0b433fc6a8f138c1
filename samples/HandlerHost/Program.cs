using HandlerHost;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton<PriceList>();
builder.Services.AddJobGateway(builder.Configuration);
builder.UseOrleans(silo => silo
    .UseCluster(builder.Configuration)
    .AddJobGrid(jobs => jobs.AddJob<InvoiceJob>()));

var app = builder.Build();
app.MapJobs();
app.Run();
