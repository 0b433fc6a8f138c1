using Microsoft.Extensions.Hosting;
using OrleansJobs.Gateway;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddJobGateway(builder.Configuration);
builder.UseOrleansClient(GridConnection.Configure);
var app = builder.Build();
app.MapJobs();
app.Run();
