using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>What somebody is to the gateway whom the host's own cookie tells of.</summary>
internal static class SignedIn
{
    /// <summary>No key has a slash in its id, so that nobody who is signed in shares a key's limits and idempotency keys.</summary>
    public const string NamePrefix = "user/";

    private const int MaxNameLength = 100;
    private static readonly object Item = new();

    // What antiforgery tokens are bound to, where somebody has one of them.
    private static readonly string[] Subjects = ["sub", ClaimTypes.NameIdentifier, ClaimTypes.Upn];

    public static ClaimsPrincipal Of(ClaimsPrincipal user, SignInOptions options)
    {
        var name = user.Identity?.Name ?? user.FindFirstValue(ClaimTypes.NameIdentifier) ?? user.FindFirstValue("sub") ?? "unnamed";
        return new(new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, NamePrefix + Cut(name)), .. user.Claims.Where(claim => Subjects.Contains(claim.Type)).Select(claim => claim.Clone()), .. Grants(user, options)],
            SignInAuthentication.SchemeName));
    }

    /// <summary>Notes that a request was let in by a cookie, which a browser sends whoever made the page that asks.</summary>
    public static void Use(HttpContext context) => context.Items[Item] = true;

    public static bool Is(HttpContext context) => context.Items.ContainsKey(Item);

    /// <summary>
    /// The first that fits counts, alone: one that says what may be done with all queues, and another what may be done with some, would come to
    /// more than either says.
    /// </summary>
    private static IEnumerable<Claim> Grants(ClaimsPrincipal user, SignInOptions options)
    {
        if (options.Grants.Count == 0)
        {
            // To work is for programs, which have keys.
            var scopes = Scopes.Of(user).Where(scope => scope != Scopes.Work).Select(scope => new Claim(Caller.ScopeClaim, scope));
            return [.. scopes, .. user.Claims.Where(claim => claim.Type is Caller.QueueClaim).Select(claim => new Claim(claim.Type, claim.Value))];
        }

        return options.Grants.Find(grant => Fits(grant, user)) is { } granted
            ? [.. granted.Scopes.Select(scope => new Claim(Caller.ScopeClaim, scope)), .. granted.Queues.Select(queue => new Claim(Caller.QueueClaim, queue))]
            : [];
    }

    private static bool Fits(GrantOptions grant, ClaimsPrincipal user) => grant.Claim is not { } type
        || user.Claims.Any(claim => (claim.Type == type || (type == "role" && claim.Type == ClaimTypes.Role)) && (grant.Value is null || claim.Value == grant.Value));

    /// <summary>Kept with what somebody changes, where there is room for so much; names that begin alike stay apart.</summary>
    private static string Cut(string name) =>
        name.Length <= MaxNameLength ? name : $"{name.AsSpan(0, MaxNameLength - 17)}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8))}";
}
