using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Configuration;

/// <summary>The limits that the tables name are held: one beyond is refused, by name.</summary>
public sealed class OptionLimitsTests
{
    public static TheoryData<string, string> Beyond
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var option in OptionCatalogue.All.Where(option => option.Limit.Length > 0))
            {
                var parts = option.Limit.Split(' ');
                if (option.Limit == "more than 0") data.Add(option.Pattern, "00:00:00");
                else data.Add(option.Pattern, (double.Parse(parts[0], CultureInfo.InvariantCulture) - 1).ToString(CultureInfo.InvariantCulture));
                if (parts is [_, "to", var high]) data.Add(option.Pattern, (double.Parse(high, CultureInfo.InvariantCulture) + 1).ToString("F0", CultureInfo.InvariantCulture));
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Beyond))]
    public void Option_WhenBeyondItsLimit_IsRefusedByName(string pattern, string value)
    {
        var key = pattern.Replace("{n}", "0").Replace("{name}", "q");
        var values = new Dictionary<string, string?> { [key] = value };
        if (key.StartsWith("Gateway:Keys:0:", StringComparison.Ordinal))
        {
            values["Gateway:Keys:0:Id"] = "a";
            values["Gateway:Keys:0:Sha256"] = new string('0', 64);
            values["Gateway:Keys:0:Scopes:0"] = "read";
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        var result = key.Split(':')[0] switch
        {
            JobGridOptions.Section => Validate(configuration, JobGridOptions.Section, new JobGridOptions(), new JobGridOptionsValidator()),
            JobGatewayOptions.Section => Validate(configuration, JobGatewayOptions.Section, new JobGatewayOptions(), new JobGatewayOptionsValidator()),
            SqliteStoreOptions.Section => Validate(configuration, SqliteStoreOptions.Section, new SqliteStoreOptions(), new SqliteStoreOptionsValidator()),
            var other => throw new NotSupportedException(other),
        };
        Assert.True(result.Failed, $"{key} = {value} is taken");
        Assert.Contains(result.Failures!, failure => failure.StartsWith(key, StringComparison.Ordinal));
    }

    /// <summary>A timer takes 49.7 days: beyond it, every attempt with such a timeout would fail as it starts.</summary>
    [Theory]
    [InlineData("48.23:59:50", "00:00:10", true)]
    [InlineData("48.23:59:51", "00:00:10", false)]
    [InlineData("48.00:00:00", "1.00:00:01", false)]
    [InlineData("10675199.00:00:00", "00:00:10", false)]
    public void MaxTimeout_WithTheGraceAfterIt_IsNoLongerThanATimer(string timeout, string grace, bool isTaken)
    {
        var values = new Dictionary<string, string?> { ["JobGrid:Limits:MaxTimeout"] = timeout, ["JobGrid:CancelGrace"] = grace };
        var result = Validate(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), JobGridOptions.Section, new JobGridOptions(), new JobGridOptionsValidator());
        Assert.Equal(isTaken, result.Succeeded);
        if (!isTaken) Assert.Contains(result.Failures!, failure => failure.StartsWith("JobGrid:Limits:MaxTimeout", StringComparison.Ordinal));
    }

    private static ValidateOptionsResult Validate<T>(IConfiguration configuration, string section, T options, IValidateOptions<T> validator) where T : class
    {
        configuration.GetSection(section).Bind(options);
        return validator.Validate(null, options);
    }
}
