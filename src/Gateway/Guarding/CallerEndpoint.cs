using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Json;

namespace OrleansJobs.Gateway.Guarding;

/// <summary><c>GET /caller</c>: who asks, and what they may do, so that a page offers no more than that.</summary>
internal sealed class CallerEndpoint(IOptions<JobGatewayOptions> options, ConsoleRequests console, OwnAddress address)
{
    public Task GetAsync(HttpContext context)
    {
        var isReadOnly = console.IsReadOnlyFor(context);
        var isKnown = context.User.Identity is { IsAuthenticated: true };
        var scopes = options.Value.IsOpen ? Scopes.All : Scopes.Of(context.User);
        var caller = Caller.Of(context);
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        var writer = json.Writer;
        writer.WriteStartObject();
        writer.WriteString("by"u8, options.Value.IsOpen ? "open" : !isKnown ? "nobody" : SignedIn.Is(context) ? "signIn" : ApiKeys.Of(context) is not null ? "key" : "scheme");
        if (isKnown) writer.WriteString("name"u8, SignedIn.Is(context) ? SignedIn.ShownOf(context) ?? caller.Id[SignedIn.NamePrefix.Length..] : caller.Id);
        // Two people may be called alike.
        if (isKnown) writer.WriteString("id"u8, caller.Id);
        writer.WriteStartArray("scopes"u8);
        foreach (var scope in scopes.Where(scope => !isReadOnly || scope == Scopes.Read)) writer.WriteStringValue(scope);
        writer.WriteEndArray();
        writer.WriteStartArray("queues"u8);
        foreach (var queue in caller.Queues) writer.WriteStringValue(queue);
        writer.WriteEndArray();
        writer.WriteBoolean("readOnly"u8, isReadOnly);
        if (options.Value.SignIn is { Scheme: not null } signIn)
        {
            writer.WriteStartObject("signIn"u8);
            if (signIn.Path is { } path) writer.WriteString("path"u8, address.Of(context, path));
            if (signIn.OutPath is { } outPath) writer.WriteString("outPath"u8, address.Of(context, outPath));
            writer.WriteEndObject();
        }

        if (SignedIn.Is(context) && console.Antiforgery is { } antiforgery)
        {
            // It is bound to who is signed in; the other half of it goes out as a cookie that no page can read.
            var tokens = antiforgery.GetAndStoreTokens(context);
            writer.WriteStartObject("antiforgery"u8);
            writer.WriteString("header"u8, tokens.HeaderName);
            writer.WriteString("token"u8, tokens.RequestToken);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        return json.SendAsync(context.Response);
    }
}
