using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>What is held back of changes that a browser asks for: all of them where the console is for looking only, and those that another page may have made it ask for.</summary>
internal sealed class ConsoleRequests(IOptions<JobGatewayOptions> options, IServiceProvider services)
{
    /// <summary>Sent along by the console with each request.</summary>
    public const string Header = "OrleansJobs-Console";

    private readonly bool _isReadOnly = options.Value.Console.ReadOnly;
    private readonly IAntiforgery? _antiforgery = options.Value.SignIn.Scheme is not { } scheme ? null
        : services.GetService<IAntiforgery>() ?? throw new InvalidOperationException(
            $"Whoever is signed in by '{scheme}' ({JobGatewayOptions.Section}:SignIn:Scheme) may change things only with an antiforgery token: call builder.Services.AddAntiforgery().");

    /// <summary>Null: nobody is signed in by a cookie here.</summary>
    public IAntiforgery? Antiforgery => _antiforgery;

    public bool IsReadOnlyFor(HttpContext context) => _isReadOnly && (SignedIn.Is(context) || context.Request.Headers.ContainsKey(Header));

    /// <exception cref="ProblemException">403: it may not be changed like that.</exception>
    public async ValueTask CheckAsync(HttpContext context)
    {
        var method = context.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method)) return;
        if (IsReadOnlyFor(context)) throw new ProblemException(new(ProblemTypes.Forbidden, $"The console of this gateway is for looking only: {JobGatewayOptions.Section}:Console:ReadOnly."));
        if (_antiforgery is null || !SignedIn.Is(context)) return;
        // A form's field is not looked for: the body is the endpoint's.
        if (context.Request.HasFormContentType || !await _antiforgery.IsRequestValidAsync(context))
        {
            throw new ProblemException(new(ProblemTypes.Antiforgery,
                "The request came with a cookie. Ask GET /caller for antiforgery.token, and send it in the header that antiforgery.header names."));
        }
    }
}
