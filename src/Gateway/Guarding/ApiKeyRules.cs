using System.ComponentModel.DataAnnotations;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>What a key must say, wherever it is written down.</summary>
internal static class ApiKeyRules
{
    /// <param name="place">Where it stands: a path of the configuration, or a file.</param>
    public static void Check(ApiKeyOptions key, string place, List<string> errors)
    {
        if (!SubmissionRules.IsName(key.Id)) Error("Id", $"must be 1 to 64 of A-Z a-z 0-9 . _ -; it is '{key.Id}'");
        if (key.Sha256.Length != 64 || !key.Sha256.All(char.IsAsciiHexDigit)) Error("Sha256", "must be the SHA-256 of the key as 64 hexadecimal digits");
        if (key.Scopes.Count == 0) Error("Scopes", $"must name at least one of {string.Join(", ", Scopes.All)}");
        foreach (var scope in key.Scopes.Except(Scopes.All)) Error("Scopes", $"has '{scope}', which is none of {string.Join(", ", Scopes.All)}");
        foreach (var queue in key.Queues.Where(queue => !SubmissionRules.IsName(queue))) Error("Queues", $"has '{queue}', which is not 1 to 64 of A-Z a-z 0-9 . _ -");
        foreach (var type in key.Types.Where(type => !SubmissionRules.IsName(type))) Error("Types", $"has '{type}', which is not 1 to 64 of A-Z a-z 0-9 . _ -");
        if (key.RateLimit is { } limit) CheckLimit(limit);

        void Error(string member, string rule) => errors.Add($"{place}:{member} {rule}.");

        void CheckLimit(RateLimitOptions limit)
        {
            var results = new List<ValidationResult>();
            Validator.TryValidateObject(limit, new ValidationContext(limit), results, validateAllProperties: true);
            foreach (var result in results)
            {
                var member = result.MemberNames.First();
                errors.Add($"{place}:RateLimit:{member} is {typeof(RateLimitOptions).GetProperty(member)!.GetValue(limit)}: {result.ErrorMessage}");
            }
        }
    }
}
