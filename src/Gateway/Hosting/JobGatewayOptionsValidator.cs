using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Guarding;

namespace OrleansJobs.Gateway;

/// <summary>Rules across options; the error names the option, the rule and the value, but never a secret.</summary>
internal sealed class JobGatewayOptionsValidator : IValidateOptions<JobGatewayOptions>
{
    public const int MinSecretLength = 32;

    public ValidateOptionsResult Validate(string? name, JobGatewayOptions options)
    {
        var errors = new List<string>();
        CheckAttributes(options, "", errors);
        CheckAttributes(options.RateLimit, "RateLimit:", errors);
        if (options.PingInterval <= TimeSpan.Zero) Error("PingInterval", $"must be more than zero; it is {options.PingInterval}");
        if (options.EventWriteTimeout <= TimeSpan.Zero) Error("EventWriteTimeout", $"must be more than zero; it is {options.EventWriteTimeout}");
        if (options.WatchTokenKey is { Length: < MinSecretLength } key)
            Error("WatchTokenKey", $"must have at least {MinSecretLength} characters; it has {key.Length}");
        if (options.PublicUrl is { } url && (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https") || url.Query.Length > 0))
            Error("PublicUrl", $"must be an absolute http or https address without a query; it is '{url}'");
        if (options.Keys.Count > 0 && options.Scheme is not null) Error("Scheme", "stands in place of Keys; give one of them, not both");
        CheckQueues(options.Queues, "Queues");
        CheckOrigins(options.Cors.Origins);
        for (var i = 0; i < options.Keys.Count; i++) CheckKey(options.Keys, i);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Error(string option, string rule) => errors.Add($"{JobGatewayOptions.Section}:{option} {rule}.");

        void CheckKey(List<ApiKeyOptions> keys, int index)
        {
            var (entry, path) = (keys[index], $"Keys:{index}");
            if (!SubmissionRules.IsName(entry.Id)) Error($"{path}:Id", $"must be 1 to 64 of A-Z a-z 0-9 . _ -; it is '{entry.Id}'");
            if (keys.FindIndex(other => other.Id == entry.Id) != index) Error($"{path}:Id", $"is given twice: '{entry.Id}'");
            if (entry.Sha256.Length != 64 || !entry.Sha256.All(char.IsAsciiHexDigit))
                Error($"{path}:Sha256", "must be the SHA-256 of the key as 64 hexadecimal digits");
            if (entry.Scopes.Count == 0) Error($"{path}:Scopes", $"must name at least one of {string.Join(", ", Scopes.All)}");
            foreach (var scope in entry.Scopes.Except(Scopes.All)) Error($"{path}:Scopes", $"has '{scope}', which is none of {string.Join(", ", Scopes.All)}");
            CheckQueues(entry.Queues, $"{path}:Queues");
            if (entry.RateLimit is { } limit) CheckAttributes(limit, $"{path}:RateLimit:", errors);
        }

        void CheckQueues(List<string> queues, string path)
        {
            foreach (var queue in queues.Where(queue => !SubmissionRules.IsName(queue)))
                Error(path, $"has '{queue}', which is not 1 to 64 of A-Z a-z 0-9 . _ -");
        }

        void CheckOrigins(List<string> origins)
        {
            foreach (var origin in origins.Where(origin => origin != "*"))
            {
                if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.GetLeftPart(UriPartial.Authority) != origin)
                    Error("Cors:Origins", $"has '{origin}', which is not an origin such as https://app.example.com");
            }
        }
    }

    private static void CheckAttributes(object options, string prefix, List<string> errors)
    {
        var results = new List<ValidationResult>();
        if (Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true)) return;
        foreach (var result in results)
        {
            var member = result.MemberNames.First();
            errors.Add($"{JobGatewayOptions.Section}:{prefix}{member} is {options.GetType().GetProperty(member)!.GetValue(options)}: {result.ErrorMessage}");
        }
    }
}
