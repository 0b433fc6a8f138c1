using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;

namespace SignIn;

/// <summary>The site's own pages to sign in and out at. The gateway knows nothing of them but their addresses.</summary>
internal static class SignInPages
{
    private const string Start = "/ops/jobs/";

    public static void MapSignIn(this WebApplication app)
    {
        app.MapGet("/login", (HttpContext context, IAntiforgery antiforgery, string? returnUrl) => Form(context, antiforgery, "Sign in", """
            <label>Name <input name="name" autocomplete="username" autofocus></label>
            <label>Password <input name="password" type="password" autocomplete="current-password"></label>
            """, returnUrl));
        app.MapPost("/login", InAsync);
        app.MapGet("/logout", (HttpContext context, IAntiforgery antiforgery) => Form(context, antiforgery, "Sign out", "", null));
        app.MapPost("/logout", OutAsync);
    }

    /// <summary>Its form is read by what comes from forms, so that its antiforgery token is looked at first.</summary>
    private static async Task<IResult> InAsync(HttpContext context, People people, [FromForm] string name, [FromForm] string password, [FromForm] string? returnUrl)
    {
        if (people.Find(name, password) is not { } person) return Results.Text("Nobody of this name has this password.", statusCode: StatusCodes.Status401Unauthorized);
        await context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, person);
        // Where somebody came from is said by an address that anybody may have made.
        return Results.Redirect(IsLocal(returnUrl) ? returnUrl! : Start);
    }

    private static async Task<IResult> OutAsync(HttpContext context, [FromForm] string? returnUrl)
    {
        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return Results.Redirect(IsLocal(returnUrl) ? returnUrl! : Start);
    }

    private static IResult Form(HttpContext context, IAntiforgery antiforgery, string title, string fields, string? returnUrl)
    {
        var token = antiforgery.GetAndStoreTokens(context);
        return Results.Content(
            $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
            <body><main><h1>{title}</h1><form method="post">
            {fields}
            <input type="hidden" name="returnUrl" value="{HtmlEncoder.Default.Encode(returnUrl ?? "")}">
            <input type="hidden" name="{token.FormFieldName}" value="{token.RequestToken}">
            <button>{title}</button>
            </form></main></body></html>
            """,
            "text/html; charset=utf-8");
    }

    private static bool IsLocal(string? address) => address is ['/', ..] && !address.StartsWith("//", StringComparison.Ordinal) && !address.StartsWith("/\\", StringComparison.Ordinal) && !address.Any(char.IsControl);
}
