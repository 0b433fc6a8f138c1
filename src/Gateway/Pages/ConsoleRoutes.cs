using Microsoft.AspNetCore.Routing;
using OrleansJobs.Gateway.Hosting;

namespace OrleansJobs.Gateway.Pages;

/// <summary>
/// The console's files, at the root or elsewhere. All that it loads and asks for is relative to its page, so that a proxy may put anything before both; how far the
/// gateway is from there stands in the page.
/// </summary>
internal static class ConsoleRoutes
{
    private const string Index = "index.html";
    private const string GatewayIsHere = """<meta name="gateway" content="./">""";
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes, ConsoleOptions options)
    {
        if (!options.Enabled) return;
        var parts = ConsoleRules.PartsOf(options.Path);
        var folder = string.Concat(parts.Select(part => "/" + part));
        foreach (var file in PageFile.Under("wwwroot/"))
        {
            if (file.Path != Index)
            {
                routes.MapMethods($"{folder}/{file.Path}", Reading, file.ServeAsync).AllowAnonymous();
                continue;
            }

            var page = parts.Length == 0 ? file : file.With(GatewayIsHere, $"""<meta name="gateway" content="{string.Concat(Enumerable.Repeat("../", parts.Length))}">""");
            routes.MapMethods($"{folder}/{Index}", Reading, page.ServeAsync).AllowAnonymous();
            routes.MapMethods($"{folder}/", Reading, context => ServeAsync(context, page)).AllowAnonymous();
        }
    }

    /// <summary>What is relative to it is found only behind a slash.</summary>
    private static Task ServeAsync(HttpContext context, PageFile page)
    {
        // At the root of a host that is below a path base of its own, all that was asked for may be that.
        var whole = (context.Request.PathBase + context.Request.Path).Value ?? "";
        if (whole.Length == 0 || whole.EndsWith('/')) return page.ServeAsync(context);
        // Relative too: what a proxy has put before it is not known here.
        context.Response.StatusCode = StatusCodes.Status302Found;
        context.Response.Headers.Location = $"{Uri.EscapeDataString(whole[(whole.LastIndexOf('/') + 1)..])}/{context.Request.QueryString}";
        return Task.CompletedTask;
    }
}
