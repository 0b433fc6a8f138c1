using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;

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
        if (options.KeyFolderInterval <= TimeSpan.Zero) Error("KeyFolderInterval", $"must be more than zero; it is {options.KeyFolderInterval}");
        if (options.MaxConnections <= (long)options.MaxEventStreams + options.MaxWaits)
            Error("MaxConnections", $"must be more than MaxEventStreams and MaxWaits together, which is {(long)options.MaxEventStreams + options.MaxWaits}; it is {options.MaxConnections}");
        if (options.WatchTokenKey is { Length: < MinSecretLength } key)
            Error("WatchTokenKey", $"must have at least {MinSecretLength} characters; it has {key.Length}");
        if (options.PublicUrl is { } url && (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https") || url.Query.Length > 0))
            Error("PublicUrl", $"must be an absolute http or https address without a query; it is '{url}'");
        if ((options.Keys.Count > 0 || options.KeyFolder is not null) && options.Scheme is not null) Error("Scheme", "stands in place of Keys and KeyFolder; give one of them, not both");
        foreach (var proxy in options.TrustedProxies.Where(proxy => TrustedProxies.TryParse(proxy) is null))
            Error("TrustedProxies", $"has '{proxy}', which is neither an address nor a network such as 10.0.0.0/8");
        foreach (var host in options.Hosts.Where(host => host != "*" && Uri.CheckHostName(host.Trim('[', ']')) == UriHostNameType.Unknown))
            Error("Hosts", $"has '{host}', which is not the name of a host, without a port");
        ConsoleRules.Check(options.Console, errors);
        SignInRules.Check(options.SignIn, errors);
        CheckQueues(options.Queues, "Queues");
        CheckOrigins(options.Cors.Origins);
        for (var i = 0; i < options.Keys.Count; i++) CheckKey(options.Keys, i);
        if (options.KeyFolder is { } keyFolder) CheckKeyFolder(keyFolder);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Error(string option, string rule) => errors.Add($"{JobGatewayOptions.Section}:{option} {rule}.");

        void CheckKey(List<ApiKeyOptions> keys, int index)
        {
            ApiKeyRules.Check(keys[index], $"{JobGatewayOptions.Section}:Keys:{index}", errors);
            if (keys.FindIndex(other => other.Id == keys[index].Id) != index) Error($"Keys:{index}:Id", $"is given twice: '{keys[index].Id}'");
        }

        void CheckKeyFolder(string folder)
        {
            try
            {
                var ids = options.Keys.Select(key => key.Id).ToHashSet(StringComparer.Ordinal);
                foreach (var (file, text) in KeyFiles.Read(folder))
                {
                    if (KeyFiles.Parse(Path.Combine(folder, file), text, errors) is { } key && !ids.Add(key.Id)) Error("KeyFolder", $"has the Id '{key.Id}' in {file}, which is given twice");
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Error("KeyFolder", $"must be a folder that can be read; of '{folder}' it is said: {exception.Message}");
            }
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
