using OrderService;
using OrleansJobs;
using StackExchange.Redis;

var builder = WebApplication.CreateBuilder(args);
var redis = builder.Configuration.GetConnectionString("redis") ?? throw new InvalidOperationException("Set ConnectionStrings:redis to the Redis of the cluster.");
builder.UseOrleansClient(client => client
    .UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse(redis))
    // Silos may come later than this service.
    .UseConnectionRetryFilter(async (_, cancellation) =>
    {
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellation);
        return true;
    }));
builder.Services.AddJobClient();

var app = builder.Build();
app.MapOrders();
app.Run();
