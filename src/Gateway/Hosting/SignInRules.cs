using OrleansJobs.Gateway.Guarding;

namespace OrleansJobs.Gateway.Hosting;

/// <summary>What must hold of the options for people who are signed in.</summary>
internal static class SignInRules
{
    /// <summary>Nobody runs jobs by a browser.</summary>
    private static readonly string[] Known = [Scopes.Submit, Scopes.Read, Scopes.Operate];

    public static void Check(SignInOptions signIn, List<string> errors)
    {
        if (signIn.Scheme is null && (signIn.Path ?? signIn.OutPath ?? signIn.NameClaim ?? (signIn.Grants.Count > 0 ? "" : null)) is not null) Error("Scheme", "must be given where other options of SignIn are");
        if (signIn.Path is { } path && !IsPath(path)) Error("Path", $"must be a path of the host, such as /login; it is '{path}'");
        if (signIn.OutPath is { } outPath && !IsPath(outPath)) Error("OutPath", $"must be a path of the host, such as /logout; it is '{outPath}'");
        for (var i = 0; i < signIn.Grants.Count; i++)
        {
            var grant = signIn.Grants[i];
            if (grant.Claim is null && grant.Value is not null) Error($"Grants:{i}:Claim", "must be given where Value is");
            if (grant.Scopes.Count == 0) Error($"Grants:{i}:Scopes", $"must name at least one of {string.Join(", ", Known)}");
            foreach (var scope in grant.Scopes.Except(Known)) Error($"Grants:{i}:Scopes", $"has '{scope}', which is none of {string.Join(", ", Known)}");
            foreach (var queue in grant.Queues.Where(queue => !SubmissionRules.IsName(queue))) Error($"Grants:{i}:Queues", $"has '{queue}', which is not 1 to 64 of A-Z a-z 0-9 . _ -");
        }

        void Error(string option, string rule) => errors.Add($"{JobGatewayOptions.Section}:SignIn:{option} {rule}.");
    }

    /// <summary>Nothing that leads to another host, such as //evil.example.</summary>
    private static bool IsPath(string path) => path.StartsWith('/') && !path.StartsWith("//", StringComparison.Ordinal) && !path.Contains('\\') && !path.Any(char.IsControl);
}
