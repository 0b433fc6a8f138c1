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

    // Said by the gateway alone.
    private static readonly string[] Own = [ClaimTypes.Name, Caller.ScopeClaim, Caller.QueueClaim, Caller.TypeClaim];

    /// <summary>What else the host says of somebody stays, for policies of its own.</summary>
    public static ClaimsPrincipal Of(ClaimsPrincipal user, SignInOptions options) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.Name, NamePrefix + Cut(NameOf(user, options))), .. user.Claims.Where(claim => !Own.Contains(claim.Type)).Select(claim => claim.Clone()), .. Grants(user, options)],
        SignInAuthentication.SchemeName, ClaimTypes.Name, (user.Identity as ClaimsIdentity)?.RoleClaimType));

    /// <summary>Notes that a request was let in by a cookie, which a browser sends whoever made the page that asks.</summary>
    /// <param name="user">As <see cref="Of"/> says it.</param>
    /// <param name="shown">What people call them.</param>
    public static void Use(HttpContext context, ClaimsPrincipal user, string? shown) => context.Items[Item] = (user, shown is null ? null : Cut(shown));

    public static bool Is(HttpContext context) => context.Items.ContainsKey(Item);

    /// <summary>Who it is that the cookie tells of, whoever a policy has taken them for. Null: nobody.</summary>
    public static ClaimsPrincipal? UserOf(HttpContext context) => context.Items.TryGetValue(Item, out var item) ? (((ClaimsPrincipal, string?))item!).Item1 : null;

    /// <summary>What to call them to their face.</summary>
    public static string? ShownOf(HttpContext context) => context.Items.TryGetValue(Item, out var item) ? (((ClaimsPrincipal, string?))item!).Item2 : null;

    /// <summary>Of two people never the same. What somebody is called may be theirs to choose, and others' as well.</summary>
    private static string NameOf(ClaimsPrincipal user, SignInOptions options) =>
        (options.NameClaim is { } type ? user.FindFirstValue(type) : null) ?? user.FindFirstValue("sub") ?? user.FindFirstValue(ClaimTypes.NameIdentifier) ?? user.Identity?.Name ?? "unnamed";

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
