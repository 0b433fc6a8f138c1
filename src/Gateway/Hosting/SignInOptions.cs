namespace OrleansJobs.Gateway;

/// <summary>People who are signed in by the host's own cookie. Keys, or <see cref="JobGatewayOptions.Scheme"/>, go on beside it, for programs.</summary>
public sealed class SignInOptions
{
    /// <summary>
    /// The host's scheme that tells who is signed in, such as <c>Cookies</c> of <c>AddCookie()</c>. It is asked where a request has no header <c>Authorization</c>.
    /// The host has to call <c>AddAntiforgery()</c> as well: changes that come with a cookie need a token of it.
    /// </summary>
    public string? Scheme { get; set; }

    /// <summary>The host's page to sign in at, such as <c>/login</c>. The console leads there, with where to go back to in <c>ReturnUrl</c>.</summary>
    public string? Path { get; set; }

    /// <summary>The host's page to sign out at, such as <c>/logout</c>.</summary>
    public string? OutPath { get; set; }

    /// <summary>
    /// The claim by which people are told apart and kept in audit lines, such as <c>email</c>: one that no two have, and that nobody chooses for themself. Unset, or where somebody has none:
    /// their subject (<c>sub</c>, or that of ASP.NET), else their name.
    /// </summary>
    public string? NameClaim { get; set; }

    /// <summary>
    /// What people may do, by what the host says of them; the first that fits somebody counts, alone. Empty: the host's own claims <c>scope</c> and <c>queue</c> say it.
    /// </summary>
    public List<GrantOptions> Grants { get; set; } = [];
}

/// <summary>What those may do who have a claim.</summary>
public sealed class GrantOptions
{
    /// <summary>The type of the claim; <c>role</c> is also that of ASP.NET. Unset: everybody who is signed in.</summary>
    public string? Claim { get; set; }

    /// <summary>Its value. Unset: any.</summary>
    public string? Value { get; set; }

    /// <summary><c>submit</c>, <c>read</c>, <c>operate</c>.</summary>
    public List<string> Scopes { get; set; } = [];

    /// <summary>Queues that it is good for. Empty: all.</summary>
    public List<string> Queues { get; set; } = [];
}
