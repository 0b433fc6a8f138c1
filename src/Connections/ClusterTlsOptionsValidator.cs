using Microsoft.Extensions.Options;

namespace OrleansJobs.Connections;

/// <summary>Half a configuration is none: it would leave connections open that somebody meant to close.</summary>
internal sealed class ClusterTlsOptionsValidator : IValidateOptions<ClusterTlsOptions>
{
    public ValidateOptionsResult Validate(string? name, ClusterTlsOptions options)
    {
        if (!options.IsOn) return ValidateOptionsResult.Success;
        var errors = new List<string>();
        Check(options.Certificate, nameof(options.Certificate));
        Check(options.Key, nameof(options.Key));
        Check(options.Authorities, nameof(options.Authorities));
        for (var i = 0; i < options.Peers.Count; i++)
        {
            if (Uri.CheckHostName(options.Peers[i]) != UriHostNameType.Dns) errors.Add($"{ClusterTlsOptions.Section}:Peers:{i} must be a DNS name; it is '{options.Peers[i]}'.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string? path, string option)
        {
            if (string.IsNullOrEmpty(path)) errors.Add($"{ClusterTlsOptions.Section}:{option} must be set, as the section is there: the path of a PEM file.");
            else if (!File.Exists(path)) errors.Add($"{ClusterTlsOptions.Section}:{option} is '{path}', where no file is.");
        }
    }
}
