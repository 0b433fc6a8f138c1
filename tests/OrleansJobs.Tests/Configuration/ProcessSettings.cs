using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;

namespace OrleansJobs.Tests.Configuration;

/// <summary>The environment of a process, as its configuration reads it.</summary>
internal sealed class ProcessSettings(IReadOnlyDictionary<string, string> environment)
{
    // What the hosts read themselves, and what the framework reads.
    private static readonly string[] OtherKeys =
    [
        "ConnectionStrings:redis", "Urls", "Orleans:ClusterId", "Orleans:ServiceId", "Orleans:Name",
        $"Orleans:Endpoints:{nameof(EndpointOptions.AdvertisedIPAddress)}", $"Orleans:Endpoints:{nameof(EndpointOptions.SiloPort)}", $"Orleans:Endpoints:{nameof(EndpointOptions.GatewayPort)}",
        "Logging:Console:FormatterName", "Logging:Console:FormatterOptions:IncludeScopes",
        // Referred to by other variables, read by nobody.
        "POD_NAME", "POD_IP",
    ];

    private readonly IConfiguration _configuration = new ConfigurationBuilder()
        .AddInMemoryCollection(environment.Select(pair => KeyValuePair.Create(Key(pair.Key), (string?)pair.Value)))
        .Build();

    public string? this[string key] => _configuration[key];

    /// <summary>Names that nobody reads.</summary>
    public IEnumerable<string> Unknown => environment.Keys.Where(name => !OtherKeys.Contains(Key(name)) && !OptionCatalogue.Has(Key(name)));

    public JobGridOptions Grid => Bind(JobGridOptions.Section, new JobGridOptions(), new JobGridOptionsValidator());

    public JobGatewayOptions Gateway => Bind(JobGatewayOptions.Section, new JobGatewayOptions(), new JobGatewayOptionsValidator());

    /// <summary>The port that HTTP is served at, and whether others than this machine reach it.</summary>
    public (int Port, bool IsOpen) Http
    {
        get
        {
            var address = Microsoft.AspNetCore.Http.BindingAddress.Parse(this["Urls"]!);
            return (address.Port, address.Host is "+" or "*" || (IPAddress.TryParse(address.Host, out var ip) && !IPAddress.IsLoopback(ip)));
        }
    }

    private T Bind<T>(string section, T options, IValidateOptions<T> validator) where T : class
    {
        _configuration.GetSection(section).Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        var result = validator.Validate(null, options);
        Assert.False(result.Failed, result.FailureMessage);
        return options;
    }

    private static string Key(string name) => name.Replace("__", ":");
}
