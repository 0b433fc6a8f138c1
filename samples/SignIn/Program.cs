using Microsoft.AspNetCore.Authentication.Cookies;
using OrleansJobs;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;
using SignIn;

var builder = WebApplication.CreateBuilder(args);

// As in any other application: the cookie says who is signed in, and goes along with what this site's own pages ask for only.
builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(options =>
{
    options.LoginPath = "/login";
    options.Cookie.Name = "orders";
    options.Cookie.HttpOnly = true;
    options.Cookie.SameSite = SameSiteMode.Lax;
    // On https, which this site is on anywhere but on a developer's machine, it is sent by https alone.
    options.Cookie.SecurePolicy = builder.Environment.IsDevelopment() ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;
    options.ExpireTimeSpan = TimeSpan.FromHours(8);
});
// Changes that come with the cookie need a token of it, those of the console too.
builder.Services.AddAntiforgery();
builder.Services.AddSingleton<People>();

// Which scheme it is, and what people may do, is in appsettings.json: Gateway:SignIn.
builder.Services.AddJobGateway(builder.Configuration);
builder.UseOrleans(silo => silo
    .UseLocalhostClustering(builder.Configuration.GetValue("Silo:Port", 11111), builder.Configuration.GetValue("Silo:GatewayPort", 30000))
    .UseMemoryJobStore()
    .AddJobGrid(jobs => jobs.AddJob("greet", (string name, JobContext _, CancellationToken _) => Task.FromResult($"Hello, {name}!"))));

var app = builder.Build();
app.MapJobs();
app.UseAntiforgery();
app.MapGet("/", () => Results.Redirect("/ops/jobs/"));
app.MapSignIn();
app.Run();
