using System.Security.Claims;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>What a key may do, as values of the claim <c>scope</c>.</summary>
public static class Scopes
{
    /// <summary>Submit jobs.</summary>
    public const string Submit = "submit";

    /// <summary>Read jobs, lists, figures and events.</summary>
    public const string Read = "read";

    /// <summary>Cancel, retry and delete jobs; send them signals; pause and resume queues.</summary>
    public const string Operate = "operate";

    /// <summary>Run jobs: take leases, report, and say what job types are.</summary>
    public const string Work = "work";

    public static readonly IReadOnlyList<string> All = [Submit, Read, Operate, Work];

    internal static bool Has(ClaimsPrincipal user, string scope) => user.FindAll(Caller.ScopeClaim).Any(claim => claim.Value == scope || claim.Value.Split(' ').Contains(scope));

    internal static IEnumerable<string> Of(ClaimsPrincipal user) => All.Where(scope => Has(user, scope));
}
